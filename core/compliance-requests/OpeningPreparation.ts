/**
 * What a request that is to be opened is made of, before anything is written: its id, key, private data and subject.
 */
import { Effect } from "effect"
import * as HashHex from "../ledger/HashHex.ts"
import { asStore, type LedgerContext } from "../ledger/LedgerContext.ts"
import * as RequestPrivateData from "../ledger/RequestPrivateData.ts"
import * as SessionPart from "../ledger/SessionPart.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import type { PrivateRow } from "../ports/ComplianceStore.ts"
import type { KeysUnavailable } from "../ports/Keys.ts"
import type { Session } from "../ports/SessionStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { NewRequest, Opener } from "./ComplianceOpening.ts"
import type * as OpeningCheck from "./OpeningCheck.ts"
import * as RequestIds from "./RequestIds.ts"
import * as RequestSubject from "./RequestSubject.ts"
import * as Verifying from "./Verifying.ts"

/** A request that is to be opened: what was asked, what the check found, and everything that is written of it. */
export interface PreparedRequest extends OpeningCheck.Checked {
  readonly id: string
  readonly given: NewRequest
  /** The key of what is personal of it; left out of an opt-out while keys are away. */
  readonly key: RequestPrivateData.HeldRequestKey | undefined
  readonly data: RequestPrivateData.RequestPrivateData
  readonly row: PrivateRow
  /** Whether an identity token has shown identity. */
  readonly isProven: boolean
  /** Whether it is an opt-out of which the refusals for what was typed wait for identity. */
  readonly isWaiting: boolean
}

/** The id under which external ids of the opener are its own. */
const callerOf = (opener: Opener): string => (opener._tag === "Key" ? opener.id : opener.session.id)

/** What the keys give; nothing for an opt-out while they are away. */
const orWithout = <A>(
  { request }: NewRequest,
  effect: Effect.Effect<A, KeysUnavailable | StoreUnavailable>,
): Effect.Effect<A | undefined, StoreUnavailable> =>
  Effect.catchTag(effect, "KeysUnavailable", (failure) =>
    request === "do_not_sell" ? Effect.succeed(undefined) : Effect.fail(asStore(failure)),
  )

/** The session as it is kept with what is personal of a request. */
const sessionOf = Effect.fnUntraced(function* (
  given: NewRequest,
  { organization }: ProjectScope,
  opener: Opener,
  context: LedgerContext,
) {
  if (opener._tag === "Key") return undefined
  const { session } = opener
  const json = yield* orWithout(given, SessionPart.open(organization, session, context))
  const part = json === undefined ? {} : (JSON.parse(json) as Pick<Session, "ipAddress" | "userAgent">)
  return { id: session.id, ...part } satisfies RequestPrivateData.RequestSession
})

/** The subject of a request whose identity was shown before; `conflict` if its identifiers name several people. */
const subjectOf = Effect.fnUntraced(function* (
  { isPreverified = false, request, subject = {} }: NewRequest,
  { email }: OpeningCheck.Checked,
  scope: ProjectScope,
  context: LedgerContext,
) {
  if (!isPreverified || request === "do_not_sell") return undefined
  if (Object.keys(subject).length > 0) return yield* RequestSubject.ofIds(scope, subject, context)
  return email === undefined ? undefined : yield* RequestSubject.ofEmail(scope, email, context)
})

/**
 * Whether the refusals for what was typed wait for identity. They do not while keys are away: what was typed cannot be
 * kept until then, and the refusal wins.
 */
const waits = (
  { isPreverified = false }: NewRequest,
  { known, people }: OpeningCheck.Checked,
  { project: { optOutNeedsVerification = false } }: ProjectScope,
  key: RequestPrivateData.HeldRequestKey | undefined,
): boolean => optOutNeedsVerification && !isPreverified && people.length > known.length && key !== undefined

/** Everything of a request but the refusals of an opt-out. */
export const prepare = Effect.fnUntraced(function* (
  given: NewRequest,
  checked: OpeningCheck.Checked,
  scope: ProjectScope,
  opener: Opener,
  context: LedgerContext,
) {
  const { captureUrl, email } = checked
  const { externalId, notes, proof, requestDetails, user } = given
  const shown = proof && (yield* Verifying.shownBy(scope, proof, { user }, context))
  const isProven = shown !== undefined && shown !== "shared"
  const subject = isProven ? shown.subject : yield* subjectOf(given, checked, scope, context)
  if (subject === "conflict") return subject
  const session = yield* sessionOf(given, scope, opener, context)
  const hasher = yield* context.hasherOf(scope.organization)
  const key = yield* orWithout(given, RequestPrivateData.makeKey(context))
  const prepared: PreparedRequest = {
    ...checked,
    id: yield* RequestIds.make(scope, callerOf(opener), externalId, context),
    given,
    key,
    data: {
      user,
      ...(requestDetails !== undefined && { requestDetails }),
      ...(notes !== undefined && notes !== "" && { notes }),
      ...(captureUrl !== undefined && { captureUrl }),
      ...(session !== undefined && { session }),
      ...(externalId !== undefined && { externalId }),
      ...(isProven && !shown.isAddressProven && { isAddressUnproven: true as const }),
    },
    isProven,
    isWaiting: waits(given, checked, scope, key),
    row: {
      ...(opener._tag === "Visitor" && { opener: opener.session.concordId, session: opener.session.id }),
      ...(subject !== undefined && { subject }),
      ...(email !== undefined && { emailHash: HashHex.encode(yield* hasher.sign("request e-mail", email)) }),
    },
  }
  return prepared
})
