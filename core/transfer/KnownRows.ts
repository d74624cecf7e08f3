/**
 * Rows that an earlier import recorded, wherever they stand in the file: of each person that the ledger knew before,
 * the events that say exactly what a row says. The first row that says it is the first of these events, the second the
 * second, and a row more is new. So is a row with an identifier that named no person, because no earlier
 * import recorded it.
 *
 * Costs nothing for people that the import itself makes.
 */
import { Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Instant from "../engine/Instant.ts"
import * as Lapse from "../engine/Lapse.ts"
import * as Admission from "../model/Admission.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import * as TypeHistory from "../model/TypeHistory.ts"
import type { AdmittedItem } from "../ledger/BatchPlan.ts"
import * as EventBody from "../ledger/EventBody.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { PersonPlace } from "../ports/LedgerStore.ts"
import type { ImportRun } from "./ImportRun.ts"

/** Whether a person or an event was there before a run began: whether its id is of another version, or earlier. */
export const isBefore = (id: string, { since }: Pick<ImportRun, "since">): boolean => id[14] !== "7" || id < since

/** What a row says, of one of its people. */
type RowEvent = Pick<AdmittedItem, "concordId" | "draft" | "event">

/** What a row and an event have in common where one was recorded from the other. */
const keyOf = (concordId: string, consentType: string, consentState: string, consentDate: Instant.Instant | "ledger") =>
  `${concordId} ${consentType} ${consentState} ${consentDate}`

/** A refusal that the ledger dated stands at another date than the row's, or the row has none. */
const rowKey = ({ concordId, event }: RowEvent): string =>
  keyOf(
    concordId,
    event.type.id,
    event.consentState,
    event.isDatedByLedger === true || event.claimedConsentDate !== undefined ? "ledger" : event.consentDate,
  )

/** Whether an event has the expiration of a row; of one that has none, as the type's duration made it then. */
const hasExpiration = ({ draft, event: { expirationDate, type } }: RowEvent, recorded: ConsentEvent): boolean => {
  if (recorded.expirationDate === expirationDate) return true
  if (draft.expirationDate !== undefined) return false
  const { consentDuration = null } = TypeHistory.knownAt(type, recorded.dateCreated) ?? {}
  return recorded.expirationDate === Lapse.recordedExpiration({ consentDate: recorded.consentDate }, consentDuration)
}

/** Whether a refusal with the date of the ledger is the one that was recorded from a row. */
const hasClaims = (
  { draft }: RowEvent,
  { consentDate, dateCreated, id }: ConsentEvent,
  bodies: ReadonlyMap<string, string>,
): boolean => {
  const { claimedConsentDate } = EventBody.claimedOf(bodies.get(id) ?? "")
  if (draft.consentDate !== undefined) return claimedConsentDate === draft.consentDate
  return claimedConsentDate === undefined && dateCreated - consentDate <= Admission.clockSkewMaxMillis
}

/** The most people of a read, and the most events of each. */
const maxPeople = 200
const maxEvents = 50

/** The most events of a person that are looked through in a block. */
const maxOfPerson = 1000

/** Greater than every id. */
const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff"

/** The dates between which the events of a person are looked for. */
interface Range {
  readonly first: Instant.Instant
  readonly last: Instant.Instant
}

/** The range of each person of items; that of a refusal that is dated by the ledger is all. */
const rangesOf = (items: ReadonlyArray<RowEvent>): ReadonlyMap<string, Range> => {
  const ranges = new Map<string, Range>()
  for (const item of items) {
    const { concordId, event } = item
    const [first, last] = rowKey(item).endsWith("ledger")
      ? [Instant.min, Instant.max]
      : [event.consentDate, event.consentDate]
    const range = ranges.get(concordId) ?? { first, last }
    ranges.set(concordId, { first: Math.min(range.first, first), last: Math.max(range.last, last) })
  }
  return ranges
}

/** Passes on the events of people in their ranges. */
const forEachEvent = Effect.fnUntraced(function* (
  { project }: ProjectScope,
  ranges: ReadonlyMap<string, Range>,
  use: (event: ConsentEvent) => void,
  { store }: Pick<LedgerContext, "store">,
) {
  const left = new Map<string, number>()
  let places: Array<Required<PersonPlace>> = [...ranges].map(([concordId, { first }]) => ({
    concordId,
    after: { consentDate: first - 1, id: lastId },
  }))
  while (places.length > 0) {
    const asked = places.splice(0, maxPeople)
    const pages = yield* store.events.ofPeople(project, asked, maxEvents)
    for (const [index, page] of pages.entries()) {
      for (const event of page) use(event)
      const { concordId } = asked[index]!
      const after = page.at(-1)
      if (after === undefined || page.length < maxEvents || after.consentDate > ranges.get(concordId)!.last) continue
      const more = (left.get(concordId) ?? maxOfPerson) - page.length
      left.set(concordId, more)
      if (more > 0) places.push({ concordId, after })
    }
    yield* Effect.yieldNow
  }
})

/** The events that may have been recorded from items, by the key of the items, in the order of their ids. */
const candidatesOf = Effect.fnUntraced(function* (
  items: ReadonlyArray<RowEvent>,
  run: ImportRun,
  scope: ProjectScope,
  context: Pick<LedgerContext, "store">,
) {
  const wanted = new Set(items.map(rowKey))
  const byKey = new Map<string, Array<ConsentEvent>>()
  const use = (event: ConsentEvent) => {
    if (!isBefore(event.id, run)) return
    const { concordId, consentDate, consentState, consentType } = event
    const dates = consentState === "declined" ? [consentDate, "ledger" as const] : [consentDate]
    for (const date of dates) {
      const key = keyOf(concordId, consentType, consentState, date)
      if (!wanted.has(key)) continue
      const events = byKey.get(key)
      if (events === undefined) byKey.set(key, [event])
      else events.push(event)
    }
  }
  yield* forEachEvent(scope, rangesOf(items), use, context)
  for (const events of byKey.values()) events.sort((a, b) => (a.id < b.id ? -1 : 1))
  return byKey
})

/** The bodies of the events that may be refusals with the date of the ledger, by their ids. */
const bodiesOf = Effect.fnUntraced(function* (
  byKey: ReadonlyMap<string, ReadonlyArray<ConsentEvent>>,
  { project }: ProjectScope,
  { store }: Pick<LedgerContext, "store">,
) {
  const ids = [...byKey].flatMap(([key, events]) => (key.endsWith("ledger") ? events.map(({ id }) => id) : []))
  const stored = ids.length === 0 ? [] : yield* store.events.byId(project, ids)
  return new Map(stored.flatMap((event) => (event === undefined ? [] : [[event.id, event.body]])))
})

/** The events that an item can have been recorded as for one of its people, in the order of their ids. */
const sameEvents = (
  item: RowEvent,
  byKey: ReadonlyMap<string, ReadonlyArray<ConsentEvent>>,
  bodies: ReadonlyMap<string, string>,
): ReadonlyArray<ConsentEvent> => {
  const { event } = item
  const key = rowKey(item)
  return (byKey.get(key) ?? []).filter(
    (recorded) =>
      recorded.version === event.version &&
      recorded.consentAction === event.consentAction &&
      (key.endsWith("ledger") ? hasClaims(item, recorded, bodies) : hasExpiration(item, recorded)),
  )
}

/** Reads the events of before the run; returns what finds those that an item can have been recorded as. */
export const recordedBefore = Effect.fnUntraced(function* (
  items: ReadonlyArray<RowEvent>,
  run: ImportRun,
  scope: ProjectScope,
  context: Pick<LedgerContext, "store">,
) {
  const byKey = yield* candidatesOf(items, run, scope, context)
  const bodies = yield* bodiesOf(byKey, scope, context)
  return (item: RowEvent): ReadonlyArray<ConsentEvent> => sameEvents(item, byKey, bodies)
})

/**
 * Finds the items that say what events say that were recorded before the run began, for all of their people, and that
 * no earlier row of the run is. `texts` are the texts of the items' rows. An item with an external id is known by that
 * alone.
 */
export const find = Effect.fnUntraced(function* (
  admitted: ReadonlyArray<AdmittedItem>,
  texts: (item: number) => string,
  run: ImportRun,
  scope: ProjectScope,
  context: Pick<LedgerContext, "store">,
) {
  const known = new Set<number>()
  const items = admitted.filter(
    ({ concordId, draft, isClaiming }) => draft.externalId === undefined && !isClaiming && isBefore(concordId, run),
  )
  if (items.length === 0) return known as ReadonlySet<number>
  const recordedFor = yield* recordedBefore(items, run, scope, context)
  for (const [item, ofItem] of Map.groupBy(admitted, (each) => each.item)) {
    if (ofItem[0]!.isClaiming || ofItem[0]!.draft.externalId !== undefined) continue
    const before = run.known.of(texts(item))
    const recorded = ofItem.map((each) => {
      const free = recordedFor(each).filter(({ id }) => run.known.of(id) === 0)
      return free[before]?.id
    })
    const ids = recorded.filter((id) => id !== undefined)
    if (ids.length < recorded.length) continue
    for (const id of ids) run.known.add(id)
    known.add(item)
  }
  return known as ReadonlySet<number>
})
