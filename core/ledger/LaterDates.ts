/**
 * The later dates of a refusal: where a clock was ahead, a person may have a yes whose `consentDate` is later than a
 * refusal that the ledger dates now. Such a refusal is recorded again as of each of these dates, in the same
 * transaction, because otherwise it would not count from that date on (semantics, section 1).
 */
import { Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Instant from "../engine/Instant.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import type { Append, PersonPlace } from "../ports/LedgerStore.ts"
import type { AdmittedItem } from "./BatchPlan.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** A person's refusal of a consent type, and the `consentDate` that it has. */
export type DatedRefusal = Required<Append>["refusals"][number]

/** By person and consent type, the dates of events later than the clock: whether it is a yes without a refusal. */
export type LaterDates = Map<string, Map<Instant.Instant, boolean>>

const keyOf = ({ concordId, consentType }: Pick<DatedRefusal, "concordId" | "consentType">): string =>
  `${concordId} ${consentType}`

/** The refusals that are dated by the ledger. */
export const refusalsOf = (admitted: ReadonlyArray<AdmittedItem>): ReadonlyArray<DatedRefusal> =>
  admitted
    .filter(({ event }) => event.isDatedByLedger === true)
    .map(({ concordId, event }) => ({ concordId, consentType: event.type.id, at: event.consentDate }))

/** The refusals as of the last of their dates, so that only a yes recorded after the dates is later than one. */
export const asOfLast = (refusals: ReadonlyArray<DatedRefusal>, dates: LaterDates): ReadonlyArray<DatedRefusal> =>
  dates.size === 0
    ? refusals
    : refusals.map((each) => ({ ...each, at: Math.max(each.at, ...(dates.get(keyOf(each))?.keys() ?? [])) }))

/** The last of the dates; `Instant.min` if there are none. */
export const last = (dates: LaterDates): Instant.Instant =>
  [...dates.values()].reduce((latest, ofKey) => Math.max(latest, ...ofKey.keys()), Instant.min)

/** Notes an event: at one date, a refusal wins. */
const note = (dates: LaterDates, key: string, at: Instant.Instant, isRefusal: boolean): void => {
  const ofKey = dates.get(key) ?? new Map<Instant.Instant, boolean>()
  dates.set(key, ofKey.set(at, !isRefusal && ofKey.get(at) !== false))
}

/** The most people and events that one read asks for. */
const maxPeople = 100
const maxEvents = 100

/** Greater than every id, so that no event of an instant follows it. */
const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff"

/** Passes on the events of people that are later than an instant. */
const forEachLater = Effect.fnUntraced(function* (
  { project }: ProjectScope,
  people: ReadonlyArray<string>,
  after: Instant.Instant,
  use: (event: ConsentEvent) => void,
  { store }: LedgerContext,
) {
  let places: ReadonlyArray<Required<PersonPlace>> = people.map((concordId) => ({
    concordId,
    after: { consentDate: after, id: lastId },
  }))
  while (places.length > 0) {
    const asked = places.slice(0, maxPeople)
    const pages = yield* store.events.ofPeople(project, asked, maxEvents)
    for (const page of pages) page.forEach(use)
    const unread = asked.flatMap(({ concordId }, index) => {
      const page = pages[index]!
      const last = page.at(-1)
      return last === undefined || page.length < maxEvents ? [] : [{ concordId, after: last }]
    })
    places = [...unread, ...places.slice(maxPeople)]
  }
})

/** Reads the later dates of refusals, from the events of their people and of everyone joined with them. */
export const read = Effect.fnUntraced(function* (
  scope: ProjectScope,
  refusals: ReadonlyArray<DatedRefusal>,
  context: LedgerContext,
) {
  const dates: LaterDates = new Map()
  if (refusals.length === 0) return dates
  /** The people of the refusals, by each member of their groups. */
  const ofMember = new Map<string, Set<string>>()
  for (const concordId of new Set(refusals.map((each) => each.concordId))) {
    for (const member of (yield* Joins.current(scope.organization, concordId, context)).members) {
      ofMember.set(member, (ofMember.get(member) ?? new Set()).add(concordId))
    }
  }
  const keys = new Set(refusals.map(keyOf))
  const use = ({ concordId, consentDate, consentState, consentType }: ConsentEvent) => {
    for (const each of ofMember.get(concordId) ?? []) {
      const key = keyOf({ concordId: each, consentType })
      if (keys.has(key)) note(dates, key, consentDate, consentState === "declined")
    }
  }
  yield* forEachLater(scope, [...ofMember.keys()], Math.min(...refusals.map(({ at }) => at)), use, context)
  return dates
})

/**
 * The further dates of each item, by its index: those of the ledger, and those of the items before it in the batch. The
 * dates of all items are noted in `dates`.
 */
export const ofItems = (
  admitted: ReadonlyArray<AdmittedItem>,
  dates: LaterDates,
): ReadonlyArray<readonly [item: AdmittedItem, at: Instant.Instant]> => {
  const further: Array<readonly [AdmittedItem, Instant.Instant]> = []
  for (const item of admitted) {
    const { concordId, event } = item
    const key = keyOf({ concordId, consentType: event.type.id })
    note(dates, key, event.consentDate, event.consentState === "declined")
    if (event.isDatedByLedger !== true) continue
    for (const [at, isUncovered] of dates.get(key)!) {
      if (at <= event.consentDate || !isUncovered) continue
      note(dates, key, at, true)
      further.push([item, at])
    }
  }
  return further
}
