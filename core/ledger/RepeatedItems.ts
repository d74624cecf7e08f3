/**
 * Items that were recorded before: an item with the external id of an event is that event if it has the same type,
 * state and date, and if each of its identifiers stood in the first item or names a person that this was recorded for
 * (semantics, section 1).
 *
 * The ledger does not keep which identifiers an event came with. Each of them named a person of the event when it was
 * recorded, or until a release after its date; or it was a contact point of another person, which was left out.
 */
import { Effect } from "effect"
import * as Admission from "../model/Admission.ts"
import * as People from "../model/People.ts"
import { isContactPoint } from "../model/Resolution.ts"
import type { StoredEvent } from "../ports/LedgerStore.ts"
import type { Batch } from "./Batch.ts"
import * as ExternalIds from "./ExternalIds.ts"
import * as Joins from "./Joins.ts"
import type { AskedItem, KnownPeople } from "./KnownPeople.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** An item that was recorded before. */
export interface RepeatedItem {
  /** Its events, that of the strongest identifier first. */
  readonly events: readonly [StoredEvent, ...ReadonlyArray<StoredEvent>]
  /** The contact points that it was recorded without. */
  readonly leftOut: ReadonlyArray<People.Alias>
}

/** Everyone that was joined, when events were recorded, with one of their people. */
const peopleThen = Effect.fnUntraced(function* (events: RepeatedItem["events"], batch: Batch, context: LedgerContext) {
  const members = new Set<string>()
  for (const { concordId, dateCreated } of events) {
    const facts = yield* Joins.facts(batch.organization, concordId, context)
    for (const member of People.joinedWith(facts, concordId, dateCreated).members) members.add(member)
  }
  return members
})

/** The repeated item, if its identifiers are those of the events. */
const compare = Effect.fnUntraced(function* (
  { aliases, concordId, date, isRefusal, leavesOut }: AskedItem,
  events: RepeatedItem["events"],
  known: KnownPeople,
  batch: Batch,
  context: LedgerContext,
) {
  // An event with a visitor's external id is of its person or of one that is joined with it.
  if (batch.session !== undefined) return { events, leftOut: [] } satisfies RepeatedItem as RepeatedItem
  const recordedFor = new Set(events.map((event) => event.concordId))
  const mayBeLeftOut = (alias: People.Alias) => leavesOut && !isRefusal && isContactPoint(alias.kind)
  const isOfEvents = (alias: People.Alias) => known.named(alias).some((person) => recordedFor.has(person))
  const open = aliases.filter((alias) => mayBeLeftOut(alias) || !isOfEvents(alias))
  const isNamed = concordId === undefined || recordedFor.has(concordId)
  if (isNamed && open.length === 0) return { events, leftOut: [] } satisfies RepeatedItem
  const people = yield* peopleThen(events, batch, context)
  if (!isNamed && !people.has(concordId)) return undefined
  const { dateCreated } = events[0]
  const hashes = open.flatMap(({ earlier = [], hash }) => [hash, ...earlier])
  const states = hashes.length === 0 ? [] : yield* context.store.people.byAlias(batch.organization, hashes, dateCreated)
  const then = new Map(hashes.map((hash, index) => [hash, states[index]?.concordId]))
  const leftOut: Array<People.Alias> = []
  for (const alias of open) {
    const named = [alias.hash, ...(alias.earlier ?? [])].flatMap((hash) => then.get(hash) ?? [])
    const formerly = known.formerly(alias, date, dateCreated)
    const isOne = named.some((person) => people.has(person))
    if (mayBeLeftOut(alias) && (formerly !== undefined || (named.length > 0 && !isOne))) leftOut.push(alias)
    else if (!isOne && !isOfEvents(alias) && formerly?.some((person) => recordedFor.has(person)) !== true)
      return undefined
  }
  return { events, leftOut } satisfies RepeatedItem
})

/** The events of an item whose external id an event of its submitter has; `undefined` if it is another item. */
export const recorded = Effect.fnUntraced(function* (
  draft: Admission.Item,
  item: AskedItem,
  first: StoredEvent,
  known: KnownPeople,
  batch: Batch,
  context: LedgerContext,
) {
  if (!ExternalIds.isSameEvent(draft, first, batch.types)) return undefined
  const further = item.isRefusal ? yield* ExternalIds.furtherEvents(draft.externalId!, batch, context) : []
  return yield* compare(item, [first, ...further], known, batch, context)
})

/** An item of the batch with an external id that no item before it has, and the people that it is recorded for. */
export interface FirstItem {
  readonly item: number
  readonly draft: Admission.Item
  readonly event: Admission.Admitted
  readonly asked: AskedItem
  readonly people: ReadonlyArray<string>
  readonly leftOut: ReadonlyArray<People.Alias>
}

/** Whether an item is the same event as one before it in the batch. */
export const isRepeatOf = (
  first: FirstItem,
  draft: Admission.Item,
  { aliases, concordId }: AskedItem,
  known: KnownPeople,
  { types }: Batch,
): boolean => {
  const type = Admission.findType(draft, types)
  const { asked, event, people } = first
  if ("code" in type || type.id !== event.type.id || draft.consentState !== event.consentState) return false
  const { consentDate } = draft
  const firstDate = first.draft.consentDate ?? event.consentDate
  if (consentDate !== undefined && !ExternalIds.isSameDate(draft, consentDate, firstDate)) return false
  const hashes = new Set(asked.aliases.map(({ hash }) => hash))
  const isNamed = [asked.concordId, undefined, ...people].includes(concordId)
  return (
    isNamed &&
    aliases.every((alias) => hashes.has(alias.hash) || known.named(alias).some((each) => people.includes(each)))
  )
}
