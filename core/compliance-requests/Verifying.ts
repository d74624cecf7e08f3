/**
 * Showing identity by a code that was mailed, by the link of the same mail, or by an identity token.
 *
 * Every code that shows no identity is answered alike, after the same reads and one comparison. The failure is counted
 * in the transaction that compares, so concurrent tries have no more of them than others.
 */
import { Clock, Effect } from "effect"
import { Hex } from "effect/encoding"
import type { FailedVerification } from "../compliance/ComplianceFact.ts"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import * as IdentityVerification from "../compliance/IdentityVerification.ts"
import type { Instant } from "../engine/Instant.ts"
import type { IdempotentRequest, KeyConflict } from "../ledger/Idempotency.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { KeptVerification, RequestPrivateData } from "../ledger/RequestPrivateData.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import * as EmailAddress from "../model/EmailAddress.ts"
import type * as People from "../model/People.ts"
import type { StoredPrivate } from "../ports/ComplianceStore.ts"
import type { Session } from "../ports/SessionStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { ComplianceRequest } from "./ComplianceRequest.ts"
import * as RequestChanging from "./RequestChanging.ts"
import type { Held, Plan } from "./RequestChanging.ts"
import * as RequestSubject from "./RequestSubject.ts"
import * as RequestTickets from "./RequestTickets.ts"

/** Identity was shown, or not: the answer says nothing else. */
export type VerifyOutcome =
  | { readonly _tag: "Verified"; readonly request: ComplianceRequest }
  | { readonly _tag: "CodeNotValid" }

const codeNotValid = { _tag: "CodeNotValid" } as const

/** Compared with where there is nothing to compare with, so that the work is the same. */
const dummy: KeptVerification = {
  ...IdentityVerification.make("00000000-0000-7000-8000-000000000000", 0),
  codeHash: "00".repeat(32),
  ticketHash: "00".repeat(32),
}

/** What a try compares: the code of the mail that was sent last, or the link of any. */
export type Given = { readonly code: string } | { readonly ticket: string }

/** The verification that a try is for, and whether the code or ticket is the one that was sent. */
export const compare = Effect.fnUntraced(function* (
  { organization }: Pick<ProjectScope, "organization">,
  request: string,
  data: RequestPrivateData | undefined,
  given: Given,
  context: Pick<LedgerContext, "hasherOf">,
) {
  const all = data?.verifications ?? []
  const hasher = yield* context.hasherOf(organization)
  if ("ticket" in given) {
    const hash = yield* RequestTickets.hashOf(request, given.ticket, hasher)
    const matching = [...all, dummy].filter(({ ticketHash }) => RequestTickets.isSame(hash, ticketHash))
    return { verification: matching[0] ?? dummy, isMatch: matching.length > 0 }
  }
  const verification = all.findLast(({ isSpent }) => !isSpent) ?? all.at(-1) ?? dummy
  const hash = yield* RequestTickets.codeHashOf(verification.id, given.code, hasher)
  return { verification, isMatch: RequestTickets.isSame(hash, verification.codeHash) }
})

/** The most tries of one code that are noted: twice the number of those that can succeed. */
const maxNoted = 2 * IdentityVerification.maxFailures

const replaced = (data: RequestPrivateData, after: KeptVerification): RequestPrivateData => ({
  ...data,
  verifications: (data.verifications ?? []).map((each) => (each.id === after.id ? after : each)),
})

/** Notes a failure; not those that are far more than a person makes, because facts are kept for ever. */
const failure = (verification: KeptVerification, why: FailedVerification): Plan | typeof codeNotValid => {
  if (verification.failures >= maxNoted) return codeNotValid
  const isSpent = why === "shared" || verification.isSpent
  const after = { ...verification, isSpent, failures: verification.failures + 1 }
  return {
    steps: [{ command: { kind: "fail_verification", why }, by: "requester" }],
    changeData: (before) => replaced(before, after),
  }
}

/** The plan of one try. */
const tryOf = (scope: ProjectScope, given: Given, context: LedgerContext) =>
  Effect.fnUntraced(function* ({
    data,
    id,
    state,
  }: Held): Effect.fn.Return<Plan | typeof codeNotValid, StoreUnavailable> {
    const { isMatch, verification } = yield* compare(scope, id, data, given, context)
    const isPending = ComplianceState.statusOf(state) === "pending_verification" && data !== undefined
    if (!isPending || verification === dummy) return codeNotValid
    const now = yield* Clock.currentTimeMillis
    const { outcome } = IdentityVerification.attempt(verification, isMatch, now)
    if (outcome !== "verified") return failure(verification, outcome)
    const email = EmailAddress.normalize(data.user.email ?? "")
    const shown = email === undefined ? {} : yield* RequestSubject.shownByEmail(scope, email, context)
    // An opt-out refuses for everyone that the address names.
    if (shown === "shared" && state.request !== "do_not_sell") return failure(verification, shown)
    return {
      steps: [{ command: { kind: "verify", method: "email" }, by: "requester" }],
      ...(shown !== "shared" && { subject: shown.subject }),
      changeData: (before) => followedBy(before, verification, now),
    }
  })

/** Spends a code and its link. From now on the requester follows the request by the link. */
const followedBy = (data: RequestPrivateData, verification: KeptVerification, now: Instant): RequestPrivateData =>
  RequestTickets.withTicket(replaced(data, { ...verification, isSpent: true }), {
    hash: verification.ticketHash,
    createdAt: now,
    uses: 0,
  })

type Tried = Effect.Success<ReturnType<typeof RequestChanging.carryOut>>

