/**
 * What a requester does by the link of a mail, without a session: shows identity, follows the request, answers a
 * question, withdraws. The link is the credential.
 *
 * A link that is not one of the request is answered like that of a request which is not there.
 */
import { Clock, Effect, Option } from "effect"
import * as IdentityVerification from "../compliance/IdentityVerification.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { KeptTicket, RequestPrivateData } from "../ledger/RequestPrivateData.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as ComplianceReading from "./ComplianceReading.ts"
import type { ComplianceRequest } from "./ComplianceRequest.ts"
import type { FoundFile } from "./files/RequestFiles.ts"
import * as RequestFiles from "./files/RequestFiles.ts"
import * as RequestChanging from "./RequestChanging.ts"
import type { Held } from "./RequestChanging.ts"
import type { Step } from "./RequestSteps.ts"
import * as RequestTickets from "./RequestTickets.ts"
import * as Verifying from "./Verifying.ts"

/** What a link opens. */
export interface RequesterPage {
  /** `verify`: the link of a code, before identity is shown; `follow`: a link of a request whose requester is known. */
  readonly way: "verify" | "follow"
  readonly request: ComplianceRequest
  /** Those that the requester may download. */
  readonly files: ReadonlyArray<FoundFile>
  /** How often files can be downloaded with this link still. */
  readonly downloadsLeft: number
}

/** What a requester does. */
export type RequesterAction =
  | { readonly kind: "verify" | "withdraw" }
  | { readonly kind: "clarify"; readonly answer: string }

/** What came of it: `refused` where the request does not take it any more. */
export interface ActedPage {
  readonly page: RequesterPage
  readonly outcome: "done" | "refused"
}

/** The most characters of an answer. */
export const maxAnswer = 8192

/** The ticket by which a request is followed; `undefined` for another one. */
const ticketOf = Effect.fnUntraced(function* (
  { organization }: Pick<ProjectScope, "organization">,
  id: string,
  ticket: string,
  data: RequestPrivateData | undefined,
  { hasherOf }: Pick<LedgerContext, "hasherOf">,
) {
  const hash = yield* RequestTickets.hashOf(id, ticket, yield* hasherOf(organization))
  return (data?.tickets ?? []).find((each) => RequestTickets.isSame(hash, each.hash))
})

/** The files that a requester may download. */
const filesOf = ({ privateData, state }: ComplianceRequest): ReadonlyArray<FoundFile> =>
  state.files.flatMap((attached) => {
    const words = privateData?.files?.find(({ file }) => file === attached.file)
    if (words === undefined) return []
    return words.isForRequester || attached.origin === "package" ? [{ ...attached, ...words }] : []
  })

/** The page of a request by one of its tickets. */
const followed = (request: ComplianceRequest, { uses }: Pick<KeptTicket, "uses">): RequesterPage => ({
  way: "follow",
  request,
  files: filesOf(request),
  downloadsLeft: Math.max(0, RequestTickets.maxDownloads - uses),
})

const unverified = (request: ComplianceRequest): RequesterPage => ({
  way: "verify",
  request,
  files: [],
  downloadsLeft: 0,
})

const noId = "00000000-0000-7000-8000-000000000000"

/** The page of a link; none where it is not one of the request, or does not count any more. */
export const see = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  ticket: string,
  context: LedgerContext,
): Effect.fn.Return<Option.Option<RequesterPage>, StoreUnavailable> {
  const known = Identifiers.isUuid(id) ? id.toLowerCase() : noId
  const found = yield* ComplianceReading.find(scope, known, context)
  if (Option.isNone(found)) yield* context.store.compliance.privateOf(scope.project, [known])
  const request = Option.getOrUndefined(found)
  const data = request?.privateData
  const kept = yield* ticketOf(scope, known, ticket, data, context)
  const { isMatch, verification } = yield* Verifying.compare(scope, known, data, { ticket }, context)
  if (request === undefined) return Option.none()
  if (kept !== undefined) return Option.some(followed(request, kept))
  const now = yield* Clock.currentTimeMillis
  const isOpen = IdentityVerification.attempt(verification, isMatch, now).outcome === "verified"
  return isOpen && request.status === "pending_verification" ? Option.some(unverified(request)) : Option.none()
})

const withdrawal = { command: { kind: "resolve", status: "withdrawn", hasResolution: false }, by: "requester" } as const
const clarification = { command: { kind: "clarify" }, by: "requester" } as const

/** One step of the requester. */
const take = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  step: Step,
  changeData: (before: RequestPrivateData) => RequestPrivateData,
  context: LedgerContext,
) {
  const plan = () => Effect.succeed({ steps: [step], changeData })
  const asked = { scope, id, plan, isPrivateNeeded: step.command.kind === "clarify" }
  const outcome = yield* RequestChanging.carryOut<Step>(asked, context)
  return outcome._tag === "Changed" ? outcome.request : undefined
})

/** Does what a requester asks by a link; none where {@link see} gives none. */
export const act = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  ticket: string,
  action: RequesterAction,
  context: LedgerContext,
): Effect.fn.Return<Option.Option<ActedPage>, StoreUnavailable> {
  const seen = yield* see(scope, id, ticket, context)
  if (Option.isNone(seen)) return Option.none()
  const { request, way } = seen.value
  const answer = (changed: ComplianceRequest | undefined) => {
    const page = { ...seen.value, request: changed ?? request }
    return Option.some<ActedPage>({ page, outcome: changed === undefined ? "refused" : "done" })
  }
  if (action.kind === "withdraw") return answer(yield* take(scope, request.id, withdrawal, (data) => data, context))
  if (action.kind === "clarify") {
    if (way === "verify") return answer(undefined)
    const changeData = (data: RequestPrivateData) => ({ ...data, clarification: action.answer })
    return answer(yield* take(scope, request.id, clarification, changeData, context))
  }
  if (way === "follow") return answer(request)
  const outcome = yield* Verifying.byTicket(scope, request.id, ticket, context)
  if (outcome._tag !== "Verified") return answer(undefined)
  return Option.some({ page: followed(outcome.request, { uses: 0 }), outcome: "done" })
})

/** Counts a download with a ticket; `undefined` where it is not one of the request, or was used too often. */
const useOf =
  (hash: Uint8Array) =>
  ({ data }: Held) => {
    const kept = (data?.tickets ?? []).find((each) => RequestTickets.isSame(hash, each.hash))
    if (kept === undefined || kept.uses >= RequestTickets.maxDownloads) return undefined
    const used = (before: RequestPrivateData): RequestPrivateData => ({
      ...before,
      tickets: (before.tickets ?? []).map((each) =>
        each.hash === kept.hash ? { ...each, uses: each.uses + 1 } : each,
      ),
    })
    return { changeData: used }
  }

/** Downloads a file by a link: a requester's own or the package, as often as the link allows. */
export const download = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  ticket: string,
  file: string,
  context: LedgerContext,
) {
  const hasher = yield* context.hasherOf(scope.organization)
  const hash = yield* RequestTickets.hashOf(id.toLowerCase(), ticket, hasher)
  return yield* RequestFiles.download({ scope, id, file, by: "requester", use: useOf(hash) }, context)
})
