/**
 * Planning a batch: every item is admitted and its person resolved, against the ledger as it is now
 * (semantics, sections 1 and 5).
 */
import { Effect } from "effect"
import * as Admission from "../model/Admission.ts"
import * as People from "../model/People.ts"
import type { StoredEvent } from "../ports/LedgerStore.ts"
import type { Batch, ItemViolation, NumberedItem } from "./Batch.ts"
import * as ExternalIds from "./ExternalIds.ts"
import * as Identifiers from "./Identifiers.ts"
import * as ItemPeople from "./ItemPeople.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** An item that may be recorded, and its person. */
export interface AdmittedItem extends NumberedItem {
  readonly event: Admission.Admitted
  readonly concordId: string
  /** The hash of its external id; `undefined` if it has none or is recorded without it. */
  readonly externalId: string | undefined
}

/** By the index of a refusal, the members that it is recorded without, because they cannot be read. */
export type LeftOut = ReadonlyMap<number, ReadonlyArray<string>>

/** The items to record and the aliases they claim; where there are violations, nothing may be recorded. */
export interface BatchPlan {
  readonly violations: ReadonlyArray<ItemViolation>
  readonly claims: ReadonlyArray<People.Claim>
  readonly admitted: ReadonlyArray<AdmittedItem>
  /** By the index of an item that is not recorded: the event that answers it, or the index of an item before it. */
  readonly repeated: ReadonlyMap<number, StoredEvent | number>
  readonly leftOut: LeftOut
}

const conflictOf = (
  item: number,
  { kind, with: other }: { readonly kind: string; readonly with: string },
): ItemViolation => ({
  item,
  code: "identifier_conflict",
  field: kind as keyof People.Identifiers,
  detail: `names another person than ${other} does; nothing is merged without proof`,
})

const reusedOf = (item: number): ItemViolation => ({
  item,
  code: "external_id_reused",
  field: "externalId",
  detail: "another event of this API key has this external id: give this one its own, or leave it out",
})

/** An item of the batch with an external id that no item before it has, and its person. */
interface FirstItem extends AdmittedItem {
  readonly person: ItemPeople.HashedPerson
}

/** Whether an item is the same event as one before it in the batch. */
const isRepeatOf = (
  first: FirstItem,
  draft: Admission.Item,
  person: ItemPeople.HashedPerson,
  named: ReadonlyMap<string, string | undefined>,
  { types }: Batch,
): boolean => {
  const type = Admission.findType(draft, types)
  const { concordId, event } = first
  if ("code" in type || type.id !== event.type.id || draft.consentState !== event.consentState) return false
  const { consentDate } = draft
  if (consentDate !== undefined && consentDate !== (first.draft.consentDate ?? event.consentDate)) return false
  const hashes = new Set(first.person.aliases.map(({ hash }) => hash))
  const isNamed = [concordId, first.person.concordId, undefined].includes(person.concordId)
  return isNamed && person.aliases.every(({ hash }) => hashes.has(hash) || named.get(hash) === concordId)
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
  const { items, organization, project, settled, types } = batch
  const people = yield* ItemPeople.hash(items, batch, context)
  const named = yield* ItemPeople.namedBy(organization, people, context)
  const survivors = yield* ItemPeople.survivorsOf(organization, people, named, context)
  const isSame = (one: string, other: string) => survivors.has(one) && survivors.get(one) === survivors.get(other)
  const violations: Array<ItemViolation> = []
  const claims: Array<People.Claim> = []
  const admitted: Array<AdmittedItem> = []
  const repeated = new Map<number, StoredEvent | number>(settled)
  const leftOut = new Map<number, ReadonlyArray<string>>()
  const firsts = new Map<string, FirstItem>()

  /** The event or the item of the batch that an item is the same as, if there is one. */
  const sameAs = (draft: Admission.Item, person: ItemPeople.ItemPerson, { event, hash }: ExternalIds.KnownId) =>
    Effect.gen(function* () {
      if ("faults" in person) return undefined
      const first = firsts.get(hash)
      if (first !== undefined) return isRepeatOf(first, draft, person, named, batch) ? first.item : undefined
      if (event === undefined || !ExternalIds.isSameEvent(draft, event, types)) return undefined
      return (yield* ItemPeople.nameEventPerson(person, event, named, organization, context)) ? event : undefined
    })

  for (const [item, draft] of items.entries()) {
    const person = people[item]!
    if ("aliases" in person && person.leftOut !== undefined) leftOut.set(item, person.leftOut)
    if (settled?.has(item) === true) continue
    const knownId = knownIds.get(item)
    let externalId = knownId?.hash
    const faults: Array<ItemViolation> = []
    if (knownId !== undefined && (knownId.event !== undefined || firsts.has(knownId.hash))) {
      const same = yield* sameAs(draft, person, knownId)
      if (same !== undefined) {
        repeated.set(item, same)
        continue
      }
      if (draft.consentState !== "declined") faults.push(reusedOf(item))
      externalId = undefined
    }
    const event = Admission.admit(draft, types, project, instants)
    if (!("type" in event)) faults.push(...event.map((fault) => ({ item, ...fault })))
    const resolution =
      "faults" in person ? person : People.resolve(person.concordId, person.aliases, (hash) => named.get(hash), isSame)
    if ("faults" in resolution) faults.push(...resolution.faults.map((fault) => ({ item, ...fault })))
    else if ("conflict" in resolution) faults.push(conflictOf(item, resolution.conflict))
    else if (faults.length === 0 && "type" in event) {
      const concordId = resolution.concordId ?? (yield* context.random.uuidV7())
      for (const alias of resolution.unclaimed) {
        named.set(alias.hash, concordId)
        claims.push(Identifiers.claimOf(alias, concordId, instants.recordedAt))
      }
      const each: AdmittedItem = { draft, item, event, concordId, externalId }
      admitted.push(each)
      if (externalId !== undefined && "aliases" in person) firsts.set(externalId, { ...each, person })
    }
    violations.push(...faults)
  }
  return { violations, claims, admitted, repeated, leftOut } satisfies BatchPlan
})
