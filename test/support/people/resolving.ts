/** The resolution of items (semantics, section 5), stated a second time: conflicts, and what becomes of an item. */
import type { Instant } from "../../../core/engine/Instant.ts"
import {
  accountsOf,
  countTogether,
  erased,
  group,
  holdings,
  type Identifier,
  isAccount,
  isOneOf,
  type Item,
  type Kept,
  lastRelease,
  type Model,
  type ModelEvent,
  named,
  newPerson,
  type Recorded,
} from "./model.ts"

/** The clock's now, and the `dateCreated` of what is recorded: later after a question of the same instant. */
export interface Now {
  readonly clock: Instant
  readonly recordedAt: Instant
}

/** An item that is refused; nothing is recorded and nothing is claimed. */
export interface Refused {
  readonly refused: "identifier_conflict" | "external_id_reused"
}

const isSame = (model: Model, one: string, other: string): boolean => group(model, one).has(other)

/** The people that an item names, the strongest first, each once. */
const peopleOf = (model: Model, { concordId, identifiers }: Pick<Item, "concordId" | "identifiers">) => [
  ...new Set([concordId, ...identifiers.map((each) => named(model, each))].filter((person) => person !== undefined)),
]

/** (b): an account that names no one cannot become one of a person that has, or had, another. */
const isOther = (model: Model, account: Identifier, person: string, item: Item): boolean => {
  const people = group(model, person)
  const held = holdings(model).filter((each) => each.end === Infinity && people.has(each.person))
  const hasAnother = held.some(({ identifier }) => identifier !== account && isOneOf(identifier, account))
  if (hasAnother && !model.without.has("another account of the kind is a conflict")) return true
  if (item.concordId !== undefined && people.has(item.concordId)) return false
  if (model.without.has("an account that was held is a conflict")) return false
  return accountsOf(model, people).some((each) => countTogether(account, each) && !item.identifiers.includes(each))
}

/** (c): the identifiers that were released or renamed after the item's date. */
const releasedAfter = (model: Model, { consentDate, identifiers }: Item): ReadonlyArray<Identifier> =>
  identifiers.filter((each) => consentDate !== undefined && consentDate < (lastRelease(model, each) ?? -Infinity))

/** Whether the identifiers of an item conflict, by (a), (b) or (c). */
export const isConflict = (model: Model, item: Item): boolean => {
  const people = peopleOf(model, item)
  if (people.some((each) => !isSame(model, each, people[0]!))) return !model.without.has("two people are a conflict")
  if (!model.without.has("a date before the release is a conflict") && releasedAfter(model, item).length > 0)
    return true
  const free = item.identifiers.filter((each) => isAccount(each) && named(model, each) === undefined)
  return people[0] !== undefined && free.some((account) => isOther(model, account, people[0]!, item))
}

const claim = (model: Model, identifier: Identifier, person: string, { recordedAt }: Now): void => {
  model.log.push({ kind: "claimed", identifier, person, dateCreated: recordedAt })
}

const say = (model: Model, item: Item, people: ReadonlyArray<string>, { clock, recordedAt }: Now) => {
  const events = people.map((person): ModelEvent => ({
    kind: "event",
    id: `event ${String(model.log.length).padStart(4, "0")} ${person}`,
    person,
    project: item.project,
    type: item.type,
    consentState: item.consentState,
    consentDate: item.consentDate ?? clock,
    item: model.items,
  }))
  model.items++
  model.log.push(...events.map((event) => ({ ...event, dateCreated: recordedAt })))
  return events
}

/** Records an item without a conflict. */
const recordPlainly = (model: Model, item: Item, now: Now): ReadonlyArray<ModelEvent> => {
  const people = peopleOf(model, item)
  const owner = people[0] ?? newPerson(model)
  for (const each of item.identifiers) if (named(model, each) === undefined) claim(model, each, owner, now)
  if (model.without.has("events belong to the member that is named")) {
    return say(model, item, [[...group(model, owner)].toSorted()[0]!], now)
  }
  const isForAll = item.consentState === "declined" && !model.without.has("a refusal counts for everyone named")
  return say(model, item, isForAll && people.length > 0 ? people : [owner], now)
}

/** Lets the accounts that name no one name people, for a refusal in a conflict. */
const claimAccounts = (model: Model, item: Item, free: ReadonlyArray<Identifier>, now: Now): void => {
  const gone = releasedAfter(model, item)
  for (const account of free.filter(isAccount)) {
    const others = item.identifiers.filter((each) => isAccount(each) && each !== account && !gone.includes(each))
    const person = others.map((each) => named(model, each)).find((each) => each !== undefined)
    const isOwn = person === undefined || isOther(model, account, person, item)
    const isGiven = isOwn && model.without.has("a refusal gives a new account a person of its own")
    const given = isGiven ? peopleOf(model, item)[0] : undefined
    claim(model, account, isOwn ? (given ?? newPerson(model)) : person, now)
  }
}

