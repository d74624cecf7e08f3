/**
 * The secrets that are mailed to a requester: codes of 8 digits, and tickets of 256 bits that are a part of a link.
 * Only keyed hashes of them are kept, with what is personal of the request, so they end with it.
 */
import { Effect } from "effect"
import { Mac } from "effect/crypto"
import { Base64Url, Hex } from "effect/encoding"
import * as IdentityVerification from "../compliance/IdentityVerification.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Hasher } from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { KeptTicket, KeptVerification, RequestPrivateData } from "../ledger/RequestPrivateData.ts"

/** A code and the ticket of the same mail, and how they are kept. */
export interface NewCode {
  readonly code: string
  readonly ticket: string
  readonly kept: KeptVerification
}

/** A ticket, and how it is kept. */
export interface NewTicket {
  readonly ticket: string
  readonly kept: KeptTicket
}

/** How often files are downloaded with one ticket. */
export const maxDownloads = 10

/** The most tickets of a request; the oldest ones end. */
const maxTickets = 20

const ticketBytes = 32

/** The most characters of a ticket or code that is compared: a longer one is no one's. */
const maxLength = 64

/** The keyed hash of a ticket. */
export const hashOf = (request: string, ticket: string, { sign }: Pick<Hasher, "sign">) =>
  sign("ticket", `${request}\0${ticket.slice(0, maxLength)}`)

/** The keyed hash of a code. */
export const codeHashOf = (verification: string, code: string, { sign }: Pick<Hasher, "sign">) =>
  sign("verification", `${verification}\0${code.slice(0, maxLength)}`)

const makeTicket = Effect.fnUntraced(function* (
  request: string,
  hasher: Pick<Hasher, "sign">,
  { random }: Pick<LedgerContext, "random">,
) {
  const ticket = Base64Url.encode(yield* random.randomBytes(ticketBytes))
  return { ticket, hash: Hex.encode(yield* hashOf(request, ticket, hasher)) }
})

/** A new code of a verification, and its keyed hash. */
export const newCode = Effect.fnUntraced(function* (
  verification: string,
  hasher: Pick<Hasher, "sign">,
  { random }: Pick<LedgerContext, "random">,
) {
  const code = String(yield* random.intBetween(0, 99_999_999)).padStart(8, "0")
  return { code, hash: Hex.encode(yield* codeHashOf(verification, code, hasher)) }
})

/** A new code of a request. */
export const makeCode = Effect.fnUntraced(function* (
  request: string,
  now: Instant,
  hasher: Pick<Hasher, "sign">,
  context: Pick<LedgerContext, "random">,
) {
  const verification = IdentityVerification.make(yield* context.random.uuidV7(), now)
  const { code, hash: codeHash } = yield* newCode(verification.id, hasher, context)
  const { hash: ticketHash, ticket } = yield* makeTicket(request, hasher, context)
  return { code, ticket, kept: { ...verification, codeHash, ticketHash } } satisfies NewCode as NewCode
})

/** A new ticket of a request. */
export const make = Effect.fnUntraced(function* (
  request: string,
  createdAt: Instant,
  hasher: Pick<Hasher, "sign">,
  context: Pick<LedgerContext, "random">,
) {
  const { hash, ticket } = yield* makeTicket(request, hasher, context)
  return { ticket, kept: { hash, createdAt, uses: 0 } } satisfies NewTicket as NewTicket
})

/** The codes that still count against the limits, or can be tried. */
const recent = ({ verifications = [] }: RequestPrivateData, now: Instant): ReadonlyArray<KeptVerification> =>
  verifications.filter(({ sentAt }) => sentAt > now - IdentityVerification.validMillis)

/** What is personal of a request with one more code, which ends the older ones. */
export const withCode = (data: RequestPrivateData, code: KeptVerification): RequestPrivateData => ({
  ...data,
  verifications: [...recent(data, code.sentAt).map((each) => ({ ...each, isSpent: true })), code],
})

/** What is personal of a request with a code that was not mailed: it is spent, and counts against the limits. */
export const withWithheld = (data: RequestPrivateData, code: KeptVerification): RequestPrivateData => ({
  ...data,
  verifications: [...recent(data, code.sentAt), { ...code, isSpent: true }],
})

/** What is personal of a request with one more ticket. */
export const withTicket = (data: RequestPrivateData, ticket: KeptTicket): RequestPrivateData => ({
  ...data,
  tickets: [...(data.tickets ?? []), ticket].slice(-maxTickets),
})

/** Whether a hash is the one that is kept. Takes the same time for each of the same length. */
export const isSame = (hash: Uint8Array, kept: string): boolean => {
  const bytes = Hex.decode(kept)
  return bytes._tag === "Success" && Mac.timingSafeEqual(hash, bytes.success)
}
