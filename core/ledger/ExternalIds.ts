/**
 * External ids: the callers' own ids of events, by which an event that is sent again is found (semantics, section 1).
 *
 * An external id is unique for a submitter in a project. The store keeps its hash, unique in the project: SHA-256 of
 * the id itself or, if an event of another submitter has that hash, of the submitter and the id. So the events of older
 * ledgers, whose hashes are all of the first kind, are found like any other.
 */
import { Effect } from "effect"
import type { Digest } from "effect/crypto"
import * as Admission from "../model/Admission.ts"
import type { Instant } from "../engine/Instant.ts"
import type { ProjectTypes } from "../model/Catalog.ts"
import type { StoredEvent } from "../ports/LedgerStore.ts"
import type { Batch } from "./Batch.ts"
import * as EventBody from "./EventBody.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as Sha256 from "./Sha256.ts"

/** The hash of an external id that no event of another submitter has. */
export const hashOf = (digest: Digest.Digest["Service"], externalId: string): Effect.Effect<string> =>
  Sha256.hex(digest, externalId)

/**
 * The hash of an external id that an event of another submitter has, too. The hashed text is longer than any external
 * id, so it is never the hash of another external id alone.
 */
export const hashOfSubmitter = (
  digest: Digest.Digest["Service"],
  submitter: string,
  externalId: string,
): Effect.Effect<string> => Sha256.hex(digest, submitter.padEnd(128, "\0") + externalId)

/** An external id that an event gets. */
export interface OwnId {
  /** As it is answered. */
  readonly text: string
  readonly hash: string
}

/**
 * The external id of one of the further events of a refusal that is recorded for several people, by its number, from 1:
 * derived from the external id of the first, so that they are found with it. Its hash is one of the submitter, because
 * another one could have given an event the same text.
 */
const furtherId = Effect.fnUntraced(function* (
  digest: Digest.Digest["Service"],
  submitter: string,
  first: string,
  number: number,
) {
  const text = yield* hashOfSubmitter(digest, submitter, `${first}\0${number}`)
  return { text, hash: yield* hashOfSubmitter(digest, submitter, text) } satisfies OwnId as OwnId
})

/** The external ids of the further events of a refusal, from 1 to `count`; of one without an external id, none. */
export const further = (
  first: OwnId | undefined,
  count: number,
  { submitter }: Pick<Batch, "submitter">,
  { digest }: Pick<LedgerContext, "digest">,
): Effect.Effect<ReadonlyArray<OwnId | undefined>> =>
  Effect.forEach(Array.from({ length: count }), (_, index) =>
    first === undefined ? Effect.undefined : furtherId(digest, submitter, first.text, index + 1),
  )

/** What is known of the external id of an item. */
export interface KnownId {
  /** The hash that an event with it has, or gets. */
  readonly hash: string
  /** The event of the submitter that has it. */
  readonly event: StoredEvent | undefined
}

/** The external ids of the items that have one, by the index of the item. */
export type KnownIds = ReadonlyMap<number, KnownId>

const none: KnownIds = new Map()

/** Looks hashes up, and returns what is known of them in their order. */
const lookUp = Effect.fnUntraced(function* (
  hashes: ReadonlyArray<string>,
  { project }: Batch,
  { store }: Pick<LedgerContext, "store">,
) {
  const events = hashes.length === 0 ? [] : yield* store.events.byExternalId(project, hashes)
  return hashes.map((hash, index): KnownId => ({ hash, event: events[index] }))
})

/** Finds what is known of the external ids of a batch. */
export const find = Effect.fnUntraced(function* (batch: Batch, context: Pick<LedgerContext, "digest" | "store">) {
  const { items, submitter } = batch
  const ids = [...new Set(items.flatMap(({ externalId }) => (externalId === undefined ? [] : [externalId])))]
  if (ids.length === 0) return none
  const { digest } = context
  const known = yield* lookUp(yield* Effect.forEach(ids, (id) => hashOf(digest, id)), batch, context)
  const byId = new Map(ids.map((id, index) => [id, known[index]!]))
  const others = ids.filter((id) => (byId.get(id)!.event?.submitter ?? submitter) !== submitter)
  const hashes = yield* Effect.forEach(others, (id) => hashOfSubmitter(digest, submitter, id))
  for (const [index, each] of (yield* lookUp(hashes, batch, context)).entries()) byId.set(others[index]!, each)
  return new Map(
    [...items.entries()].flatMap(([item, { externalId }]): ReadonlyArray<readonly [number, KnownId]> =>
      externalId === undefined ? [] : [[item, byId.get(externalId)!]],
    ),
  ) as KnownIds
})

/** How many further events are looked up at once: a refusal has one for each of its identifiers, or fewer. */
const furtherAtOnce = 4

/** The further events of a refusal that an external id was recorded with, in their order. */
export const furtherEvents = Effect.fnUntraced(function* (
  externalId: string,
  batch: Batch,
  context: Pick<LedgerContext, "digest" | "store">,
) {
  const { digest } = context
  const found: Array<StoredEvent> = []
  for (let number = 1; ; number += furtherAtOnce) {
    const numbers = Array.from({ length: furtherAtOnce }, (_, index) => number + index)
    const ids = yield* Effect.forEach(numbers, (each) => furtherId(digest, batch.submitter, externalId, each))
    // A restored event may have the hash of the text alone.
    const hashes = yield* Effect.forEach(ids, ({ hash, text }) =>
      Effect.map(hashOf(digest, text), (own) => [hash, own]),
    )
    const known = yield* lookUp(hashes.flat(), batch, context)
    for (const [index] of ids.entries()) {
      const own = known.slice(2 * index, 2 * index + 2).find(({ event }) => event?.submitter === batch.submitter)
      if (own?.event === undefined) return found
      found.push(own.event)
    }
  }
})

/**
 * Whether a draft can be what an event was recorded from, apart from the person: it has the type and the state of the
 * event and, if it has a `consentDate`, the one that the event was given.
 */
export const isSameEvent = (draft: Admission.Draft, event: StoredEvent, types: ProjectTypes): boolean => {
  const type = Admission.findType(draft, types)
  if ("code" in type || type.id !== event.consentType || draft.consentState !== event.consentState) return false
  return draft.consentDate === undefined || isDateOf(draft.consentDate, event)
}

/** Whether an event was given a `consentDate`. One that was ahead of the clock was recorded as another. */
const isDateOf = (given: Instant, event: StoredEvent): boolean => {
  const { consentDate, consentState, dateCreated } = event
  if (given === consentDate) return true
  if (consentState === "declined") return given === EventBody.claimedOf(event.body).claimedConsentDate
  const isCutOff = consentDate === dateCreated && given > dateCreated
  return isCutOff && given <= dateCreated + Admission.clockSkewMaxMillis
}
