import { type Markup, markup } from './markup.ts'

/** Light and dark as the reader's system has it, and always light on paper. */
export const style: Markup = markup`<style>
:root { color-scheme: light dark; --page: #fff; --ink: #1d2330; --soft: #5b6472; --line: #dfe3ea; --panel: #f5f7fa;
  --ok: #2f7d4f; --bad: #c0362c; --open: #b7791f; --off: #8a93a1; --accent: #3059b5; }
@media (prefers-color-scheme: dark) { :root { --page: #14171d; --ink: #e4e7ec; --soft: #9aa3b2; --line: #2c323d; --panel: #1c212a;
  --ok: #4cae78; --bad: #ef6a5f; --open: #e0a94a; --off: #7d8796; --accent: #84a8f5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 75rem; padding: 2rem 1.5rem 4rem; background: var(--page); color: var(--ink);
  font: 0.875rem/1.5 system-ui, "Segoe UI", "Liberation Sans", sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; } h2 { margin: 2.25rem 0 0.75rem; font-size: 1.0625rem; }
p { margin: 0.25rem 0; } .remark, .sub { color: var(--soft); } code { font-size: 0.9em; }
.badge { display: inline-block; margin-left: 0.5rem; padding: 0.1rem 0.6rem; border-radius: 1rem; font-size: 0.8125rem;
  font-weight: 600; vertical-align: middle; color: var(--page); background: var(--accent); }
.badge.completed { background: var(--ok); } .badge.failed { background: var(--bad); } .badge.waiting { background: var(--open); }
.badge.cancelled { background: var(--off); }
.notice { margin: 0.5rem 0; padding: 0.5rem 0.75rem; border-left: 4px solid var(--open); background: var(--panel); }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 0.75rem; margin: 1.25rem 0 0; }
.facts div { padding: 0.6rem 0.75rem; border: 1px solid var(--line); border-radius: 6px; background: var(--panel); }
.facts dt { color: var(--soft); font-size: 0.75rem; } .facts dd { margin: 0; font-size: 1.0625rem; font-weight: 600; }
table { width: 100%; border-collapse: collapse; } th { text-align: left; overflow-wrap: normal; color: var(--soft); font-weight: 600; font-size: 0.75rem; }
section { overflow-x: auto; } td { max-width: 40rem; overflow-wrap: break-word; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.bad { color: var(--bad); } .good { color: var(--ok); }
.timeline .row { display: grid; grid-template-columns: 13rem 1fr; gap: 0.75rem; align-items: center; }
.timeline .row > span { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; } .row b { color: var(--soft); font-weight: 400; }
.lane { position: relative; height: 1.375rem; border-left: 1px solid var(--line); border-right: 1px solid var(--line); }
.lane.tall { height: 3rem; } .axis .lane { border: 0; } .row.head { margin-bottom: 0.25rem; }
.lane .bar { position: absolute; top: 0.3rem; height: 0.75rem; min-width: 3px; }
.bar { display: inline-block; border-radius: 2px; background: var(--ok); } .bar.resolved_error { background: var(--bad); }
.bar.requested { background: var(--open); } .bar.cancelled { background: var(--off); }
.bar.person { background-image: repeating-linear-gradient(45deg, transparent 0 4px, color-mix(in srgb, var(--page) 45%, transparent) 4px 7px); }
.lane em { position: absolute; top: 0.1rem; padding: 0 0.4rem; color: var(--soft); font-size: 0.75rem; font-style: normal; white-space: nowrap; }
.lane em.inside { color: var(--page); font-weight: 600; }
.lane .tick { position: absolute; top: 0; height: 0.4rem; border-left: 1px solid var(--off); } .axis .lane em { top: 0.3rem; padding: 0; }
.activity { display: block; width: 100%; height: 100%; } .activity .events { fill: var(--accent); } .activity .failures { fill: var(--bad); }
.lane .fold { position: absolute; top: 0; height: 100%; } .fold { display: inline-block; width: 6px; height: 0.9em; border: solid var(--off); border-width: 0 1px; transform: skewX(-12deg); }
.legend { margin-top: 0.75rem; color: var(--soft); font-size: 0.75rem; } .legend span { margin-right: 1rem; } .legend .bar { width: 1.5rem; height: 0.7rem; }
.trail { content-visibility: auto; contain-intrinsic-size: auto 100rem; }
.trail div { display: grid; grid-template-columns: 3.5rem 13rem 11rem 1fr; gap: 0 0.75rem; padding: 0.15rem 0; border-bottom: 1px solid var(--line); }
.trail .n { text-align: right; color: var(--soft); font-variant-numeric: tabular-nums; } .trail time, .trail .who { color: var(--soft); }
.trail .type { font-size: 0.75rem; line-height: 1.75; } .trail .who::before { content: "— "; } .trail .fault { font-weight: 600; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); }
@media (max-width: 50rem) { .axis em:nth-of-type(2n) { display: none; } .timeline .row { grid-template-columns: 7rem 1fr; } .trail div { grid-template-columns: 3rem 1fr; } .trail .type, .trail p { grid-column: 2; } }
@media print { :root { color-scheme: light; --page: #fff; --ink: #000; --soft: #444; --line: #bbb; --panel: #f4f4f4; --ok: #2f7d4f; --bad: #b02a20;
  --open: #a86a10; --off: #777; --accent: #3059b5; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } body { max-width: none; padding: 0; font-size: 9pt; }
  section { overflow-x: visible; } tr, .row, .trail div, .facts div, .notice { break-inside: avoid; } h2 { break-after: avoid; } .trail { content-visibility: visible; } }
</style>`
