/**
 * Mailing a code to the address that was typed, by which the requester shows their identity.
 *
 * The limits of one request are answered, because its opener knows what it has asked for. Those of an address and of a
 * project are not: the answer would tell what others have asked for. Such a code is not mailed, and staff sees a mail
 * that failed. The confirmation of receipt has the same limits, because it goes to the same address: otherwise many
 * sessions could fill the mailbox of a stranger.
 */
import { Clock, Effect, Metric, Option } from "effect"
import type { Actor } from "../compliance/ComplianceFact.ts"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import * as IdentityVerification from "../compliance/IdentityVerification.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { RequestPrivateData } from "../ledger/RequestPrivateData.ts"
import * as ComposedMail from "../mail/ComposedMail.ts"
import * as MailAddress from "../mail/MailAddress.ts"
import type { Project, ProjectScope } from "../model/Catalog.ts"
import type { Session } from "../ports/SessionStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as ComplianceMetrics from "./ComplianceMetrics.ts"
import * as ComplianceReading from "./ComplianceReading.ts"
import * as RequestChanging from "./RequestChanging.ts"
import type { Held } from "./RequestChanging.ts"
import type { Step } from "./RequestSteps.ts"
import * as RequestTickets from "./RequestTickets.ts"

/** The most mails of one template to one address within a day, and of one project within an hour. */
export const silentLimits = { perAddressAndDay: 10, perProjectAndHour: 1000 } as const

/** The templates that these limits are for: an address that was only typed gets no others. */
type Limited = "verification" | "received" | "opted_out"

const hourMillis = 60 * 60 * 1000

/** Whether an address and its project are below {@link silentLimits}. Two reads. */
const isBelowLimits = Effect.fnUntraced(function* (
  project: Project,
  template: Limited,
  recipientHash: string,
  now: Instant,
  { store: { outbox } }: Pick<LedgerContext, "store">,
) {
  const { perAddressAndDay, perProjectAndHour } = silentLimits
  const ofAddress = yield* outbox.countSince(project, { template, recipientHash }, now - 24 * hourMillis)
  const ofProject = yield* outbox.countSince(project, { template }, now - hourMillis)
  return ofAddress < perAddressAndDay && ofProject < perProjectAndHour
})

/** The keyed hash of an address as it was typed. */
const hashOf = ({ organization }: Pick<ProjectScope, "organization">, to: string, context: LedgerContext) =>
  ComposedMail.recipientHash(organization, MailAddress.ofTyped(to) ?? to, context)

/**
 * Mails to one address one after the other, so that many at once are counted too: each is written before the next one
 * is decided. Other servers do not wait for this one, so the limit of an address may be passed by one for each of them.
 */
export const inTurn = Effect.fnUntraced(function* <A, E>(
  scope: Pick<ProjectScope, "organization">,
  to: string | undefined,
  effect: Effect.Effect<A, E>,
  context: LedgerContext,
): Effect.fn.Return<A, E | StoreUnavailable> {
  if (to === undefined || MailAddress.ofTyped(to) === undefined) return yield* effect
  return yield* context.identityLock(`mails to ${yield* hashOf(scope, to, context)}`, effect)
})

/** The step that notes a mail which is not sent. */
const withheld = (mail: string, text: Limited): Step => ({
  command: { kind: "note_mail", mail, text, outcome: "failed" },
  by: "engine",
})

