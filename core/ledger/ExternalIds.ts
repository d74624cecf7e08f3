/**
 * External ids: the callers' own ids of events, by which an event that is sent again is found (semantics, section 1).
 *
 * An external id is unique for an API key in a project; for a visitor, among its person and everyone that is joined
 * with it, because the page sends its items again after the visitor was identified. It is personal data, because a
 * company may put anything into it: the event holds a commitment to it, and the store keeps its HMAC with the
 * organization's key, unique in the project, until the person is erased.
 */
import { Effect } from "effect"
import type { Digest } from "effect/crypto"
import * as Admission from "../model/Admission.ts"
import type { Instant } from "../engine/Instant.ts"
import type { ProjectTypes } from "../model/Catalog.ts"
import type { StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { Batch } from "./Batch.ts"
import * as EventBody from "./EventBody.ts"
import * as HashHex from "./HashHex.ts"
import type { Hasher } from "./Identifiers.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as Sha256 from "./Sha256.ts"

/** What hashing and looking up external ids needs of the ledger. */
type Context = Pick<LedgerContext, "digest" | "hasherOf" | "store">

/** The hash of an external id of a submitter. */
export const hashOf = (hasher: Pick<Hasher, "sign">, submitter: string, externalId: string): Effect.Effect<string> =>
  Effect.map(hasher.sign("external id", `${submitter}\0${externalId}`), HashHex.encode)

/** An external id that an event gets. */
export interface OwnId {
  /** As it is answered. */
  readonly text: string
  readonly hash: string
}

/**
 * The text of the external id of one of the further events of a refusal that is recorded for several people, by its
 * number, from 1: derived from the external id of the first, so that they are found with it. Its hash is of a kind of
 * its own, because an item of the caller may have the same text, and must not hold up the refusal.
 */
const furtherText = (
  digest: Digest.Digest["Service"],
  submitter: string,
  first: string,
  number: number,
): Effect.Effect<string> => Sha256.hex(digest, `${submitter.padEnd(128, "\0")}${first}\0${number}`)

const furtherId = Effect.fnUntraced(function* (
  hasher: Hasher,
  submitter: string,
  first: string,
  number: number,
  { digest }: Pick<LedgerContext, "digest">,
) {
  const text = yield* furtherText(digest, submitter, first, number)
  const hash = HashHex.encode(yield* hasher.sign("further external id", `${submitter}\0${text}`))
  return { text, hash } satisfies OwnId as OwnId
})

/** The external ids of the further events of a refusal, from 1 to `count`; of one without an external id, none. */
export const further = Effect.fnUntraced(function* (
  first: OwnId | undefined,
  count: number,
  { organization, submitter }: Pick<Batch, "organization" | "submitter">,
  context: Pick<LedgerContext, "digest" | "hasherOf">,
): Effect.fn.Return<ReadonlyArray<OwnId | undefined>, StoreUnavailable> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  if (first === undefined) return numbers.map(() => undefined)
  const hasher = yield* context.hasherOf(organization)
  return yield* Effect.forEach(numbers, (number) => furtherId(hasher, submitter, first.text, number, context))
})

/** Those under which the external ids of a batch are looked up: its submitter first. */
const submittersOf = Effect.fnUntraced(function* ({ organization, session, submitter }: Batch, context: Context) {
  if (session === undefined) return [submitter]
  const { members } = yield* Joins.current(organization, session.concordId, context)
  return [submitter, ...members.filter((member) => member !== submitter)]
})

