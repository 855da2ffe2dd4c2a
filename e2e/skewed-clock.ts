/** Loaded before a program (`node --import`): its wall clock is an hour ahead and an hour behind in turns, every 200 ms. */
const HOUR_MS = 60 * 60 * 1_000
const TURN_MS = 200

const RealDate = Date
const now = (): number =>
  RealDate.now() + (Math.floor(performance.now() / TURN_MS) % 2 === 0 ? HOUR_MS : -HOUR_MS)

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[]) => Reflect.construct(target, args.length === 0 ? [now()] : args),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
})
