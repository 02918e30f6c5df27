import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import type { WatchdogData } from './watchdog.ts'

const { buffer, stuckMs } = workerData as WatchdogData
const watched = new Int32Array(buffer)
const lookEveryMs = 500
const standardError = 2

let [last, since] = [Atomics.load(watched, 0), Date.now()]

setInterval(() => {
  const seed = Atomics.load(watched, 0)
  if (seed !== last) [last, since] = [seed, Date.now()]
  else if (Date.now() - since > stuckMs) {
    writeSync(
      standardError,
      `seed ${seed} did not end within ${stuckMs / 1000} s: npm run fuzz -- --seed ${seed}\n`,
    )
    // The other thread is in a loop: it can neither throw nor set an exit code.
    process.kill(process.pid, 'SIGKILL')
  }
}, lookEveryMs)
