/**
 * The people with parked changes, and the first parked change of each: it is tried again at its time, and what comes
 * after it waits behind it.
 */
import type { Instant } from "../engine/Instant.ts"
import type { ParkedChange } from "../ports/WebhookStore.ts"

/** How many people of a lane may be parked. Then the lane waits. */
export const maxInLane = 1000

/** The first parked change of a person. */
export interface Head extends ParkedChange {
  /** It is being sent, or its outcome is being written. */
  isBusy: boolean
}

/** The parked people of one webhook. */
export interface ParkedPeople {
  readonly size: () => number
  readonly has: (person: string) => boolean
  readonly set: (change: ParkedChange) => void
  readonly remove: (person: string) => void
  /** Whether no further person of a lane may be parked. */
  readonly isFull: (lane: number) => boolean
  /** The change that is tried next, if its time has come. */
  readonly due: (now: Instant) => Head | undefined
  /** When the next change is tried; `Infinity` for none. */
  readonly soonest: () => Instant
  /** The change with a number among those that are not busy, in the order of their time; for trying one out of turn. */
  readonly at: (index: number) => Head | undefined
  /** A try of a head is over, and the head stays as it was. */
  readonly release: (head: Head) => void
}

/** With the first parked change of each person. */
export const make = (first: ReadonlyArray<ParkedChange>): ParkedPeople => {
  const heads = new Map<string, Head>()
  const ofLane = new Map<number, number>()
  /** The soonest of those that are not busy; `undefined` if it has to be looked for. */
  let soonest: Head | "none" | undefined

  const count = (lane: number, by: number): void => void ofLane.set(lane, (ofLane.get(lane) ?? 0) + by)

  const find = (): Head | "none" => {
    if (soonest !== undefined) return soonest
    let found: Head | "none" = "none"
    for (const head of heads.values()) {
      if (!head.isBusy && (found === "none" || head.nextAt < found.nextAt)) found = head
    }
    return (soonest = found)
  }

  const remove = (person: string): void => {
    const head = heads.get(person)
    if (head === undefined) return
    count(head.lane, -1)
    heads.delete(person)
    soonest = undefined
  }

  const set = (change: ParkedChange): void => {
    remove(change.person)
    count(change.lane, 1)
    heads.set(change.person, { ...change, isBusy: false })
    soonest = undefined
  }

  const take = (head: Head): Head => {
    head.isBusy = true
    soonest = undefined
    return head
  }

  for (const change of first) set(change)
  return {
    size: () => heads.size,
    has: (person) => heads.has(person),
    set,
    remove,
    isFull: (lane) => (ofLane.get(lane) ?? 0) >= maxInLane,
    due: (now) => {
      const head = find()
      return head === "none" || head.nextAt > now ? undefined : take(head)
    },
    soonest: () => {
      const head = find()
      return head === "none" ? Infinity : head.nextAt
    },
    at: (index) => {
      const free = [...heads.values()].filter(({ isBusy }) => !isBusy).toSorted((a, b) => a.nextAt - b.nextAt)
      const head = free[index % Math.max(1, free.length)]
      return head && take(head)
    },
    release: (head) => {
      head.isBusy = false
      soonest = undefined
    },
  }
}
