/**
 * The handlers of compliance requests of the Site API, which browsers call with a session.
 *
 * Every answer is the same whether the ledger knows the person of a typed address or not. Only a session whose person
 * has identified itself as the one that a request is about sees how it ended.
 */
import { Effect, Option, Result } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { NewRequest } from "../../../core/compliance-requests/ComplianceOpening.ts"
import type { ComplianceRequest } from "../../../core/compliance-requests/ComplianceRequest.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { isUuid } from "../../../core/ledger/Identifiers.ts"
import * as OwnMailText from "../../../core/model/OwnMailText.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as MailLanguages from "../../../core/mail/MailLanguages.ts"
import * as LanguageLookup from "../../../core/model/LanguageLookup.ts"
import { Api } from "../api/Api.ts"
import * as ComplianceBodies from "../api/ComplianceBodies.ts"
import { CurrentVisitor } from "../api/Credentials.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as IdentityToken from "../server/IdentityToken.ts"
import * as ComplianceJson from "./ComplianceJson.ts"
import * as ComplianceOutcome from "./ComplianceOutcome.ts"
import { writesOfRequest } from "./ComplianceRoutes.ts"
import * as Pages from "./Pages.ts"
import * as RequestProof from "./RequestProof.ts"

const decodeOwn = Exchange.decoder(ComplianceBodies.OwnRequest)

/** Whether the person of the session has identified itself, and is the one that a request is about. */
const isSubject = Effect.fnUntraced(function* ({ status, subject }: ComplianceRequest) {
  const ledger = yield* Ledger
  const { scope, session } = yield* CurrentVisitor
  const isGuest = session.context !== undefined
  if (isGuest || status === "pending_verification" || subject === undefined) return false
  return yield* ledger.areOne(scope.organization, session.concordId, subject)
})

const write = (request: ComplianceRequest) =>
  Effect.map(isSubject(request), (isSubject) => ComplianceJson.ofVisitor(request, isSubject))

type Given = typeof ComplianceBodies.OwnRequest.Type

const toNewRequest = (
  fields: Given,
  acceptLanguage: string | undefined,
  own: ReadonlyArray<OwnMailText.OwnMailText>,
): NewRequest => {
  const language = fields.language ?? MailLanguages.preferred(LanguageLookup.ofHeader(acceptLanguage), own)
  return {
    request: fields.request,
    user: ComplianceBodies.userOf(fields),
    captureUrl: fields.captureUrl,
    ...(fields.requestDetails != null && { requestDetails: String(fields.requestDetails) }),
    ...(language !== undefined && { language }),
  }
}

/** The name that a visitor's body has for a member of a request. */
const memberOf: Readonly<Record<string, string>> = {
  "user/email": "userEmail",
  "user/firstName": "userFirstName",
  "user/lastName": "userLastName",
  "user/phoneNumber": "userPhoneNumber",
}

const create = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const ledger = yield* Ledger
  const account = yield* Account.CurrentAccount
  const { scope, session } = yield* CurrentVisitor
  const body = yield* Answer.readBody(request)
  const idempotency = yield* IdempotencyKey.of(request, session.id, body)
  const decoded = yield* Effect.result(Answer.decode(decodeOwn, body.json))
  if (Result.isFailure(decoded)) return yield* Effect.andThen(account.take({}), decoded.failure)
  const own = OwnMailText.of(yield* ledger.catalog, scope.organization)
  const asked = toNewRequest(decoded.success, request.headers["accept-language"], own)
  const { token } = decoded.success
  // An opt-out is never refused, so a token that is not valid does not keep one from being opened.
  const isProven = token != null && asked.request !== "do_not_sell"
  const item = isProven ? { ...asked, proof: yield* RequestProof.of(token, scope) } : asked
  const open = ledger.compliance.open(scope, { opener: { _tag: "Visitor", session }, items: [item], ...idempotency })
  const work = { items: 1, writes: writesOfRequest }
  const outcome = yield* ComplianceOutcome.metered(open, work, item.request === "do_not_sell")
  const { isRepeated, requests } = yield* ComplianceOutcome.opened(
    outcome,
    (_, field) => `/${memberOf[field] ?? field}`,
  )
  return Answer.json(yield* write(requests[0]!), 201, IdempotencyKey.headers(isRepeated))
})

