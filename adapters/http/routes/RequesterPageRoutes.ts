/**
 * The page of a requester, which the links in mails open: HTML without a session. The ticket in the path is the
 * credential, so it is neither logged nor sent on, and every one that opens nothing is answered by the same page.
 *
 * A GET changes nothing, because programs that scan mails follow their links.
 */
import { ByteSize, Effect, Option } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash } from "node:crypto"
import * as FileName from "../../../core/compliance-requests/files/FileName.ts"
import type { RequesterAction } from "../../../core/compliance-requests/RequesterPage.ts"
import { maxAnswer } from "../../../core/compliance-requests/RequesterPage.ts"
import { isUuid } from "../../../core/ledger/Identifiers.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as IpAddress from "../../../core/people/IpAddress.ts"
import * as PageHtml from "../../../core/requester-page/PageHtml.ts"
import { style } from "../../../core/requester-page/PageStyle.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import * as LanguageLookup from "../../../core/model/LanguageLookup.ts"
import * as Answer from "../server/Answer.ts"
import * as ClientAddress from "../server/ClientAddress.ts"
import * as RateLimit from "../server/RateLimit.ts"
import * as RequestLog from "../server/RequestLog.ts"
import { requesterPage } from "../server/RouteTable.ts"
import { writesOfRequest } from "./ComplianceRoutes.ts"

const styleHash = createHash("sha256").update(style).digest("base64")

const headers = {
  "cache-control": "no-store",
  "content-security-policy": [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; "),
  "cross-origin-resource-policy": "same-origin",
  "x-robots-tag": "noindex",
}

const answerHtml = (page: string, status = 200) =>
  HttpServerResponse.text(page, { status, contentType: "text/html; charset=utf-8", headers })

const noPage = ({ headers: sent }: HttpServerRequest.HttpServerRequest) =>
  answerHtml(PageHtml.none(LanguageLookup.ofHeader(sent["accept-language"])), 404)

/** A form may hold an answer, each character of which is sent as up to 12. */
const maxBytes = 12 * maxAnswer + 1024

const notForm = new Answer.HttpProblem({
  status: 415,
  detail: "send the body as application/x-www-form-urlencoded",
})

const tooLarge = new Answer.HttpProblem({ status: 413, detail: `the body is larger than ${maxBytes} bytes` })

/** The fields of a form. */
const readForm = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const mediaType = (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase()
  if (mediaType !== "application/x-www-form-urlencoded") return yield* notForm
  if (Number(request.headers["content-length"]) > maxBytes) return yield* tooLarge
  const text = yield* request.text.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(maxBytes)),
    Effect.mapError(() => tooLarge),
  )
  return new URLSearchParams(text)
})

/** Control characters but tabs and line breaks, which no one means to write. */
const controls = /[^\P{Cc}\t\n\r]/gu

const actionOf = (form: URLSearchParams): RequesterAction | undefined => {
  const action = form.get("action")
  if (action === "verify" || action === "withdraw") return { kind: action }
  const answer = (form.get("answer") ?? "").replace(controls, "").trim().slice(0, maxAnswer)
  return action === "clarify" && answer !== "" ? { kind: action, answer } : undefined
}

/** What a path names; the project may not be there. */
interface Named {
  readonly scope: ProjectScope
  readonly id: string
  readonly ticket: string
}

/** Draws a request from the quota of its address, and finds its project. */
const admitted = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, writes: number) {
  const ledger = yield* Ledger
  const { params } = yield* HttpRouter.RouteContext
  const { id = "", projectId = "", ticket = "" } = params
  const scope = Option.getOrUndefined(yield* ledger.projectScope(projectId))
  const limits = yield* RateLimit.RateLimits
  const account = yield* limits.account({})
  const address = yield* ClientAddress.holderOf(IpAddress.shorten(yield* ClientAddress.of(request)))
  const owners = scope && { project: scope.project.id, organization: scope.organization.id }
  yield* account.admit({ ...(address !== undefined && { address }), ...owners }, request)
  if (writes > 0) yield* account.take({ writes })
  if (scope === undefined || !isUuid(id)) return undefined
  yield* RequestLog.add({ projectId: scope.project.id, organizationId: scope.organization.id })
  return { scope, id: id.toLowerCase(), ticket } satisfies Named as Named
})

const see = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const ledger = yield* Ledger
  const named = yield* admitted(request, 0)
  if (named === undefined) return noPage(request)
  const page = yield* ledger.compliance.page(named.scope, named.id, named.ticket)
  if (Option.isNone(page)) return noPage(request)
  return answerHtml(PageHtml.of({ ...named.scope, page: page.value }))
})

const download = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  { id, scope, ticket }: Named,
  file: string,
) {
  const ledger = yield* Ledger
  const outcome = yield* ledger.compliance.downloadOnPage(scope, id, ticket, file)
  if (outcome._tag === "NoFile") return noPage(request)
  const { bytes, file: found } = outcome
  return HttpServerResponse.stream(bytes, {
    contentType: found.type,
    contentLength: found.size,
    headers: { ...headers, "content-disposition": FileName.disposition(found.fileName) },
  })
})

const act = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const ledger = yield* Ledger
  const named = yield* admitted(request, writesOfRequest)
  const form = yield* readForm(request)
  if (named === undefined) return noPage(request)
  const { id, scope, ticket } = named
  if (form.get("action") === "download") return yield* download(request, named, form.get("file") ?? "")
  const { organization, project } = scope
  const action = actionOf(form)
  const page =
    action === undefined
      ? Option.map(yield* ledger.compliance.page(scope, id, ticket), (page) => ({ organization, project, page }))
      : Option.map(yield* ledger.compliance.actOnPage(scope, id, ticket, action), ({ outcome, page }) => ({
          organization,
          project,
          page,
          did: { action: action.kind, outcome },
        }))
  return Option.isNone(page) ? noPage(request) : answerHtml(PageHtml.of(page.value))
})

/** The routes of the page. */
export const layer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    yield* router.add("GET", requesterPage, Answer.respond(see))
    yield* router.add("POST", requesterPage, Answer.respond(act))
  }),
)
