import type { KyselyPlugin } from 'kysely'

/** Asks for the plan of a statement instead of its rows: `explain`, or `explain (analyze, buffers)`, which runs it. */
export function explaining(how: string): KyselyPlugin {
  return {
    transformQuery: ({ node }) => {
      if (node.kind !== 'RawNode' || !('sqlFragments' in node)) return node
      const [first = '', ...others] = node.sqlFragments
      return { ...node, sqlFragments: [`${how} ${first}`, ...others] }
    },
    transformResult: async ({ result }) => result,
  }
}
