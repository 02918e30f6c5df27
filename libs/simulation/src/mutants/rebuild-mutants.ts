import type { Mutant, Terrain } from './mutant.ts'
import { editFlow } from './source-edit.ts'

/** ClickHouse is emptied and filled again in every world that can. */
const rebuilt: Terrain = { lives: { rebuild: 1 } }

/** Breaks of what a rebuild out of silver promises. */
export const rebuildMutants: readonly Mutant[] = [
  {
    name: 'a rebuild inserts whatever is there, and the target remembers few tokens',
    edits: [
      editFlow(
        'rebuild/batch-filling.ts',
        `new Map(wanted.map(({ n }, index) => [n, held[index]]))`,
        `new Map()`,
      ),
    ],
    terrain: { ...rebuilt, troubles: { reload: 0.5 }, mutation: { windowBlocks: 8 } },
    worldsMax: 50,
  },
  {
    name: 'a rebuild does not look again at what was being applied',
    edits: [
      editFlow(
        'rebuild/table-rebuild.ts',
        `if (applied < manifest.chunks.length) return void waiting.add(key)`,
        ``,
      ),
    ],
    terrain: { ...rebuilt, troubles: { pause: 0.05 } },
    worldsMax: 100,
  },
  {
    name: 'a rebuild turns the views to a reload before its rows are there',
    edits: [
      editFlow(
        'rebuild/batch-filling.ts',
        `for (const chunk of chunks) {
      refuseLate`,
        `for (const chunk of chunks.toReversed()) {
      refuseLate`,
      ),
      editFlow('rebuild/batch-filling.ts', `!(await isReady(deps, filling, due, call))`, `false`),
    ],
    terrain: { ...rebuilt, troubles: { reload: 0.9 } },
    worldsMax: 50,
  },
  {
    name: 'a rebuild takes what aborted batches left',
    edits: [
      editFlow(
        'rebuild/found-manifest.ts',
        `    if (pipeline !== deps.pipeline || ref?.key !== key || (state !== 'S' && state !== 'C'))
      return undefined
`,
        `    if (state === 'A') return (await readUnnamed(deps, key, call)).manifest
    if (pipeline !== deps.pipeline || ref?.key !== key || (state !== 'S' && state !== 'C'))
      return undefined
`,
      ),
      editFlow('rebuild/found-manifest.ts', `state === 'C'\n    ?`, `state !== 'S'\n    ?`),
    ],
    terrain: rebuilt,
    worldsMax: 50,
  },
  {
    name: 'a rebuild goes on behind what a dead one had only begun',
    edits: [
      editFlow(
        'rebuild/table-rebuild.ts',
        `const next = writePosition({ ...place, open: Object.fromEntries(open) })`,
        `const next = writePosition({ ...place, open: {} })`,
      ),
    ],
    terrain: rebuilt,
    worldsMax: 50,
  },
]
