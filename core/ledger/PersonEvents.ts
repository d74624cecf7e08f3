/**
 * The events of people in the order of their `consentDate`, read page by page: in bounded memory, whatever the number
 * of events, and with other requests answered between two pages.
 */
import { Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import type { Project } from "../model/Catalog.ts"
import type { PersonPlace } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** The most events that one read returns. */
export const readMaxEvents = 1024

/** The least size of a page of one person, because otherwise many people would take many reads. */
const pageMinEvents = 8

type After = Required<PersonPlace>["after"]

/** A person whose last event has not been read. */
interface Unread {
  readonly concordId: string
  /** The last event that was read; left out before the first page. */
  after?: After
  /** How many events were read and not passed on. */
  waiting: number
}

const compare = (a: After, b: After): number =>
  a.consentDate - b.consentDate || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** The earliest event that begins a gap: up to it, all events of all people have been read. */
const endOf = (unread: Iterable<Unread>): After | undefined => {
  let end: After | undefined
  for (const { after } of unread) if (end === undefined || compare(after!, end) < 0) end = after
  return end
}

/**
 * Passes the events of people on, in order, until there are no more or `take` returns false. Returns how many events
 * were read.
 */
export const forEach = Effect.fnUntraced(function* (
  project: Project,
  people: ReadonlyArray<string>,
  take: (event: ConsentEvent) => boolean,
  { store }: Pick<LedgerContext, "store">,
) {
  const unread = new Map(people.map((concordId): [string, Unread] => [concordId, { concordId, waiting: 0 }]))
  let waiting: Array<ConsentEvent> = []
  let read = 0

  /** Reads the next pages of people, and forgets the people whose last page it was. */
  const readPages = Effect.fnUntraced(function* (some: ReadonlyArray<Unread>) {
    const limit = Math.max(pageMinEvents, Math.floor(readMaxEvents / some.length))
    const count = Math.floor(readMaxEvents / limit)
    for (let first = 0; first < some.length; first += count) {
      const places = some.slice(first, first + count)
      const pages = yield* store.events.ofPeople(project, places, limit)
      for (const [index, page] of pages.entries()) {
        const person = places[index]!
        for (const event of page) waiting.push(event)
        read += page.length
        person.waiting += page.length
        if (page.length < limit) unread.delete(person.concordId)
        else person.after = page.at(-1)!
      }
      yield* Effect.yieldNow
    }
    return limit
  })

  let limit = yield* readPages([...unread.values()])
  for (;;) {
    const end = endOf(unread.values())
    waiting.sort(compare)
    const ready = end === undefined ? waiting.length : waiting.findLastIndex((event) => compare(event, end) <= 0) + 1
    for (const event of waiting.slice(0, ready)) {
      const person = unread.get(event.concordId)
      if (person !== undefined) person.waiting--
      if (!take(event)) return read
    }
    if (unread.size === 0) return read
    waiting = waiting.slice(ready)
    // A person is read again when less than half of its last page is waiting, so that memory stays bounded.
    limit = yield* readPages([...unread.values()].filter((person) => person.waiting < limit / 2))
  }
})
