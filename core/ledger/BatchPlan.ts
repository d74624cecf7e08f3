/**
 * Planning a batch: every item is admitted and its people resolved, against the ledger as it is now
 * (semantics, sections 1 and 5).
 */
import { Effect } from "effect"
import * as Admission from "../model/Admission.ts"
import type * as People from "../model/People.ts"
import type { Append, StoredEvent } from "../ports/LedgerStore.ts"
import type { Batch, ItemViolation, NumberedItem } from "./Batch.ts"
import type * as ExternalIds from "./ExternalIds.ts"
import * as IdentifierConflicts from "./IdentifierConflicts.ts"
import * as ItemPeople from "./ItemPeople.ts"
import * as KnownPeople from "./KnownPeople.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PlannedEvents from "./PlannedEvents.ts"
import * as RepeatedItems from "./RepeatedItems.ts"
import * as SessionRegion from "./SessionRegion.ts"
import * as SharedContacts from "./SharedContacts.ts"

export type { AdmittedItem } from "./PlannedEvents.ts"

/** By the index of an item, the members that it is recorded without. */
export type LeftOut = ReadonlyMap<number, ReadonlyArray<string>>

/** The items to record and the aliases they claim; where there are violations, nothing may be recorded. */
export interface BatchPlan {
  readonly violations: ReadonlyArray<ItemViolation>
  readonly claims: ReadonlyArray<People.Claim>
  /** The people whose revisions must be those that were read. */
  readonly seen: Required<Append>["seen"]
  /** Facts about contact points that are left out, and about the region of the session, without their instant. */
  readonly facts: ReadonlyArray<People.Fact>
  /** The people that are made by the plan. */
  readonly newPeople: ReadonlySet<string>
  /** In the order of the items; of one item, the event of its strongest identifier first. */
  readonly admitted: ReadonlyArray<PlannedEvents.AdmittedItem>
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

const reusedOf = (item: number): ItemViolation => ({
  item,
  code: "external_id_reused",
  field: "externalId",
  detail: "another event of this sender has this external id: give this one its own, or leave it out",
})

/** An item as it is planned. */
interface Candidate extends NumberedItem {
  readonly event: Admission.Admitted | ReadonlyArray<Admission.AdmissionFault>
  readonly person: ItemPeople.ItemPerson
  /** `undefined` if its identifiers are faulty. */
  readonly asked: KnownPeople.AskedItem | undefined
}

/** The `consentDate` of an item that has one and is recorded with it. */
const dateOf = ({ consentDate }: Admission.Item, event: Candidate["event"]) =>
  consentDate === undefined || !("type" in event) || event.isDatedByLedger === true ? undefined : event.consentDate

const candidatesOf = Effect.fnUntraced(function* (batch: Batch, instants: Admission.Instants, context: LedgerContext) {
  const { items, project, sharedContacts, types } = batch
  const people = yield* ItemPeople.hash(items, batch, context)
  const leavesOut = sharedContacts === "leave-out"
  return items.map((draft, item): Candidate => {
    const person = people[item]!
    const event = Admission.admit(draft, types, project, instants)
    if ("faults" in person) return { item, draft, event, person, asked: undefined }
    const { aliases, concordId } = person
    const isRefusal = draft.consentState === "declined"
    const isErased = concordId !== undefined && batch.erased?.has(concordId) === true
    const asked = {
      concordId: isErased ? undefined : concordId,
      aliases,
      isRefusal,
      leavesOut,
      date: dateOf(draft, event),
    }
    return { item, draft, event, person, asked }
  })
})

/** What was recorded before for the items of a plan, and what all items leave out. */
const makeAnswers = (batch: Batch, known: KnownPeople.KnownPeople, context: LedgerContext) => {
  const { settled, settledAlso } = batch
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
  return {
    repeated,
    alsoRecorded,
    leftOut,
    withoutContacts,
    firsts,
    leaveOut,
    /** Answers an item that was recorded before, or that an item before it is. Returns whether it is one. */
    repeat: Effect.fnUntraced(function* (
      { asked, draft, item }: Candidate & { readonly asked: KnownPeople.AskedItem },
      { event, hash }: ExternalIds.KnownId,
    ) {
      const first = firsts.get(hash)
      if (first !== undefined) {
        if (!RepeatedItems.isRepeatOf(first, draft, asked, known, batch)) return false
        repeated.set(item, first.item)
        const kinds = new Set(first.leftOut.map(({ kind }) => kind))
        leaveOut(
          item,
          asked.aliases.filter(({ kind }) => kinds.has(kind)),
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
    }),
  }
}

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
  const { organization, settled } = batch
  const candidates = yield* candidatesOf(batch, instants, context)
  const open = candidates.flatMap(({ asked, item }) => (settled?.has(item) === true ? [] : (asked ?? [])))
  const known = yield* KnownPeople.make(open, organization, context)
  yield* known.prepare(open)
  const violations: Array<ItemViolation> = []
  const events = PlannedEvents.make(known, instants)
  const { firsts, leaveOut, repeat, ...answers } = makeAnswers(batch, known, context)

  for (const candidate of candidates) {
    const { asked, draft, event, item, person } = candidate
    if ("aliases" in person && person.leftOut !== undefined) answers.leftOut.set(item, person.leftOut)
    if (settled?.has(item) === true) continue
    const plain = asked && known.resolvePlain(asked)
    if (asked !== undefined && plain === undefined) yield* known.prepare([asked])
    const knownId = knownIds.get(item)
    let externalId = knownId && { hash: knownId.hash, text: draft.externalId! }
    const faults: Array<ItemViolation> = []
    if (knownId !== undefined && (knownId.event !== undefined || firsts.has(knownId.hash))) {
      if (asked !== undefined && (yield* repeat({ ...candidate, asked }, knownId))) continue
      if (draft.consentState !== "declined") faults.push(reusedOf(item))
      externalId = undefined
    }
    if (!("type" in event)) faults.push(...event.map((fault) => ({ item, ...fault })))
    if ("faults" in person) faults.push(...person.faults.map((fault) => ({ item, ...fault })))
    const resolved = plain ?? (asked && known.resolve(asked))
    if (resolved !== undefined && "conflicts" in resolved) {
      faults.push(...IdentifierConflicts.violationsOf(item, resolved))
    } else if (asked !== undefined && resolved !== undefined && faults.length === 0 && "type" in event) {
      const planned = { item, draft, event, asked, resolved, externalId }
      const people = events.add(planned, yield* PlannedEvents.idsOf(planned, batch, context))
      leaveOut(item, resolved.leftOut)
      const { leftOut } = resolved
      if (externalId !== undefined) firsts.set(externalId.hash, { item, draft, event, asked, people, leftOut })
    }
    violations.push(...faults)
  }
  const { admitted, claims, newPeople, seen, shared } = events
  const noted = shared.size === 0 ? undefined : yield* SharedContacts.facts(shared, batch, context)
  const region = admitted.length === 0 ? undefined : yield* SessionRegion.of(batch, context)
  const ofRegion = (region?.seen ?? []).map(({ concordId, revision }) => [concordId, revision] as const)
  const revisions = new Map([...(noted?.revisions ?? []), ...ofRegion, ...seen])
  return {
    violations,
    claims,
    facts: [...(noted?.facts ?? []), ...(region === undefined ? [] : [region.fact])],
    seen: [...revisions].map(([concordId, revision]) => ({ concordId, revision })),
    newPeople,
    admitted,
    ...answers,
    isMoved: known.isMoved(),
  } satisfies BatchPlan as BatchPlan
})
