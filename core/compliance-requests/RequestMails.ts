/**
 * Which fact of a compliance request calls for which mail, and hands over which tasks.
 *
 * Staff hears of a new request, of an answer to its question, and of the due date. Before identity is shown, the
 * address that was typed gets only mails that hold nothing that was typed, and no result: the confirmation of receipt
 * and the code. Everything else goes to an address that was shown to be the requester's.
 */
import { Effect } from "effect"
import type { ComplianceFact, FactKind } from "../compliance/ComplianceFact.ts"
import type * as ComplianceState from "../compliance/ComplianceState.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { HeldRequestKey, RequestPrivateData } from "../ledger/RequestPrivateData.ts"
import * as ComposedMail from "../mail/ComposedMail.ts"
import type { MailTemplate } from "../mail/MailWords.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import { type NewMail, taskTemplate } from "../ports/OutboxStore.ts"
import * as CivilToday from "./CivilToday.ts"
import * as RequestClock from "./RequestClock.ts"
import * as RequestDeliveries from "./RequestDeliveries.ts"
import * as RequestTickets from "./RequestTickets.ts"

/** A request after facts that call for mails. */
export interface MailedRequest {
  readonly id: string
  readonly state: ComplianceState.ComplianceState
  readonly data: RequestPrivateData
  /** Of a fact `verification_sent`. */
  readonly code?: RequestTickets.NewCode | undefined
}

/** Mails, and what is personal of the request with the tickets of their links. */
export interface CalledMails {
  readonly add: ReadonlyArray<NewMail>
  readonly data: RequestPrivateData
}

/** The mail that a fact calls for; those of `resolved` depend on how it ended. */
const templates: { readonly [Kind in FactKind]?: MailTemplate } = {
  opened: "received",
  verification_sent: "verification",
  clarification_asked: "clarification",
  extended: "extended",
  packaged: "package_ready",
  resolved: "resolved",
  reopened: "reopened",
}

/** Mails that wait, and are not so any more after a fact. */
const outdated: { readonly [Kind in FactKind]?: ReadonlyArray<MailTemplate> } = {
  verification_sent: ["verification"],
  verified: ["verification"],
  clarified: ["clarification"],
  resolved: ["verification", "clarification", "extended"],
  reopened: ["resolved", "denied", "withdrawn"],
}

/** The mails that the address that was typed gets before identity is shown. */
const beforeIdentity: ReadonlySet<MailTemplate> = new Set(["received", "opted_out", "verification"])

/** Whether facts say of a mail that they call for that it is not sent, because its address had too many. */
const isWithheld = (facts: ReadonlyArray<ComplianceFact>, template: MailTemplate): boolean =>
  facts.some((fact) => fact.kind === "mailed" && fact.text === template && fact.outcome === "failed")

/**
 * The confirmation of receipt of a request. It says that an opt-out is recorded only where consent types were declined.
 */
export const receiptOf = (
  { isIdentityNeeded, request }: Pick<ComplianceState.ComplianceState, "isIdentityNeeded" | "request">,
  declinedTypes: number,
) => (request === "do_not_sell" && !isIdentityNeeded && declinedTypes > 0 ? "opted_out" : "received")

/** Whether a fact ends a request without what was asked. */
const isUnfulfilled = (fact: ComplianceFact): boolean =>
  fact.kind === "resolved" && /^(?:denied|withdrawn)$/.test(fact.resolutionStatus)

/** The templates of the mails to the requester that facts call for, in their order. */
export const templatesOf = (
  facts: ReadonlyArray<ComplianceFact>,
  state: ComplianceState.ComplianceState,
  { isAddressUnproven }: Pick<RequestPrivateData, "isAddressUnproven">,
): ReadonlyArray<MailTemplate> => {
  const isOpening = facts[0]?.kind === "opened"
  const optOut = facts.find((fact) => fact.kind === "opted_out")
  const receipt = receiptOf(state, optOut?.types ?? 0)
  const called = facts.flatMap((fact): ReadonlyArray<MailTemplate> => {
    if (fact.kind === "opened") return isWithheld(facts, receipt) ? [] : [receipt]
    // Refusals that have waited for identity.
    if (fact.kind === "opted_out") return isOpening || fact.types === 0 ? [] : ["opted_out"]
    if (fact.kind === "resolved" && isUnfulfilled(fact)) return [fact.resolutionStatus as "denied" | "withdrawn"]
    return templates[fact.kind] === undefined ? [] : [templates[fact.kind]!]
  })
  const isShown = state.verifiedOn !== undefined && isAddressUnproven !== true
  return called.filter((template) => isShown || beforeIdentity.has(template))
}

/** The address of the page by which a requester follows a request. */
export const linkOf = (publicUrl: string, project: string, request: string, ticket: string): string =>
  `${publicUrl}/site-v1/${project}/compliance-requests/${request}/page/${ticket}`

/**
 * Before identity is shown only the mail with the code has a link, which is that of the code. After an erasure the page
 * ends with the mail, so that no link is in it.
 */
const hasLink = (template: MailTemplate, { erasure, verifiedOn }: ComplianceState.ComplianceState): boolean =>
  verifiedOn !== undefined && erasure === undefined && template !== "verification" && template !== "withdrawn"

