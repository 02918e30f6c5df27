import type { Hello, Point, Tick } from '../tick.ts'
import { createBatchTable } from './batch-table.ts'
import { createCharts } from './charts.ts'
import { createCountList } from './count-list.ts'
import { createDiagram } from './diagram.ts'
import { createDropPanel } from './drop-panel.ts'
import { find, tell } from './element.ts'
import { createProblemList } from './problem-list.ts'
import { createQueryPanel } from './query-panel.ts'
import { listen } from './stream.ts'

const showDiagram = createDiagram()
const showCharts = createCharts()
const showBatches = createBatchTable()
const showReasons = createCountList('#reasons')
const problems = createProblemList()
const drops = createDropPanel()
const query = createQueryPanel()

let history: Point[] = []
let historyMax = 0
let startedAt = 0

const showStanding = (tick: Tick): void => {
  showDiagram(tick)
  showCharts(history)
  showReasons(tick.totals.rejectedByReason)
  problems.showRests(tick)
  query.show(tick)
}

const onHello = (hello: Hello): void => {
  // The server was started anew: what is shown is of another run.
  if (startedAt !== 0 && startedAt !== hello.startedAt) location.reload()
  const isFirst = startedAt === 0
  startedAt = hello.startedAt
  history = [...hello.history]
  historyMax = hello.historyMax
  tell(find('#place'), hello.dir)
  const notice = find('#notice')
  notice.hidden = !hello.isBlind
  tell(notice, 'LOG_LEVEL keeps the functions from telling of batches: rows are not shown here.')
  drops.greet(hello)
  query.greet(hello)
  showBatches(hello.batches)
  if (isFirst) problems.addAll(hello.problems)
  // What moved then has moved.
  const { tick } = hello
  if (tick) showStanding({ ...tick, moved: { ...nothing } })
}

const nothing: Tick['moved'] = {
  ...{ landed: 0, ingested: 0, transformed: 0, messages: 0, rejected: 0 },
  applied: {},
}

const onTick = (tick: Tick): void => {
  history.push(tick.point)
  history.splice(0, history.length - historyMax)
  problems.addAll(tick.problems)
  showStanding(tick)
  showBatches(tick.batches)
  drops.show(tick.drops)
}

listen({ onHello, onTick })