/** Records a refusal in a conflict: for everyone that its identifiers name, or named before a release. */
const recordRefusal = (model: Model, item: Item, now: Now): ReadonlyArray<ModelEvent> => {
  const { concordId, consentDate = now.clock, identifiers } = item
  const gone = releasedAfter(model, item)
  const isKept = !model.without.has("a refusal claims no identifier released after its date")
  const free = identifiers.filter((each) => named(model, each) === undefined && !(isKept && gone.includes(each)))
  claimAccounts(model, item, free, now)
  const formerly = (identifier: Identifier) =>
    holdings(model)
      .filter((each) => each.identifier === identifier)
      .filter(({ end }) => consentDate < end && end < Infinity && gone.includes(identifier))
      .map(({ person }) => person)
  // Of a refusal whose identifiers name no one any more, a new contact point is not given to those named before.
  for (const each of free.filter((each) => named(model, each) === undefined)) {
    claim(model, each, peopleOf(model, item)[0] ?? newPerson(model), now)
  }
  const people = [concordId, ...identifiers.flatMap((each) => [named(model, each), ...formerly(each)])].filter(
    (person) => person !== undefined,
  )
  if (model.without.has("a refusal counts for everyone named"))
    return say(model, item, peopleOf(model, item).slice(0, 1), now)
  const isPast = (person: string) => !peopleOf(model, item).includes(person)
  const isForPast = !model.without.has("a refusal counts for those named before the release")
  const all = isForPast ? people : people.filter((person) => !isPast(person))
  return say(model, item, [...new Set(all)], now)
}

/** `sharedContacts: "leave-out"`: the contact points to leave out; `undefined` if the item is refused all the same. */
const leftOutOf = (model: Model, item: Item): ReadonlyArray<Identifier> | undefined => {
  const own = { ...item, identifiers: item.identifiers.filter(isAccount) }
  if ((own.concordId === undefined && own.identifiers.length === 0) || isConflict(model, own)) return undefined
  const [person] = peopleOf(model, own)
  const gone = releasedAfter(model, item)
  return item.identifiers.filter((each) => {
    const other = named(model, each)
    const isOthers = other !== undefined && (person === undefined || !isSame(model, person, other))
    return !isAccount(each) && (gone.includes(each) || isOthers)
  })
}

/** Section 1, external ids: whether an item is the one that was kept. */
const isRepeat = (
  model: Model,
  item: Item,
  { item: first, recorded: { events, leftOut } }: Kept,
  sharedContacts: string,
): boolean => {
  const isFor = (person: string | undefined) => events.some((event) => event.person === person)
  // What the first item was recorded without stands only in an item that may be recorded without it, too.
  const stood = new Set(first.identifiers.filter((each) => sharedContacts === "leave-out" || !leftOut.includes(each)))
  const { concordId } = item
  return (
    item.type === first.type &&
    item.consentState === first.consentState &&
    (item.consentDate === undefined || item.consentDate === events[0]!.consentDate) &&
    (concordId === undefined || concordId === first.concordId || isFor(concordId)) &&
    item.identifiers.every((each) => stood.has(each) || isFor(named(model, each)))
  )
}

/** An item without a `concordId` that was erased. */
const withoutErased = (model: Model, item: Item): Item => {
  const { concordId, ...rest } = item
  if (concordId === undefined || model.without.has("an erased concordId names no one")) return item
  return erased(model).has(concordId) ? rest : item
}

/** Records an item, or refuses it. */
export const record = (
  model: Model,
  given: Item,
  now: Now,
  sharedContacts: "refuse" | "leave-out" = "refuse",
): Recorded | Refused => {
  const item = withoutErased(model, given)
  const key = item.externalId === undefined ? undefined : `${item.project} ${item.externalId}`
  const kept = key === undefined ? undefined : model.kept.get(key)
  if (kept !== undefined && isRepeat(model, item, kept, sharedContacts)) return kept.recorded
  if (kept !== undefined && item.consentState !== "declined") return { refused: "external_id_reused" }
  const recorded = recordNew(model, item, now, sharedContacts)
  if (key !== undefined && kept === undefined && !("refused" in recorded)) model.kept.set(key, { item, recorded })
  return recorded
}

const recordNew = (model: Model, item: Item, now: Now, sharedContacts: string): Recorded | Refused => {
  if (!isConflict(model, item)) return { events: recordPlainly(model, item, now), leftOut: [] }
  if (item.consentState === "declined") return { events: recordRefusal(model, item, now), leftOut: [] }
  const leftOut = sharedContacts === "refuse" ? undefined : leftOutOf(model, item)
  if (leftOut === undefined) return { refused: "identifier_conflict" }
  const isIgnored = model.without.has("a contact point that names another is left out")
  const identifiers = item.identifiers.filter((each) => !leftOut.includes(each) || isIgnored)
  return { events: recordPlainly(model, { ...item, identifiers }, now), leftOut }
}
