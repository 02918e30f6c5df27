import { type Call, persist } from '../patience.ts'
import { type IntakeDeps, type IntakeView, viewIntake } from './intake-mappings.ts'

export interface ResumeResult extends IntakeView {
  /** All of them are enabled. */
  readonly resumed: boolean
}

const pollMs = 1_000

/** Enables every event source mapping of the intake and waits until they say so, or until `until`, epoch ms. May be repeated. */
export const resumePipeline = async (
  deps: IntakeDeps,
  until: number,
  call: Call,
): Promise<ResumeResult> => {
  const { clock, mappings } = deps
  for (;;) {
    const view = await viewIntake(deps, call)
    const off = view.mappings.filter(({ state }) => state !== 'enabled')
    if (off.length === 0) return { ...view, resumed: true }
    for (const { id, state } of off)
      if (state === 'disabled')
        await persist(clock, call, () => mappings.turn(id, true, call.signal))
    if (clock.now() >= until) return { ...view, resumed: false }
    await clock.sleep(Math.min(pollMs, until - clock.now()))
  }
}