/** The note that the confirmation of receipt is not mailed because of {@link silentLimits}; none where it is. */
export const withheldReceipt = Effect.fnUntraced(function* (
  scope: ProjectScope,
  template: Exclude<Limited, "verification">,
  to: string | undefined,
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<Step>, StoreUnavailable> {
  if (to === undefined || MailAddress.ofTyped(to) === undefined) return []
  const now = yield* Clock.currentTimeMillis
  const hash = yield* hashOf(scope, to, context)
  if (yield* isBelowLimits(scope.project, template, hash, now, context)) return []
  return [withheld(yield* context.random.uuidV7(), template)]
})

/** What the sending of a code does to a request. */
export interface CodeToSend {
  readonly step: Step
  /** Left out: it is not mailed. */
  readonly code?: RequestTickets.NewCode
  readonly changeData: (before: RequestPrivateData) => RequestPrivateData
}

/** A new code for an address, or the note that none is mailed because of {@link silentLimits}. */
export const make = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  to: string,
  by: Actor,
  context: LedgerContext,
): Effect.fn.Return<CodeToSend, StoreUnavailable> {
  const now = yield* Clock.currentTimeMillis
  const hasher = yield* context.hasherOf(scope.organization)
  const code = yield* RequestTickets.makeCode(id, now, hasher, context)
  const { expiresAt, id: verification } = code.kept
  const hash = yield* hashOf(scope, to, context)
  const isSent = yield* isBelowLimits(scope.project, "verification", hash, now, context)
  yield* Metric.update(Metric.withAttributes(ComplianceMetrics.codes, { outcome: isSent ? "sent" : "limited" }), 1)
  if (isSent) {
    const command = { kind: "send_code", verification, expiresAt } as const
    return { step: { command, by }, code, changeData: (before) => RequestTickets.withCode(before, code.kept) }
  }
  const changeData = (before: RequestPrivateData) => RequestTickets.withWithheld(before, code.kept)
  return { step: { ...withheld(verification, "verification"), by }, changeData }
})

/** Whether a request takes a code: it waits for identity, and has an address that a mail can be sent to. */
export const takesCode = (
  state: ComplianceState.ComplianceState,
  { user: { email = "" } }: Pick<RequestPrivateData, "user">,
): boolean => ComplianceState.statusOf(state) === "pending_verification" && MailAddress.ofTyped(email) !== undefined

/** A code of the request may be sent at an instant again. */
export interface SentTooOften {
  readonly _tag: "SentTooOften"
  readonly retryAt: Instant
}

/** The request has no address that a mail can be sent to. */
export interface NoAddress {
  readonly _tag: "NoAddress"
}

/** The plan that sends a code. */
const planOf = (scope: ProjectScope, by: Actor, context: LedgerContext) =>
  Effect.fnUntraced(function* ({
    data,
    id,
    row,
    state,
  }: Held): Effect.fn.Return<RequestChanging.Plan | SentTooOften | NoAddress, StoreUnavailable> {
    const now = yield* Clock.currentTimeMillis
    const sent = (data?.verifications ?? []).map(({ sentAt }) => sentAt)
    const retryAt = IdentityVerification.nextSendingAt(sent, now)
    if (retryAt > now) return { _tag: "SentTooOften", retryAt }
    if (ComplianceState.statusOf(state) !== "pending_verification" || row === undefined) {
      // Refused by its state.
      const command = { kind: "send_code", verification: id, expiresAt: now } as const
      return { steps: [{ command, by }] }
    }
    if (data === undefined || !takesCode(state, data)) return { _tag: "NoAddress" }
    const { step, ...rest } = yield* make(scope, id, data.user.email!, by, context)
    return { steps: [step], ...rest }
  })

/** Mails a new code, as staff asks. */
export const send = Effect.fnUntraced(function* (scope: ProjectScope, id: string, by: Actor, context: LedgerContext) {
  if (!Identifiers.isUuid(id)) return { _tag: "NotFound" } as const
  const plan = planOf(scope, by, context)
  const sending = RequestChanging.carryOut({ scope, id: id.toLowerCase(), plan, isPrivateNeeded: true }, context)
  const found = yield* ComplianceReading.find(scope, id.toLowerCase(), context)
  const to = Option.getOrUndefined(found)?.privateData?.user.email
  return yield* inTurn(scope, to, sending, context)
})

/**
 * Mails a new code, as a visitor asks. Answered alike whether there is such a request of the visitor or not, whatever
 * its status, and whether a code was mailed or not. Only a visitor that has asked too often for its own request gets
 * another answer.
 */
export const sendToVisitor = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  session: Session,
  context: LedgerContext,
): Effect.fn.Return<SentTooOften | { readonly _tag: "Accepted" }, StoreUnavailable> {
  const own = yield* ComplianceReading.findOfVisitor(scope, id, session, context)
  if (own._tag === "None") return { _tag: "Accepted" }
  const outcome = yield* send(scope, own.value.id, "engine", context)
  return outcome._tag === "SentTooOften" ? outcome : { _tag: "Accepted" }
})
