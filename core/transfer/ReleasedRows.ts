/**
 * Rows that an earlier import recorded before one of their identifiers was released or renamed. Their identifiers are
 * compared as they named people when the events were recorded, because by what they name now the row would be in a
 * conflict, or would be recorded for another person, though nothing in it is new.
 */
import { Clock, Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import type * as Instant from "../engine/Instant.ts"
import type { NumberedItem } from "../ledger/Batch.ts"
import * as ItemPeople from "../ledger/ItemPeople.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Admission from "../model/Admission.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import type { ImportRun } from "./ImportRun.ts"
import * as KnownRows from "./KnownRows.ts"

/** An item that may be recorded but for its identifiers, one of which was released. */
interface ReleasedItem extends NumberedItem {
  readonly event: Admission.Admitted
  readonly concordId: string | undefined
  readonly aliases: ReadonlyArray<People.Alias>
  /** The people that its identifiers name, or named until they were released. */
  readonly people: ReadonlyArray<string>
  /** The people that its identifiers name now. */
  readonly now: ReadonlyArray<string>
}

const hashesOf = (items: ReadonlyArray<Pick<ReleasedItem, "aliases">>): ReadonlyArray<string> => [
  ...new Set(items.flatMap(({ aliases }) => aliases.flatMap(People.hashesOf))),
]

/** The items with an identifier that was released. */
const releasedOf = Effect.fnUntraced(function* (
  items: ReadonlyArray<NumberedItem>,
  scope: ProjectScope,
  context: LedgerContext,
) {
  const { organization, project, types } = scope
  const clock = yield* Clock.currentTimeMillis
  const hashed = yield* ItemPeople.hash(
    items.map(({ draft }) => draft),
    scope,
    context,
  )
  const admitted = items.flatMap(({ draft, item }, index) => {
    const person = hashed[index]!
    const event = Admission.admit(draft, types, project, { clock, recordedAt: clock })
    return "aliases" in person && "type" in event ? [{ ...person, item, draft, event }] : []
  })
  const hashes = hashesOf(admitted)
  const formerly = hashes.length === 0 ? [] : yield* context.store.people.formerly(organization, hashes)
  const named = new Map(hashes.map((hash, index) => [hash, formerly[index]!.map(({ concordId }) => concordId)]))
  const released = admitted.filter((each) => hashesOf([each]).some((hash) => named.get(hash)!.length > 0))
  const now = released.length === 0 ? [] : yield* context.store.people.byAlias(organization, hashes)
  const namedNow = new Map(hashes.map((hash, index) => [hash, now[index]?.concordId ?? []]))
  return released.map((each): ReleasedItem => {
    const own = hashesOf([each])
    const ofNow = own.flatMap((hash) => namedNow.get(hash)!)
    const people = [
      ...(each.concordId === undefined ? [] : [each.concordId]),
      ...own.flatMap((hash) => named.get(hash)!),
      ...ofNow,
    ]
    return { ...each, people: [...new Set(people)], now: ofNow }
  })
})

/** Whether all of some people are joined with a person now. */
const areOne = Effect.fnUntraced(function* (
  people: ReadonlyArray<string>,
  person: string,
  { organization }: ProjectScope,
  context: LedgerContext,
) {
  for (const each of people) if (!(yield* Joins.areOne(organization, each, person, context))) return false
  return true
})

/**
 * The events that an item is, of those of one instant: of a refusal one for each person that an identifier named then,
 * of another item that of one of these people, if the others are joined with it. `undefined` if it is another item. So
 * is a refusal that the ledger dates, if an identifier names another person now, because that person may have said it.
 */
const sameAt = Effect.fnUntraced(function* (
  { aliases, concordId, draft, event, now }: ReleasedItem,
  events: ReadonlyArray<ConsentEvent>,
  named: ReadonlyMap<string, string>,
  scope: ProjectScope,
  context: LedgerContext,
) {
  const people = new Set(concordId === undefined ? [] : [concordId])
  for (const alias of aliases) {
    const ofAlias = People.hashesOf(alias).flatMap((hash) => named.get(hash) ?? [])
    if (ofAlias.length === 0) return undefined
    for (const person of ofAlias) people.add(person)
  }
  if (event.isDatedByLedger === true && now.some((person) => !people.has(person))) return undefined
  const eventOf = (person: string) => events.find((each) => each.concordId === person)
  const found = [...people].flatMap((person) => eventOf(person) ?? [])
  if (found.length === people.size) return draft.consentState === "declined" ? found : found.slice(0, 1)
  const [first] = found
  if (draft.consentState === "declined" || first === undefined) return undefined
  return (yield* areOne([...people], first.concordId, scope, context)) ? [first] : undefined
})

/**
 * Finds the items, of any that are refused or claim something, that say what events say that were recorded before the
 * run began and before one of their identifiers was released, and that no earlier row of the run is. `texts` are the
 * texts of the items' rows. An item with an external id is known by that alone.
 */
export const find = Effect.fnUntraced(function* (
  items: ReadonlyArray<NumberedItem>,
  texts: (item: number) => string,
  run: ImportRun,
  scope: ProjectScope,
  context: LedgerContext,
) {
  const known = new Set<number>()
  const asked = items.filter(({ draft }) => draft.externalId === undefined)
  const released = asked.length === 0 ? [] : yield* releasedOf(asked, scope, context)
  if (released.length === 0) return known as ReadonlySet<number>
  const hashes = hashesOf(released)
  const namedThen = new Map<Instant.Instant, ReadonlyMap<string, string>>()
  const namedAt = Effect.fnUntraced(function* (dateCreated: Instant.Instant) {
    const kept = namedThen.get(dateCreated)
    if (kept !== undefined) return kept
    const found = yield* context.store.people.byAlias(scope.organization, hashes, dateCreated)
    const named = new Map(hashes.flatMap((hash, index) => (found[index] ? [[hash, found[index].concordId]] : [])))
    namedThen.set(dateCreated, named)
    return named
  })
  const rows = released.flatMap((each) => each.people.map((concordId) => ({ ...each, concordId })))
  const recordedFor = yield* KnownRows.recordedBefore(rows, run, scope, context)
  for (const item of released) {
    const before = run.known.of(texts(item.item))
    const events = item.people.flatMap((concordId) =>
      recordedFor({ ...item, concordId })
        .filter(({ id }) => run.known.of(id) === 0)
        .slice(before),
    )
    for (const [dateCreated, ofInstant] of Map.groupBy(events, (event) => event.dateCreated)) {
      const same = yield* sameAt(item, ofInstant, yield* namedAt(dateCreated), scope, context)
      if (same === undefined) continue
      for (const { id } of same) run.known.add(id)
      known.add(item.item)
      break
    }
  }
  return known as ReadonlySet<number>
})
