/**
 * What a site runs while something is permitted, and stops when it no longer is.
 */
import type { Name } from "./ConsentClient.ts"

/** A program of the site. */
interface Watcher {
  readonly names: ReadonlyArray<Name>
  readonly run: () => void
  readonly stop: (() => void) | undefined
  isOn: boolean
}

/** The programs of a page. */
export interface Watchers {
  /** Runs once all names are permitted. Returns how to forget it. */
  readonly add: (names: ReadonlyArray<Name>, run: () => void, stop: (() => void) | undefined) => () => void
  /** Stops what is not permitted any more, at once. */
  readonly stop: () => void
  /** Starts what is permitted by now. */
  readonly start: () => void
}

/** A program that throws is reported, and stops no other. */
export const make = (permits: (name: Name) => boolean, failed: (error: unknown) => void): Watchers => {
  const watchers = new Set<Watcher>()
  const tried = (run: (() => void) | undefined): void => {
    try {
      run?.()
    } catch (error) {
      failed(error)
    }
  }
  const startOne = (watcher: Watcher): void => {
    if (watcher.isOn || !watchers.has(watcher) || !watcher.names.every(permits)) return
    watcher.isOn = true
    tried(watcher.run)
  }
  return {
    add: (names, run, stop) => {
      const watcher: Watcher = { names, run, stop, isOn: false }
      watchers.add(watcher)
      startOne(watcher)
      return () => void watchers.delete(watcher)
    },
    stop: () => {
      for (const watcher of watchers) {
        if (!watcher.isOn || watcher.names.every(permits)) continue
        watcher.isOn = false
        tried(watcher.stop)
      }
    },
    start: () => watchers.forEach(startOne),
  }
}
