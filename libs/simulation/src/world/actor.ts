import type { BucketState } from '../memory/memory-bronze.ts'
import type { Version } from './history.ts'
import type { Service, Surroundings } from './invocation.ts'
import type { Fate } from './troubles.ts'
import type { Told, Uploader } from './uploader.ts'

export interface PutOptions {
  /** `s3:ObjectCreated` tells of it, two seconds later. Default: true. */
  readonly isTold?: boolean
  readonly contentEncoding?: string
  /** Its bytes kill whoever reads them. */
  readonly isPoison?: boolean
}

/** Who acts in a scripted world: what people, uploaders and schedules do, each at its time. */
export interface Actor {
  /** Plans an act, counted from now. The world comes to rest only after all acts. */
  after(delayMs: number, act: () => void): void
  /** Until it is said: `unversioned`. */
  setBucket(state: BucketState): void
  /** Puts an object, over what is there. Routed are the keys below `notes/` that end in `.jsonl` or `.json`, also with `.gz`. */
  put(key: string, content: string | Uint8Array, options?: PutOptions): Version
  /** The same bytes again, as a new write of the same key. */
  putBack(version: Version, options?: PutOptions): Version
  /** A DELETE without a version. */
  remove(key: string): void
  removeVersion(version: Version): void
  /** Tells of the version's last write, once more or at last. */
  tell(version: Version): void
  /** Asks for the next generation. */
  reload(version: Version): void
  /** Sends a message that is data itself: one record. */
  send(body: string): void
  /** Hands back the dead letters of all queues. */
  redrive(): void
  /** Every call to the service fails until then, with the fate given (`request-lost` when left out). */
  takeDown(service: Service, lastsMs: number, fate?: Fate): void
  /** ClickHouse merges the parts of all tables. */
  mergeNow(): void
  sweepNow(): void
  reconcileNow(): void
}

export interface ActorOptions {
  readonly uploader: Uploader
  readonly tell: (told: Told) => void
  readonly reload: (version: Version) => void
  readonly send: (body: string) => void
  readonly redrive: () => void
  readonly merge: () => void
  readonly sweep: () => void
  readonly reconcile: () => void
}

const toldAfterMs = 2_000

/** `open` tells how many acts are still to come. */
export const createActor = (
  around: Surroundings,
  options: ActorOptions,
): Actor & { readonly open: () => number } => {
  const { scheduler } = around
  const { uploader } = options
  const written = new Map<string, { readonly told: Told; readonly bytes: Uint8Array }>()
  let open = 0
  const after = (delayMs: number, act: () => void): void => {
    open += 1
    scheduler.after(delayMs, () => {
      open -= 1
      act()
    })
  }
  const tell = (version: Version): void => {
    const { told } = find(version)
    version.isTold = true
    after(toldAfterMs, () => options.tell(told))
  }
  const find = ({ id, object }: Version) => {
    const found = written.get(id)
    if (!found) throw new RangeError(`${object.key} was not put by this script`)
    return found
  }
  const put: Actor['put'] = (key, content, { isTold = true, ...rest } = {}) => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const { version, told } = uploader.put({ key, bytes, ...rest })
    written.set(version.id, { told, bytes })
    if (isTold) tell(version)
    return version
  }
  return {
    ...{ after, tell, put },
    open: () => open,
    setBucket: uploader.setState,
    putBack: (version, putOptions) => put(version.object.key, find(version).bytes, putOptions),
    remove: uploader.remove,
    removeVersion: ({ object }) => uploader.removeVersion(object.key, object.version),
    reload: (version) => {
      version.generation += 1
      options.reload(version)
    },
    send: options.send,
    redrive: options.redrive,
    takeDown: (service, lastsMs, fate = 'request-lost') => {
      scheduler.note(`${service} goes down: ${fate}`)
      around.outages.set(service, { until: scheduler.now() + lastsMs, fate })
    },
    mergeNow: options.merge,
    sweepNow: options.sweep,
    reconcileNow: options.reconcile,
  }
}
