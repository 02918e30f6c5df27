import { Worker } from 'node:worker_threads'

export interface WatchdogData {
  readonly buffer: SharedArrayBuffer
  readonly stuckMs: number
}

/** Ends the process, naming the seed, when one seed is at work for longer than `stuckMs`: a reader that loops lets no timer run. */
export const createWatchdog = (stuckMs: number) => {
  const buffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const watched = new Int32Array(buffer)
  const data: WatchdogData = { buffer, stuckMs }
  const worker = new Worker(new URL('./watchdog-worker.ts', import.meta.url), { workerData: data })
  worker.unref()
  return {
    begin: (seed: number): void => void Atomics.store(watched, 0, seed),
    stop: (): Promise<number> => worker.terminate(),
  }
}