/** What a mail says of a request. */
const valuesOf = (
  template: MailTemplate,
  { organization }: ProjectScope,
  { code, data, state }: MailedRequest,
  link: string | undefined,
): ComposedMail.MailToCompose["values"] => {
  const today = CivilToday.of(organization, state.instants.updated)
  const { dueDate } = RequestClock.read(organization, state, today)
  const { denialGround, status } = state.resolution ?? {}
  const reason = template === "clarification" || template === "extended" ? reasonOf(template, data) : undefined
  const isResult = template === "resolved" || template === "denied"
  const values: ComposedMail.MailToCompose["values"] = {
    request: state.request,
    ...(link !== undefined && { link }),
    ...(dueDate !== undefined && { dueDate }),
    ...(reason !== undefined && reason.trim() !== "" && { reason }),
    ...(isResult && data.resolution !== undefined && { resolution: data.resolution }),
    ...(isResult && status !== undefined && { resolutionStatus: status }),
    ...(isResult && denialGround !== undefined && { denialGround }),
  }
  const isCode = template === "verification" && code !== undefined
  return isCode ? { ...values, code: code.code, expires: code.kept.expiresAt } : values
}

const reasonOf = (template: "clarification" | "extended", { reasons = {} }: RequestPrivateData): string | undefined =>
  template === "clarification" ? reasons.clarification : reasons.extension

/** The mails to the requester, each with a ticket of its own. */
const toRequester = Effect.fnUntraced(function* (
  scope: ProjectScope,
  { code, data: before, id, state }: MailedRequest,
  facts: ReadonlyArray<ComplianceFact>,
  key: Pick<HeldRequestKey, "key">,
  context: LedgerContext,
) {
  const { publicUrl } = context.mailSettings
  const hasher = yield* context.hasherOf(scope.organization)
  const now = state.instants.updated
  const add: Array<NewMail> = []
  let data = before
  const to = data.user.email
  if (to === undefined) return { add, data }
  for (const template of templatesOf(facts, state, data)) {
    const isLinked = publicUrl !== undefined && hasLink(template, state)
    const made = isLinked ? yield* RequestTickets.make(id, now, hasher, context) : undefined
    const ticket = template === "verification" ? code?.ticket : made?.ticket
    const link =
      publicUrl === undefined || ticket === undefined ? undefined : linkOf(publicUrl, scope.project.id, id, ticket)
    // Without an address for links, the package is handed out by staff.
    if (template === "package_ready" && link === undefined) continue
    const values = valuesOf(template, scope, { id, state, data, code }, link)
    const ends = template === "verification" && code !== undefined && { endsAt: code.kept.expiresAt }
    const asked = { request: id, template, to, language: state.language, values, now, ...ends }
    const mail = yield* ComposedMail.make(scope, asked, key, context)
    if (mail === undefined) continue
    add.push(mail)
    if (made !== undefined) data = RequestTickets.withTicket(data, made.kept)
  }
  return { add, data }
})

/** The mail to staff that a fact calls for. */
const staffTemplateOf = (fact: ComplianceFact): MailTemplate | undefined => {
  if (fact.kind === "opened") return "staff_new"
  if (fact.kind === "clarified") return fact.by === "requester" ? "staff_answered" : undefined
  if (fact.kind !== "reminded") return undefined
  return fact.of === "overdue" ? "staff_overdue" : "staff_due_soon"
}

/** The mails to each address of the project's staff. They name the request and its days, and nothing personal. */
const toStaff = Effect.fnUntraced(function* (
  scope: ProjectScope,
  { id, state }: MailedRequest,
  facts: ReadonlyArray<ComplianceFact>,
  key: Pick<HeldRequestKey, "key">,
  context: LedgerContext,
) {
  const { contactEmails = [], languages } = scope.project
  const language = languages?.default ?? "en"
  const called = facts.flatMap((fact) => staffTemplateOf(fact) ?? [])
  const add: Array<NewMail> = []
  for (const template of called) {
    const values = valuesOf(template, scope, { id, state, data: { user: {} } }, undefined)
    for (const to of contactEmails) {
      const asked = { request: id, template, to, language, values, now: state.instants.updated }
      const mail = yield* ComposedMail.make(scope, asked, key, context)
      if (mail !== undefined) add.push(mail)
    }
  }
  return add
})

/** The mails that facts of a request call for. */
export const of = Effect.fnUntraced(function* (
  scope: ProjectScope,
  request: MailedRequest,
  facts: ReadonlyArray<ComplianceFact>,
  key: Pick<HeldRequestKey, "key">,
  context: LedgerContext,
) {
  const { add, data } = yield* toRequester(scope, request, facts, key, context)
  const staff = yield* toStaff(scope, request, facts, key, context)
  const tasks = yield* RequestDeliveries.of(scope, { ...request, data }, facts, key, context)
  return { add: [...add, ...staff, ...tasks.add], data: tasks.data } satisfies CalledMails as CalledMails
})

/** Whether facts may call for a mail. */
export const areCalled = (facts: ReadonlyArray<ComplianceFact>): boolean =>
  RequestDeliveries.areCalled(facts) ||
  facts.some(
    (fact) => fact.kind === "opted_out" || templates[fact.kind] !== undefined || staffTemplateOf(fact) !== undefined,
  )

/** The templates of the mails that facts end, where they wait. */
export const endedBy = (facts: ReadonlyArray<ComplianceFact>): ReadonlyArray<string> => [
  ...new Set(facts.flatMap(({ kind }) => outdated[kind] ?? [])),
  // What was not done is not to be done any more.
  ...(facts.some(isUnfulfilled) ? [taskTemplate] : []),
]