/** What is known of the external id of an item. */
export interface KnownId {
  /** The hash that an event with it has, or gets. */
  readonly hash: string
  /** The event that has it. */
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
export const find = Effect.fnUntraced(function* (batch: Batch, context: Context) {
  const { items, organization } = batch
  const ids = [...new Set(items.flatMap(({ externalId }) => (externalId === undefined ? [] : [externalId])))]
  if (ids.length === 0) return none
  const hasher = yield* context.hasherOf(organization)
  const submitters = yield* submittersOf(batch, context)
  const hashes = yield* Effect.forEach(
    ids.flatMap((id) => submitters.map((submitter) => [submitter, id] as const)),
    ([submitter, id]) => hashOf(hasher, submitter, id),
  )
  const known = yield* lookUp(hashes, batch, context)
  const byId = new Map(
    ids.map((id, index) => [id, known.slice(index * submitters.length, (index + 1) * submitters.length)]),
  )
  const knownOf = (item: Admission.Item, ofId: ReadonlyArray<KnownId>): KnownId => {
    const events = ofId.flatMap(({ event }) => event ?? [])
    // Each of several joined people may have an event with the id.
    return { hash: ofId[0]!.hash, event: events.find((event) => isSameEvent(item, event, batch.types)) ?? events[0] }
  }
  return new Map(
    [...items.entries()].flatMap(([index, item]): ReadonlyArray<readonly [number, KnownId]> =>
      item.externalId === undefined ? [] : [[index, knownOf(item, byId.get(item.externalId)!)]],
    ),
  ) as KnownIds
})

/** How many further events are looked up at once: a refusal has one for each of its identifiers, or fewer. */
const furtherAtOnce = 4

/** The further events of a refusal that an external id was recorded with, in their order. A visitor's has none. */
export const furtherEvents = Effect.fnUntraced(function* (externalId: string, batch: Batch, context: Context) {
  if (batch.session !== undefined) return []
  const hasher = yield* context.hasherOf(batch.organization)
  const found: Array<StoredEvent> = []
  for (let number = 1; ; number += furtherAtOnce) {
    const numbers = Array.from({ length: furtherAtOnce }, (_, index) => number + index)
    const ids = yield* Effect.forEach(numbers, (each) => furtherId(hasher, batch.submitter, externalId, each, context))
    // A restored or upgraded event has the hash of an item's external id.
    const hashes = yield* Effect.forEach(ids, ({ hash, text }) =>
      Effect.map(hashOf(hasher, batch.submitter, text), (own) => [hash, own]),
    )
    const known = yield* lookUp(hashes.flat(), batch, context)
    for (const [index] of ids.entries()) {
      const event = known[2 * index]!.event ?? known[2 * index + 1]!.event
      if (event === undefined) return found
      found.push(event)
    }
  }
})

/**
 * How far the dates of a visitor's items with one external id may be apart, in milliseconds: a page that sends an item
 * again shifts its date by another measure of the difference between the two clocks.
 */
const toleranceOf = ({ isVisitors }: Admission.Draft): number =>
  isVisitors === true ? Admission.clockSkewMaxMillis : 0

/** Whether a draft can have one of two dates in place of the other. */
export const isSameDate = (draft: Admission.Draft, one: Instant, other: Instant | undefined): boolean =>
  other !== undefined && Math.abs(one - other) <= toleranceOf(draft)

/**
 * Whether a draft can be what an event was recorded from, apart from the person: it has the type and the state of the
 * event and, if it has a `consentDate`, the one that the event was given.
 */
export const isSameEvent = (draft: Admission.Draft, event: StoredEvent, types: ProjectTypes): boolean => {
  const type = Admission.findType(draft, types)
  if ("code" in type || type.id !== event.consentType || draft.consentState !== event.consentState) return false
  return draft.consentDate === undefined || isDateOf(draft, draft.consentDate, event)
}

/** Whether an event was given a `consentDate`. One that was ahead of the clock was recorded as another. */
const isDateOf = (draft: Admission.Draft, given: Instant, event: StoredEvent): boolean => {
  const { consentDate, consentState, dateCreated } = event
  if (isSameDate(draft, given, consentDate)) return true
  if (consentState === "declined") return isSameDate(draft, given, EventBody.claimedOf(event.body).claimedConsentDate)
  const isCutOff = consentDate === dateCreated && given > dateCreated
  return isCutOff && given <= dateCreated + Admission.clockSkewMaxMillis + toleranceOf(draft)
}
