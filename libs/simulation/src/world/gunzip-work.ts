import { createGunzip } from 'node:zlib'
import type { Gunzip } from 'node:zlib'

/**
 * Production unpacks gzip in the thread pool, whose answers come at times of their own. So that virtual time can wait for
 * them and runs repeat exactly, this counts the pieces at work: in this process streams for gzip do as always, and tell.
 */
let pieces = 0

/** Something is being unpacked: no event may run before it is done. */
export const isUnpacking = (): boolean => pieces > 0

type Done = (...results: unknown[]) => void

const prototype = Object.getPrototypeOf(createGunzip()) as Gunzip
const { _transform: transform, _flush: flush } = prototype

/** Calls back once, also when the stream is damaged and calls nobody. */
const count = (stream: Gunzip, done: Done): Done => {
  let isOpen = true
  const end = (): void => {
    pieces -= isOpen ? 1 : 0
    isOpen = false
    stream.off('close', end)
  }
  pieces += 1
  stream.on('close', end)
  return (...results) => {
    end()
    done(...results)
  }
}

prototype._transform = function (this: Gunzip, chunk, encoding, done) {
  transform.call(this, chunk, encoding, count(this, done as Done))
}
prototype._flush = function (this: Gunzip, done) {
  flush.call(this, count(this, done as Done))
}
