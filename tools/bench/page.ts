import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { drawCharts } from './bar-chart.ts'
import type { Page } from './bench.ts'
import type { Machine } from './machine.ts'

export interface PageOptions {
  readonly folder: string
  /** Of the bench: `<name>.md` with `<name>.svg` beside it. */
  readonly name: string
  /** With which it can be done again. */
  readonly command: string
  readonly machine: Machine
  readonly commit: string
}

export const writePage = async (page: Page, options: PageOptions): Promise<string> => {
  const { folder, name, command } = options
  const { machine, commit } = page.measuredOn ?? options
  const path = join(folder, `${name}.md`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${name}.svg`), drawCharts(page.charts))
  const text = `# ${page.title}

\`\`\`sh
${command}
\`\`\`

${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node.slice(1)}; commit ${commit}.

![${page.title}](${name}.svg)

${page.body}

## What is not measured

${page.notMeasured.map((one) => `- ${one}`).join('\n')}
`
  const style = await resolveConfig(fileURLToPath(import.meta.url))
  await writeFile(path, await format(text, { ...style, parser: 'markdown' }))
  return path
}
