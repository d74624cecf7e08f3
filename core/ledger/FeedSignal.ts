/**
 * Wakes what waits in this process for writes: readers of a change feed, and the scheduler.
 *
 * Events and changes concern the number of their project, identity changes the number of their organization. What
 * other processes write wakes nothing.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerStore } from "../ports/LedgerStore.ts"

type Store = LedgerStore["Service"]

/** The number of catalog changes. Owners of lanes are numbered from 0. */
export const catalog = -1

/** Called after a write. `soonest` is the earliest `expirationDate` of the events that were recorded. */
export type Listener = (owner: number, soonest: Instant | undefined) => void

/** The signal of one ledger. */
export interface FeedSignal {
  /** Something was written for the owner of lanes with this number, or for {@link catalog}. */
  readonly notify: (owner: number, soonest?: Instant) => void
  /** How often something was written for an owner. */
  readonly version: (owner: number) => number
  /** Waits until the version of an owner is later than a version that was read before. */
  readonly awaitAfter: (owner: number, version: number) => Effect.Effect<void>
  /** Calls a listener after every write, until the returned function is called. It must not throw. */
  readonly subscribe: (listener: Listener) => () => void
}

/** A new signal; each ledger has its own. */
export const make = (): FeedSignal => {
  const versions = new Map<number, number>()
  const waiting = new Map<number, Set<() => void>>()
  const listeners = new Set<Listener>()
  const version: FeedSignal["version"] = (owner) => versions.get(owner) ?? 0

  const awaitAfter: FeedSignal["awaitAfter"] = (owner, after) =>
    Effect.callback<void>((resume) => {
      if (version(owner) > after) return resume(Effect.void)
      const all = waiting.get(owner) ?? new Set()
      const wake = () => resume(Effect.void)
      waiting.set(owner, all.add(wake))
      return Effect.sync(() => {
        all.delete(wake)
        if (all.size === 0 && waiting.get(owner) === all) waiting.delete(owner)
      })
    })

  return {
    version,
    awaitAfter,
    notify: (owner, soonest) => {
      versions.set(owner, version(owner) + 1)
      for (const listener of listeners) listener(owner, soonest)
      const woken = waiting.get(owner)
      if (woken === undefined) return
      waiting.delete(owner)
      for (const wake of woken) wake()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const soonestOf = (events: ReadonlyArray<{ readonly expirationDate?: Instant }>): Instant | undefined => {
  let soonest: Instant | undefined
  for (const { expirationDate } of events) {
    if (expirationDate !== undefined && !(soonest! <= expirationDate)) soonest = expirationDate
  }
  return soonest
}

/** The store, which notifies after each write that a feed tells of or the scheduler reads. */
export const over = (store: Store, { notify }: Pick<FeedSignal, "notify">): Store => ({
  ...store,
  events: {
    ...store.events,
    append: (append) =>
      Effect.tap(store.events.append(append), ({ _tag }) => {
        if (_tag === "Appended") notify(append.project.number, soonestOf(append.events))
        return Effect.void
      }),
  },
  people: {
    ...store.people,
    change: (change) =>
      Effect.tap(store.people.change(change), (kept) => {
        if (kept === "kept") notify(change.organization.number)
        return Effect.void
      }),
  },
  personal: {
    ...store.personal,
    erase: (change) =>
      Effect.tap(store.personal.erase(change), (kept) => {
        if (typeof kept !== "string") notify(change.organization.number)
        return Effect.void
      }),
  },
  catalog: {
    ...store.catalog,
    change: (change) =>
      Effect.tap(store.catalog.change(change), (kept) => {
        if (kept === "kept") notify(catalog)
        return Effect.void
      }),
  },
  feed: {
    ...store.feed,
    write: (step) =>
      Effect.tap(store.feed.write(step), ({ _tag }) => {
        if (_tag === "Written") notify(step.project.number)
        return Effect.void
      }),
  },
})
