/**
 * Showing that an address which mails are to come from is one's own: adding it, mailing a code to it, and giving the
 * code back.
 *
 * The code is mailed while the request waits, because the outbox holds mails of compliance requests alone. Nothing is
 * changed where the mail server does not take the mail. Tries are counted with the sender: each wrong one is a change
 * of the catalog, so of any number of concurrent tries five are compared.
 */
import { Clock, Effect, Option } from "effect"
import * as RequestTickets from "../compliance-requests/RequestTickets.ts"
import * as IdentityVerification from "../compliance/IdentityVerification.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as ChosenWords from "../mail/ChosenWords.ts"
import * as MailAddress from "../mail/MailAddress.ts"
import * as MailTemplate from "../mail/MailTemplate.ts"
import type { Catalog, Organization } from "../model/Catalog.ts"
import * as OwnMailText from "../model/OwnMailText.ts"
import * as SenderAddressOf from "../model/SenderAddress.ts"
import { maxSenders, type SenderAddress, type SenderCode } from "../model/SenderAddress.ts"
import type { MailTransport } from "../ports/MailTransport.ts"
import { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as CatalogChange from "../catalog/CatalogChange.ts"

type Answering<Value> = CatalogChange.Answering<Value>
type Transport = MailTransport["Service"]

/** A code of the sender may be mailed at an instant again. */
export interface MailedTooOften {
  readonly _tag: "MailedTooOften"
  readonly retryAt: Instant
}

/** What a try made of a sender. */
export interface TriedSender {
  readonly sender: SenderAddress
  readonly isVerified: boolean
}

/** How long is waited for the mail server, in milliseconds: less than a request may take. */
const mailingMillis = 10_000

const failed = (reason: string) => new StoreUnavailable({ reason, isLasting: true })

/** The language of the first project that states one: an organization states none. */
const languageOf = ({ projects }: Catalog, { id }: Organization): string =>
  [...projects.values()].find(({ languages, organization }) => organization === id && languages !== undefined)
    ?.languages?.default ?? "en"

/** Mails a code to an address; fails if the mail server does not take the mail. */
const mail = Effect.fnUntraced(function* (
  organization: Organization,
  { email, expiresAt, code }: { readonly email: string; readonly expiresAt: Instant; readonly code: string },
  transport: Transport,
  catalog: Catalog,
  { mailSettings: { from, returnPath }, random }: LedgerContext,
): Effect.fn.Return<void, StoreUnavailable> {
  if (from === undefined) return yield* failed("this server has no sender of mails, so no code can be mailed")
  const { name, privacyPolicyUrl, timeZone } = organization
  const own = OwnMailText.of(catalog, organization)
  const chosen = ChosenWords.choose("sender_check", [languageOf(catalog, organization)], own)
  const text = MailTemplate.write("sender_check", chosen, {
    organization: name,
    code,
    expires: expiresAt,
    privacyPolicyUrl,
    ...(timeZone !== undefined && { timeZone }),
  })
  const sending = transport.send({
    ...text,
    messageId: `${yield* random.uuidV7()}@${MailAddress.domainOf(from.address)}`,
    date: new Date(yield* Clock.currentTimeMillis),
    from,
    ...(returnPath !== undefined && { returnPath }),
    to: email,
  })
  const answer = Option.getOrUndefined(yield* Effect.timeoutOption(sending, mailingMillis))
  if (answer?._tag === "Taken") return
  yield* failed(
    `the mail server did not take the mail with the code (${answer?.code ?? "timeout"}), so nothing was changed`,
  )
})

/** A code that was mailed, and how it is kept. A change that is prepared again mails no other one. */
const codeMailer = (organization: Organization, transport: Transport, context: LedgerContext) => {
  let mailed: SenderCode | undefined
  return Effect.fnUntraced(function* (email: string, catalog: Catalog, now: Instant) {
    if (mailed !== undefined) return mailed
    const hasher = yield* context.hasherOf(organization)
    const verification = IdentityVerification.make(yield* context.random.uuidV7(), now)
    const { code, hash } = yield* RequestTickets.newCode(verification.id, hasher, context)
    yield* mail(organization, { email, expiresAt: verification.expiresAt, code }, transport, catalog, context)
    mailed = { ...verification, codeHash: hash }
    return mailed
  })
}

/** One code of an organization after the other, so that the limits hold for many at once. */
const inTurn = <A, E>(organization: Organization, effect: Effect.Effect<A, E>, context: LedgerContext) =>
  context.identityLock(`sender codes of ${organization.id}`, effect)

const notValid = CatalogChange.refused("email", "email_not_valid", "expected one e-mail address, without a name")
const exists = CatalogChange.conflict("email", "sender_exists", "is the address of another sender of the organization")
const tooMany = CatalogChange.conflict("", "too_many", `the organization has ${maxSenders} senders: delete one first`)

/** Adds a sender, and mails a code to its address. */
export const add = (
  organization: Organization,
  { email: typed, name }: Pick<SenderAddress, "email" | "name">,
  transport: Transport,
  answering: Answering<SenderAddress>,
  context: LedgerContext,
): Effect.Effect<CatalogChange.CatalogOutcome<SenderAddress>, StoreUnavailable> => {
  const codeFor = codeMailer(organization, transport, context)
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const email = MailAddress.parse(typed.trim())
    if (email === undefined) return notValid
    const others = SenderAddressOf.of(catalog, organization)
    if (others.some((other) => other.email.toLowerCase() === email.toLowerCase())) return exists
    if (others.length >= maxSenders) return tooMany
    const code = yield* codeFor(email, catalog, now)
    const value: SenderAddress = {
      id: yield* context.random.uuidV7(),
      organization: organization.id,
      name,
      email,
      status: "pending",
      code,
      sentAt: [code.sentAt],
      dateCreated: now,
      dateUpdated: now,
    }
    return CatalogChange.prepared({ senders: [value] }, value)
  })
  return inTurn(organization, CatalogChange.change({ owner: organization, ...answering }, prepare, context), context)
}

