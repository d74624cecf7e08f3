/**
 * What is written of a request that is opened: its first facts, what is personal of it, and its first mails.
 */
import { Clock, Effect } from "effect"
import type { Actor } from "../compliance/ComplianceFact.ts"
import type * as ComplianceState from "../compliance/ComplianceState.ts"
import * as LedgerSystem from "../data-systems/LedgerSystem.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type * as Recording from "../ledger/Recording.ts"
import * as RequestPrivateData from "../ledger/RequestPrivateData.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import * as HolidaysOf from "../model/Holidays.ts"
import type { PrivateRow, RequestChange } from "../ports/ComplianceStore.ts"
import * as CivilToday from "./CivilToday.ts"
import * as CodeSending from "./CodeSending.ts"
import type { Opener } from "./ComplianceOpening.ts"
import type { PreparedRequest } from "./OpeningPreparation.ts"
import * as RequestClock from "./RequestClock.ts"
import * as RequestMails from "./RequestMails.ts"
import * as RequestSteps from "./RequestSteps.ts"
import * as RequestTasks from "./RequestTasks.ts"

const ledgerTask = LedgerSystem.id

const actorOf = (opener: Opener): Actor => (opener._tag === "Key" ? `key:${opener.id}` : "visitor")

/** The first fact of a request. */
const openedOf = (
  { geography, given, isWaiting, language, pack, receivedAt }: PreparedRequest,
  { organization }: ProjectScope,
  opener: Opener,
  tasks: ReadonlyArray<string>,
) => {
  const { isPreverified, request } = given
  const identity = isWaiting ? "needed" : RequestClock.find(pack, request)!.identity
  return {
    kind: "opened",
    request,
    clock: pack,
    calendar: HolidaysOf.revisionOf(organization),
    receivedOn: CivilToday.of(organization, receivedAt),
    receivedAt,
    channel: opener._tag === "Key" ? "server" : "site",
    ...(opener._tag === "Visitor" && { domain: opener.session.domain }),
    ...(geography !== undefined && { country: geography }),
    identity: identity === "needed" && isPreverified === true ? "preverified" : identity,
    language,
    tasks: [ledgerTask, ...tasks],
    ledgerTask,
  } as const
}

/** The refusals that an opt-out records. */
export interface OptOutRefusals {
  readonly types: number
  readonly events: ReadonlyArray<Recording.EventReference>
  /** The person of the last refusal: the one that the typed address names, if one was typed. */
  readonly subject: string | undefined
}

/** Of a request that is no opt-out, or records none now. */
export const noRefusals: OptOutRefusals = { types: 0, events: [], subject: undefined }

/** A request that is written, with its change in the store. */
export interface OpenedRequest {
  readonly change: RequestChange
  readonly state: ComplianceState.ComplianceState
  readonly row: PrivateRow
  readonly data: RequestPrivateData.RequestPrivateData | undefined
}

/** What follows at once from the opening of a request. */
const firstStepsOf = Effect.fnUntraced(function* (
  { data, given, id, isProven }: PreparedRequest,
  { events, types }: OptOutRefusals,
  state: ComplianceState.ComplianceState,
  scope: ProjectScope,
  context: LedgerContext,
) {
  const isOptOut = given.request === "do_not_sell"
  const optOut = { command: { kind: "opt_out", types, events: events.length }, by: "engine" } as const
  const verify = { command: { kind: "verify", method: "token" }, by: "requester" } as const
  const steps: ReadonlyArray<RequestSteps.Step> = [...(isOptOut ? [optOut] : []), ...(isProven ? [verify] : [])]
  // An address that was only typed may be a stranger's.
  const isTyped = state.channel === "site" && (!isProven || data.isAddressUnproven === true)
  const withheld = isTyped
    ? yield* CodeSending.withheldReceipt(scope, RequestMails.receiptOf(state, types), data.user.email, context)
    : []
  const isCodeSent = state.channel === "site" && given.proof === undefined && CodeSending.takesCode(state, data)
  if (!isCodeSent) return { steps: [...steps, ...withheld], data }
  const { changeData, code, step } = yield* CodeSending.make(scope, id, data.user.email!, "engine", context)
  return { steps: [...steps, ...withheld, step], data: changeData(data), code }
})

/** What is written of a request. */
export const make = Effect.fnUntraced(function* (
  prepared: PreparedRequest,
  refusals: OptOutRefusals,
  scope: ProjectScope,
  opener: Opener,
  context: LedgerContext,
) {
  const { organization, project } = scope
  const { id, key } = prepared
  const { events, subject } = refusals
  const now = yield* Clock.currentTimeMillis
  const by = actorOf(opener)
  const tasks = RequestTasks.of(yield* context.store.catalog.current, scope, prepared.given.request)
  const opening = openedOf(prepared, scope, opener, tasks)
  const opened = yield* RequestSteps.open(organization, id, opening, by, now, context)
  const first = yield* firstStepsOf(prepared, refusals, opened.state, scope, context)
  const request = { organization, id, state: opened.state, isGone: false }
  const further = yield* RequestSteps.decide(request, first.steps, now, context)
  const decided = further._tag === "Decided" ? further : { facts: [], state: opened.state }
  const [facts, state] = [[...opened.facts, ...decided.facts], decided.state]
  const data = { ...first.data, ...(events.length > 0 && { optOutEvents: events.map((event) => event.id) }) }
  const called = key && (yield* RequestMails.of(scope, { id, state, data, code: first.code }, facts, key, context))
  const sealed = key && called && (yield* RequestPrivateData.seal(project, id, called.data, key, context))
  const row: PrivateRow = {
    ...prepared.row,
    // A person of a session that opts out what it has typed may be another one than it is about.
    ...(subject !== undefined && !(prepared.isWaiting && opener._tag === "Visitor") && { subject }),
    ...(sealed !== undefined && { sealed }),
  }
  const change: RequestChange = {
    before: 0,
    facts,
    row: RequestSteps.rowOf(scope, id, state),
    private: row,
    ...(key?.isNew !== undefined && { key: key.isNew }),
    ...(called !== undefined && called.add.length > 0 && { mails: { add: called.add } }),
  }
  return { change, state, row, data: called?.data } satisfies OpenedRequest as OpenedRequest
})
