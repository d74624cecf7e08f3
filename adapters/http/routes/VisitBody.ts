/**
 * The body of a visit that acts: what it says of the page, and the choices of the visitor.
 */
import { Effect, Predicate, Result } from "effect"
import type { VisitEvent } from "../../../core/browser/VisitAnswer.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as ItemDecoder from "../../../core/formats/ItemDecoder.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import type { Session } from "../../../core/ports/LedgerStore.ts"
import * as VisitWire from "../api/VisitWire.ts"
import * as Answer from "../server/Answer.ts"
import * as Items from "./Items.ts"

/** What a body says of the page. Only a body of refusals alone may leave out `sentAt`. */
export type Head = Omit<typeof VisitWire.VisitHead.Type, "sentAt"> & { readonly sentAt?: Instant.Instant }

/** A body: what it says of the page, and its items, which are not read yet; none: it has no such member. */
export interface VisitBody {
  readonly head: Head
  readonly items: unknown
}

const decodeHead = Exchange.decoder(VisitWire.VisitHead)

/** The value of every member that cannot be read in a body of refusals. */
const unread = { contextId: null, session: null, revision: null, language: null, sentAt: Instant.format(Instant.min) }

/** The head of a body whose items are all refusals: a member that cannot be read is passed over. */
const readableHead = (body: object, errors: ReadonlyArray<Exchange.Violation>): Head => {
  const members = new Set(errors.map(({ pointer }) => pointer.split("/", 2)[1] ?? ""))
  const replaced = Object.entries(unread).filter(([member]) => members.has(member))
  const { sentAt, ...head } = Result.getOrThrow(decodeHead({ ...body, ...Object.fromEntries(replaced) }))
  return members.has("sentAt") ? head : { ...head, sentAt }
}

const isAllRefusals = (items: unknown): boolean =>
  Array.isArray(items) && items.length > 0 && items.every(ItemDecoder.isRefusal)

/**
 * A smaller difference is how long the request took. It does not move dates, otherwise of two choices of one
 * millisecond the one whose request took longer would be the later one, though a refusal must win.
 */
const networkMillis = 2000

/** An item with its date by the clock of the ledger. A date that cannot be read is left as it is. */
const shifted = (item: unknown, byMillis: number): unknown => {
  if (!Predicate.isObject(item) || typeof item["consentDate"] !== "string") return item
  const chosenAt = Instant.parse(item["consentDate"])
  if (chosenAt === undefined) return item
  return { ...item, consentDate: Instant.format(Instant.clamp(chosenAt + byMillis)) }
}

/** Reads a body that arrived at `now`; fails with 422 and every violation of what it says of the page. */
export const read = (body: unknown, now: Instant.Instant): Effect.Effect<VisitBody, Answer.HttpProblem> => {
  const items = Predicate.isObject(body) ? (body["items"] ?? undefined) : undefined
  const decoded = decodeHead(body)
  if (Result.isFailure(decoded) && !isAllRefusals(items)) {
    const errors = decoded.failure
    return Effect.fail(new Answer.HttpProblem({ status: 422, detail: "the body is not valid", errors }))
  }
  const head = Result.isSuccess(decoded) ? decoded.success : readableHead(Object(body), decoded.failure)
  const behind = head.sentAt === undefined ? 0 : now - head.sentAt
  const byMillis = Math.abs(behind) < networkMillis ? 0 : behind
  const dated = Array.isArray(items) ? items.map((item) => shifted(item, byMillis)) : items
  return Effect.succeed({ head, items: dated })
}

const recordItems = Items.recording(VisitWire.VisitItem, VisitWire.ItemsOfVisit)
const nothing = { bodies: [] as ReadonlyArray<string> }

/** Records the items of a body for the visitor of a session: all of them or none. */
export const record = (items: unknown, scope: ProjectScope, session: Session) => {
  if (items === undefined || (Array.isArray(items) && items.length === 0)) return Effect.succeed(nothing)
  const about = { ...scope, submitter: session.concordId, session }
  return recordItems({ items }, about, Items.fromVisitor(session.concordId))
}

/** The members of an event that the engine of a page reads, and those by which the page knows its own. */
const shownMembers = [
  "id",
  "concordId",
  "consentType",
  "version",
  "consentState",
  "consentAction",
  "consentDate",
  "dateCreated",
  "expirationDate",
  "externalId",
  "evidence",
] as const satisfies ReadonlyArray<keyof VisitEvent>

/** An event as a page reads it, of its body. */
export const eventOf = (body: string): VisitEvent => {
  const event = JSON.parse(body)
  return Object.fromEntries(
    shownMembers.flatMap((member) => (event[member] === undefined ? [] : [[member, event[member]]])),
  ) as unknown as VisitEvent
}
