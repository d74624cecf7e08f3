/**
 * Planning a batch: every item is admitted and its people resolved, against the ledger as it is now
 * (semantics, sections 1 and 5).
 */
import { Effect } from "effect"
import * as Admission from "../model/Admission.ts"
import * as People from "../model/People.ts"
import * as Resolution from "../model/Resolution.ts"
import type { Append, StoredEvent } from "../ports/LedgerStore.ts"
import type { Batch, ItemViolation, NumberedItem } from "./Batch.ts"
import * as ExternalIds from "./ExternalIds.ts"
import * as Identifiers from "./Identifiers.ts"
import * as ItemPeople from "./ItemPeople.ts"
import * as KnownPeople from "./KnownPeople.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as RepeatedItems from "./RepeatedItems.ts"
import * as SharedContacts from "./SharedContacts.ts"

/** An event to record: of an item that may be recorded, for one of its people. */
export interface AdmittedItem extends NumberedItem {
  readonly event: Admission.Admitted
  readonly concordId: string
  /** `undefined` if it has none or is recorded without it. */
  readonly externalId: ExternalIds.OwnId | undefined
}

/** By the index of an item, the members that it is recorded without. */
export type LeftOut = ReadonlyMap<number, ReadonlyArray<string>>

/** The items to record and the aliases they claim; where there are violations, nothing may be recorded. */
export interface BatchPlan {
  readonly violations: ReadonlyArray<ItemViolation>
  readonly claims: ReadonlyArray<People.Claim>
  /** The people that get an account, or an alias of which is completed, with the revisions that were read. */
  readonly seen: Required<Append>["seen"]
  /** Facts about contact points that are left out. */
  readonly facts: ReadonlyArray<People.Fact>
  /** In the order of the items; of one item, that of its strongest identifier first. */
  readonly admitted: ReadonlyArray<AdmittedItem>
  /** By the index of an item that is not recorded: the event that answers it, or the index of an item before it. */
  readonly repeated: ReadonlyMap<number, StoredEvent | number>
  /** By the index of a refusal that is not recorded: the events that answer for its other people. */
  readonly alsoRecorded: ReadonlyMap<number, ReadonlyArray<StoredEvent>>
  readonly leftOut: LeftOut
  /** The items of {@link leftOut} that contact points were left out of. */
  readonly withoutContacts: ReadonlySet<number>
  /** Whether what was read has changed meanwhile: the plan must be made again. */
  readonly isMoved: boolean
}

const advice = (kind: string, detail: string): string =>
  Resolution.isContactPoint(kind) ? `${detail}, or send sharedContacts "leave-out"` : detail

const detailOf = ({ because, kind, with: other = "concordId" }: Resolution.Conflict): string => {
  switch (because) {
    case "person":
      return kind === other
        ? `earlier spellings of this ${kind} name several people`
        : advice(kind, `names another person than ${other} does; nothing is merged without proof`)
    case "account":
      return advice(other, `is new, and the person that ${other} names has another account: leave ${other} out`)
    case "released":
      return advice(kind, "was released after consentDate: it named another person then")
  }
}

const conflictOf = (item: number, conflict: Resolution.Conflict): ItemViolation => ({
  item,
  code: "identifier_conflict",
  field: conflict.kind,
  detail: detailOf(conflict),
})

const reusedOf = (item: number): ItemViolation => ({
  item,
  code: "external_id_reused",
  field: "externalId",
  detail: "another event of this API key has this external id: give this one its own, or leave it out",
})

/** An item as it is planned. */
interface Candidate extends NumberedItem {
  readonly event: Admission.Admitted | ReadonlyArray<Admission.AdmissionFault>
  readonly person: ItemPeople.ItemPerson
  /** `undefined` if its identifiers are faulty. */
  readonly asked: KnownPeople.AskedItem | undefined
}

/** The `consentDate` of an item that has one, and is recorded with it. */
const dateOf = ({ consentDate }: Admission.Item, event: Candidate["event"]) =>
  consentDate === undefined || !("type" in event) || event.isDatedByLedger === true ? undefined : event.consentDate

const candidatesOf = Effect.fnUntraced(function* (batch: Batch, instants: Admission.Instants, context: LedgerContext) {
  const { items, project, sharedContacts, types } = batch
  const people = yield* ItemPeople.hash(items, batch, context)
  return items.map((draft, item): Candidate => {
    const person = people[item]!
    const event = Admission.admit(draft, types, project, instants)
    if ("faults" in person) return { item, draft, event, person, asked: undefined }
    const isRefusal = draft.consentState === "declined"
    const { aliases, concordId } = person
    const leavesOut = sharedContacts === "leave-out"
    return {
      item,
      draft,
      event,
      person,
      asked: { concordId, aliases, isRefusal, leavesOut, date: dateOf(draft, event) },
    }
  })
})

/**
 * Plans the items of a batch, one after the other: an alias that one item claims names the same person for the items
 * after it. An item that may not be recorded claims nothing.
 */