const find = Effect.fnUntraced(function* (id: string) {
  const ledger = yield* Ledger
  const { scope, session } = yield* CurrentVisitor
  if (!isUuid(id)) return yield* ComplianceOutcome.noRequest
  const found = yield* ledger.compliance.findOfVisitor(scope, id.toLowerCase(), session)
  return Option.isNone(found) ? yield* ComplianceOutcome.noRequest : Answer.json(yield* write(found.value))
})

const withdraw = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { scope, session } = yield* CurrentVisitor
  const { idempotency } = yield* IdempotencyKey.of(request, session.id, { text: "" })
  if (!isUuid(id)) return yield* ComplianceOutcome.noRequest
  yield* Account.take({ items: 1, writes: writesOfRequest })
  const outcome = yield* ledger.compliance.withdraw(scope, id.toLowerCase(), session, idempotency)
  const { isRepeated, request: changed } = yield* ComplianceOutcome.changed(outcome)
  return Answer.json(yield* write(changed), 200, IdempotencyKey.headers(isRepeated))
})

const accepted = HttpServerResponse.empty({ status: 202 })

const sendCode = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { scope, session } = yield* CurrentVisitor
  yield* Answer.readBody(request, { absent: {} })
  yield* Account.take({ items: 1, writes: writesOfRequest })
  if (!isUuid(id)) return accepted
  const outcome = yield* ledger.compliance.sendCodeToVisitor(scope, id.toLowerCase(), session)
  return outcome._tag === "Accepted" ? accepted : yield* ComplianceOutcome.sentTooOften(outcome)
})

const decodeVerification = Exchange.decoder(ComplianceBodies.Verification)

const verify = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { scope, session } = yield* CurrentVisitor
  const body = yield* Answer.readBody(request)
  const { idempotency } = yield* IdempotencyKey.of(request, session.id, body)
  yield* Account.take({ items: 1, writes: writesOfRequest })
  const { code, token } = yield* Answer.decode(decodeVerification, body.json)
  const outcome =
    token == null
      ? yield* IdempotencyKey.orRefuse(
          yield* ledger.compliance.verifyByCode(scope, id, session, code ?? "", idempotency),
        )
      : yield* ledger.compliance.verifyByToken(scope, id, session, yield* RequestProof.of(token, scope))
  if (outcome._tag === "TokenUsed") return yield* IdentityToken.rejected("the token was used before")
  return outcome._tag === "Verified"
    ? Answer.json(yield* write(outcome.request))
    : yield* ComplianceOutcome.codeNotValid
})

/** The handlers of the group `siteCompliance`. */
export const layer = HttpApiBuilder.group(Api, "siteCompliance", (handlers) =>
  handlers
    .handleRaw("createVisitorComplianceRequest", ({ request }) => Answer.respond(create(request)))
    .handle("listVisitorComplianceRequests", ({ query }) =>
      Answer.respond(
        Effect.gen(function* () {
          yield* Pages.check(query)
          const ledger = yield* Ledger
          const { scope, session } = yield* CurrentVisitor
          const page = yield* ledger.compliance.listOfVisitor(scope, session, query)
          return yield* Pages.answerAll(page, (requests) => Effect.forEach(requests, write))
        }),
      ),
    )
    .handle("getVisitorComplianceRequest", ({ params }) => Answer.respond(find(params.id)))
    .handleRaw("sendVisitorComplianceCode", ({ params, request }) => Answer.respond(sendCode(request, params.id)))
    .handleRaw("verifyVisitorComplianceRequest", ({ params, request }) => Answer.respond(verify(request, params.id)))
    .handle("withdrawVisitorComplianceRequest", ({ params, request }) => Answer.respond(withdraw(request, params.id))),
)