const answerOf = (outcome: Tried | typeof codeNotValid): VerifyOutcome => {
  if (outcome._tag !== "Changed" || !("facts" in outcome)) return codeNotValid
  const { facts, isRepeated = false, request } = outcome
  const isShown = isRepeated ? request.state.verifiedOn !== undefined : facts.some(({ kind }) => kind === "verified")
  return isShown ? { _tag: "Verified", request } : codeNotValid
}

/** Verifies a request of a visitor by a code, in which white space is passed over. */
export const byCode = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  session: Session,
  code: string,
  idempotency: IdempotentRequest | undefined,
  context: LedgerContext,
): Effect.fn.Return<VerifyOutcome | KeyConflict, StoreUnavailable> {
  const { members } = yield* Joins.current(scope.organization, session.concordId, context)
  const given = { code: code.replace(/\s/g, "") }
  const plan = tryOf(scope, given, context)
  const known = Identifiers.isUuid(id) ? id.toLowerCase() : dummy.id
  const isOwn = (row: StoredPrivate | undefined) => row?.opener !== undefined && members.includes(row.opener)
  const asked = { scope, id: known, plan, isPrivateNeeded: true, isOwn, idempotency }
  const outcome = yield* RequestChanging.carryOut(asked, context)
  if (outcome._tag === "Reused" || outcome._tag === "UnderWay") return outcome
  // A request that is not there, or another visitor's: compared with nothing.
  if (outcome._tag === "NotFound") yield* compare(scope, known, undefined, given, context)
  return answerOf(outcome)
})

/** Verifies a request by the link of a mail. */
export const byTicket = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  ticket: string,
  context: LedgerContext,
): Effect.fn.Return<VerifyOutcome, StoreUnavailable> {
  const plan = tryOf(scope, { ticket }, context)
  return answerOf(yield* RequestChanging.carryOut({ scope, id, plan, isPrivateNeeded: true }, context))
})

/** An identity token that was verified: the identifier that it proves. */
export interface Proof {
  readonly alias: People.Alias
  readonly evidence: Omit<People.IdentityEvidence, "tokenHash">
  /** The signed part of the token. */
  readonly signed: string
}

/** The identity token was used before. */
export interface TokenUsed {
  readonly _tag: "TokenUsed"
}

/** Whether a proof is of the address that was typed. */
const isOfTyped = Effect.fnUntraced(function* (
  { organization, project }: ProjectScope,
  { alias }: Proof,
  data: Pick<RequestPrivateData, "user">,
  context: LedgerContext,
) {
  const email = EmailAddress.normalize(data.user.email ?? "")
  if (alias.kind !== "email" || email === undefined) return false
  const hasher = yield* context.hasherOf(organization)
  const [typed] = yield* hasher.aliases({ email }, project)
  return typed?.hash === alias.hash
})

/** What a proof shows: the person that it names, and whether the typed address is that person's; or `shared`. */
export const shownBy = Effect.fnUntraced(function* (
  scope: ProjectScope,
  proof: Proof,
  data: Pick<RequestPrivateData, "user">,
  context: LedgerContext,
) {
  const shown = yield* RequestSubject.shownByAlias(scope, proof.alias, context)
  if (shown === "shared") return shown
  return { ...shown, isAddressProven: yield* isOfTyped(scope, proof, data, context) }
})

/** Uses an identity token up; `false` if it was used before. `concordId`: the person that it is kept with. */
export const useToken = Effect.fnUntraced(function* (
  { organization }: Pick<ProjectScope, "organization">,
  { evidence, signed }: Proof,
  concordId: string,
  context: LedgerContext,
) {
  const hasher = yield* context.hasherOf(organization)
  const identityToken = {
    hash: Hex.encode(yield* hasher.sign("proof", signed)),
    concordId,
    expiresAt: evidence.expiresAt,
  }
  const nothing = { seen: [], claims: [], releases: [], facts: [] }
  return (yield* context.store.people.change({ organization, ...nothing, identityToken })) !== "used"
})

/** The plan of a request whose requester has shown a proof. */
const proofPlan = (scope: ProjectScope, proof: Proof, openers: ReadonlyArray<string>, context: LedgerContext) =>
  Effect.fnUntraced(function* ({
    data,
    row,
    state,
  }: Held): Effect.fn.Return<Plan | typeof codeNotValid, StoreUnavailable> {
    const isOwn = row?.opener !== undefined && openers.includes(row.opener)
    const isPending = ComplianceState.statusOf(state) === "pending_verification" && data !== undefined
    if (!isOwn || !isPending) return codeNotValid
    const shown = yield* shownBy(scope, proof, data, context)
    if (shown === "shared") return codeNotValid
    // The refusals that an opt-out waits with are for the address that was typed.
    if (state.request === "do_not_sell" && !shown.isAddressProven) return codeNotValid
    return {
      steps: [{ command: { kind: "verify", method: "token" }, by: "requester" }],
      subject: shown.subject,
      changeData: (before) => (shown.isAddressProven ? before : { ...before, isAddressUnproven: true }),
    }
  })

/** Verifies a request of a visitor by an identity token, which is used up in any case. */
export const byToken = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  session: Session,
  proof: Proof,
  context: LedgerContext,
): Effect.fn.Return<VerifyOutcome | TokenUsed, StoreUnavailable> {
  if (!(yield* useToken(scope, proof, session.concordId, context))) return { _tag: "TokenUsed" }
  if (!Identifiers.isUuid(id)) return codeNotValid
  const { members } = yield* Joins.current(scope.organization, session.concordId, context)
  const plan = proofPlan(scope, proof, members, context)
  const asked = { scope, id: id.toLowerCase(), plan, isPrivateNeeded: true }
  return answerOf(yield* RequestChanging.carryOut(asked, context))
})