export const make = Effect.fnUntraced(function* (
  batch: Batch,
  knownIds: ExternalIds.KnownIds,
  instants: Admission.Instants,
  context: LedgerContext,
) {
  const { organization, settled, settledAlso } = batch
  const candidates = yield* candidatesOf(batch, instants, context)
  const open = candidates.flatMap(({ asked, item }) =>
    asked === undefined || settled?.has(item) === true ? [] : asked,
  )
  const known = yield* KnownPeople.make(open, organization, context)
  yield* known.prepare(open)
  const violations: Array<ItemViolation> = []
  const claims: Array<People.Claim> = []
  const seen = new Map<string, number>()
  const shared = SharedContacts.make()
  const admitted: Array<AdmittedItem> = []
  const repeated = new Map<number, StoredEvent | number>(settled)
  const alsoRecorded = new Map<number, ReadonlyArray<StoredEvent>>(settledAlso)
  const leftOut = new Map<number, ReadonlyArray<string>>()
  const withoutContacts = new Set<number>()
  const firsts = new Map<string, RepeatedItems.FirstItem>()

  const leaveOut = (item: number, aliases: ReadonlyArray<People.Alias>): void => {
    if (aliases.length === 0) return
    leftOut.set(item, [...(leftOut.get(item) ?? []), ...aliases.map(({ kind }) => kind)])
    withoutContacts.add(item)
  }

  /** Claims an alias for a person: one that gets an account must not get another one meanwhile. */
  const claim = (alias: People.Alias, concordId: string, needsRevision: boolean): void => {
    known.claim(alias, concordId)
    claims.push(Identifiers.claimOf(alias, concordId, instants.recordedAt))
    if (!needsRevision) return
    for (const each of known.seen(concordId)) seen.set(each.concordId, each.revision)
  }

  /** Answers an item with what was recorded for it before, if it was. */
  const repeat = Effect.fnUntraced(function* (
    { draft, item }: Candidate,
    asked: KnownPeople.AskedItem,
    { event, hash }: ExternalIds.KnownId,
  ) {
    const first = firsts.get(hash)
    if (first !== undefined) {
      if (!RepeatedItems.isRepeatOf(first, draft, asked, known, batch)) return false
      repeated.set(item, first.item)
      const without = withoutContacts.has(first.item) ? leftOut.get(first.item)! : []
      leaveOut(
        item,
        asked.aliases.filter(({ kind }) => Resolution.isContactPoint(kind) && without.includes(kind)),
      )
      return true
    }
    const same = event && (yield* RepeatedItems.recorded(draft, asked, event, known, batch, context))
    if (same === undefined) return false
    const [own, ...further] = same.events
    repeated.set(item, own)
    if (further.length > 0) alsoRecorded.set(item, further)
    leaveOut(item, same.leftOut)
    return true
  })

  /** Adds the events of a resolved item, and what it claims. */
  const admit = Effect.fnUntraced(function* (
    { draft, item }: Candidate,
    event: Admission.Admitted,
    asked: KnownPeople.AskedItem,
    resolved: Resolution.Resolved,
    externalId: ExternalIds.OwnId | undefined,
  ) {
    const isNew = resolved.people.includes(Resolution.newPerson)
    const id = isNew ? yield* context.random.uuidV7() : Resolution.newPerson
    if (isNew) known.add(id)
    const idOf = (concordId: string) => (concordId === Resolution.newPerson ? id : concordId)
    for (const alias of asked.aliases) {
      const own = resolved.leftOut.includes(alias) ? undefined : known.toComplete(alias)
      if (own !== undefined) claim(alias, own, true)
    }
    for (const { alias, concordId } of resolved.claims) {
      claim(alias, idOf(concordId), Resolution.isAccountKind(alias.kind))
    }
    for (const alias of resolved.leftOut)
      shared.add(alias, known.named(alias)[0] ?? known.formerly(alias, asked.date)?.[0])
    leaveOut(item, resolved.leftOut)
    const people = resolved.people.map(idOf)
    const further = yield* ExternalIds.further(externalId, people.length - 1, batch, context)
    for (const [index, concordId] of people.entries()) {
      admitted.push({ draft, item, event, concordId, externalId: index === 0 ? externalId : further[index - 1] })
    }
    if (externalId !== undefined) firsts.set(externalId.hash, { item, draft, event, asked, people })
  })

  for (const candidate of candidates) {
    const { asked, draft, event, item, person } = candidate
    if ("aliases" in person && person.leftOut !== undefined) leftOut.set(item, person.leftOut)
    if (settled?.has(item) === true) continue
    const knownId = knownIds.get(item)
    let externalId = knownId && { hash: knownId.hash, text: draft.externalId! }
    const faults: Array<ItemViolation> = []
    if (asked !== undefined && !known.isPrepared(asked)) yield* known.prepare([asked])
    if (knownId !== undefined && (knownId.event !== undefined || firsts.has(knownId.hash))) {
      if (asked !== undefined && (yield* repeat(candidate, asked, knownId))) continue
      if (draft.consentState !== "declined") faults.push(reusedOf(item))
      externalId = undefined
    }
    if (!("type" in event)) faults.push(...event.map((fault) => ({ item, ...fault })))
    if ("faults" in person) faults.push(...person.faults.map((fault) => ({ item, ...fault })))
    const resolution = asked && known.resolve(asked)
    if (resolution !== undefined && "conflicts" in resolution) {
      faults.push(...resolution.conflicts.map((conflict) => conflictOf(item, conflict)))
    } else if (resolution !== undefined && asked !== undefined && faults.length === 0 && "type" in event) {
      yield* admit(candidate, event, asked, resolution, externalId)
    }
    violations.push(...faults)
  }
  return {
    violations,
    claims,
    ...(yield* shared.facts(batch, seen, context)),
    admitted,
    repeated,
    alsoRecorded,
    leftOut,
    withoutContacts,
    isMoved: known.isMoved(),
  } satisfies BatchPlan as BatchPlan
})
