import type { Mutant, Terrain } from './mutant.ts'
import { editFlow } from './source-edit.ts'

/** Every world has jobs. */
const jobs: Terrain = { lives: { jobs: 1 } }

const sendThenAdvance = `  if (group.objects.length > 0)
    await guard({ pipeline: deps.pipeline, job: nameOfJob(job), checkpoint }, sendGroup)
  await advance(deps, job, at, { slice, group }, call)`

/** Breaks of what a job promises. */
export const jobMutants: readonly Mutant[] = [
  {
    name: 'a job keeps its checkpoint before the send is confirmed',
    edits: [
      editFlow(
        'bulk/run.ts',
        sendThenAdvance,
        `  await advance(deps, job, at, { slice, group }, call)
  if (group.objects.length > 0)
    await guard({ pipeline: deps.pipeline, job: nameOfJob(job), checkpoint }, sendGroup)`,
      ),
    ],
    terrain: jobs,
    worldsMax: 20,
  },
  {
    name: 'a job sends a slice that is not written down',
    edits: [
      editFlow(
        'bulk/run.ts',
        `if (await writeSlice(deps, place, walked, call)) return walked`,
        `return walked`,
      ),
    ],
    terrain: jobs,
    worldsMax: 20,
  },
  {
    name: 'a job takes its own slice where another runner wrote one',
    edits: [
      editFlow(
        'bulk/run.ts',
        `if (await writeSlice(deps, place, walked, call)) return walked
    return await readSlice(deps, bucket, place, call)`,
        `await writeSlice(deps, place, walked, call)
    return walked`,
      ),
      editFlow('bulk/run.ts', `if (there) return there`, ``),
    ],
    terrain: jobs,
    worldsMax: 50,
  },
  {
    name: 'whoever resumes a job begins at the next slice',
    edits: [
      editFlow(
        'bulk/run.ts',
        `groupOf(slice.objects, part.line, room, job)`,
        `groupOf(slice.objects, isKnown || part.line === 0 ? part.line : slice.objects.length, room, job)`,
      ),
    ],
    terrain: jobs,
    worldsMax: 30,
  },
  {
    name: 'a reload takes a generation anew at each call',
    edits: [
      editFlow(
        'bulk/run.ts',
        `import { type JobAsked,`,
        `import { nextGeneration } from './generation.ts'
import { type JobAsked,`,
      ),
      editFlow(
        'bulk/run.ts',
        `sendObjects(deps, group.objects, job.generation, call)`,
        `(async () => sendObjects(deps, group.objects, isKnown ? job.generation : await nextGeneration(deps, call), call))()`,
      ),
    ],
    terrain: jobs,
    worldsMax: 20,
  },
  {
    name: 'two reloads may have one generation',
    edits: [
      editFlow(
        'bulk/generation.ts',
        `position: \`\${Math.max(generationOf(item) + 1, now)} \${owner}\``,
        `position: \`1 \${owner}\``,
      ),
    ],
    terrain: jobs,
    worldsMax: 50,
  },
  {
    name: 'a job ignores the end of its window',
    edits: [
      editFlow(
        'bulk/walk.ts',
        `createPlacing(window)`,
        `createPlacing({ ...window, end: undefined })`,
      ),
    ],
    terrain: jobs,
    worldsMax: 30,
  },
  {
    name: 'a job is not looked at between two sends',
    edits: [
      editFlow(
        'bulk/run.ts',
        `if (job.owner !== owner || job.state !== 'running') return viewJob(job, owner)`,
        `if (job.owner !== owner) return viewJob(job, owner)`,
      ),
    ],
    terrain: jobs,
    worldsMax: 100,
  },
  {
    name: 'a send is remembered by where it begins, whatever its end',
    edits: [
      editFlow(
        'bulk/run.ts',
        `part.slice, part.line, group.line].join`,
        `part.slice, part.line].join`,
      ),
    ],
    terrain: { ...jobs, troubles: { crashBefore: 0.08, crashAfter: 0.04 } },
    worldsMax: 200,
  },
]