const readOnly = CatalogChange.refused("", "read_only", "the sender of the server needs no code")
const verifiedBefore = CatalogChange.conflict("", "sender_verified", "the sender is verified already")

/** Stands for a code that is mailed too often, which the caller answers with the instant. */
const tooOften = CatalogChange.conflict("", "too_often", "a code was mailed less than a minute ago, or often today")

/** Mails another code to the address of a sender. The code before does not count any more. */
export const sendCode = Effect.fnUntraced(function* (
  organization: Organization,
  id: string,
  transport: Transport,
  answering: Answering<SenderAddress>,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<SenderAddress> | MailedTooOften, StoreUnavailable> {
  const codeFor = codeMailer(organization, transport, context)
  let retryAt = 0
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    if (id === SenderAddressOf.defaultId) return readOnly
    const before = SenderAddressOf.of(catalog, organization).find((sender) => sender.id === id)
    if (before === undefined) return CatalogChange.notFound
    if (before.status === "verified") return verifiedBefore
    retryAt = IdentityVerification.nextSendingAt(before.sentAt, now)
    if (retryAt > now) return tooOften
    const code = yield* codeFor(before.email, catalog, now)
    const sentAt = [...before.sentAt.filter((at) => at > now - IdentityVerification.validMillis), code.sentAt]
    const value: SenderAddress = { ...before, code, sentAt, dateUpdated: Math.max(now, before.dateUpdated + 1) }
    return CatalogChange.prepared({ senders: [value] }, value)
  })
  const changing = CatalogChange.change<SenderAddress>({ owner: organization, ...answering }, prepare, context)
  const outcome = yield* inTurn(organization, changing, context)
  return outcome === tooOften ? { _tag: "MailedTooOften", retryAt } : outcome
})

const codeNotValid = CatalogChange.refused("code", "code_not_valid", "is not the code that was mailed last, or no more")

/** Compared with where there is no code, so that the work is the same. */
const dummy: SenderCode = {
  ...IdentityVerification.make("00000000-0000-7000-8000-000000000000", 0),
  codeHash: "00".repeat(32),
}

/** A sender after a try of its code; all that do not verify it are answered alike. */
const tried = (before: SenderAddress, isMatch: boolean, now: Instant): TriedSender | undefined => {
  const { code, ...sender } = before
  if (code === undefined) return undefined
  const { outcome, verification } = IdentityVerification.attempt(code, isMatch, now)
  const dateUpdated = Math.max(now, before.dateUpdated + 1)
  if (outcome === "verified") return { isVerified: true, sender: { ...sender, status: "verified", dateUpdated } }
  if (outcome !== "wrong") return undefined
  return { isVerified: false, sender: { ...sender, code: { ...code, ...verification }, dateUpdated } }
}

/** Verifies a sender by the code that was mailed to it last. A wrong code is counted. */
export const verify = Effect.fnUntraced(function* (
  organization: Organization,
  id: string,
  code: string,
  answering: Answering<TriedSender>,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<TriedSender>, StoreUnavailable> {
  const hasher = yield* context.hasherOf(organization)
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const before = SenderAddressOf.of(catalog, organization).find((sender) => sender.id === id)
    if (before === undefined && id !== SenderAddressOf.defaultId) return CatalogChange.notFound
    const { codeHash, id: verification } = before?.code ?? dummy
    const hash = yield* RequestTickets.codeHashOf(verification, code, hasher)
    const value = before && tried(before, RequestTickets.isSame(hash, codeHash), now)
    if (value === undefined) return codeNotValid
    return CatalogChange.prepared({ senders: [value.sender] }, value)
  })
  const outcome = yield* CatalogChange.change<TriedSender>({ owner: organization, ...answering }, prepare, context)
  return outcome._tag === "Changed" && !outcome.value.isVerified ? codeNotValid : outcome
})
