/**
 * A batch: the events that one request records, all of them or none. Without runtime imports, because the description
 * of the HTTP API uses the limit.
 */
import type * as Admission from "../model/Admission.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import type * as People from "../model/People.ts"
import type { Session, StoredEvent } from "../ports/LedgerStore.ts"
import type { IdentifierFault } from "./Identifiers.ts"
import type { IdempotentRequest } from "./Idempotency.ts"

/** The most items of a batch. */
export const maxItems = 1000

/** A request to record events in a project. */
export interface Batch extends ProjectScope {
  /** The id of the API key, or the visitor's own id. */
  readonly submitter: string
  /** The visitor's session, if the events come in one. */
  readonly session?: Session
  /** 1 to {@link maxItems}. */
  readonly items: ReadonlyArray<Admission.Item>
  readonly idempotency?: IdempotentRequest
  /** The items that are not recorded, because they change no answer. Left out: none. */
  readonly settled?: SettledItems
  /** Of settled refusals with several people: the events that answer for the others. Left out: none. */
  readonly settledAlso?: ReadonlyMap<number, ReadonlyArray<StoredEvent>>
  /** Whether a conflict leaves contact points out instead of refusing an item. Left out: it is refused. */
  readonly sharedContacts?: "leave-out"
  /** The people of items that are erased: their `concordId` names no one. Left out: none was looked for. */
  readonly erased?: ReadonlySet<string>
}

/**
 * For each item that changes no answer, by its index: the event that decides already, or the index of an earlier item
 * that says the same.
 */
export type SettledItems = ReadonlyMap<number, StoredEvent | number>

/** An item, and its index in the batch, from 0. */
export interface NumberedItem {
  readonly item: number
  readonly draft: Admission.Item
}

/** One thing wrong with one item. */
export interface ItemViolation {
  /** The index of the item in the batch, from 0. */
  readonly item: number
  readonly code: Admission.AdmissionCode | IdentifierFault["code"] | "identifier_conflict" | "external_id_reused"
  readonly field: keyof Admission.Draft | keyof People.Identifiers | "externalId"
  readonly detail: string
}
