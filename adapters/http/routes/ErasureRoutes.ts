/**
 * The handlers of erasures.
 */
import { Effect, Option, Predicate, Result } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Instant from "../../../core/engine/Instant.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { isUuid } from "../../../core/ledger/Identifiers.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { ErasedPerson, LogUnavailable } from "../../../core/people/Erasing.ts"
import type { Refusal } from "../../../core/people/ErasingByIdentifier.ts"
import type { Destroyed, Erasure } from "../../../core/ports/LedgerStore.ts"
import { Api } from "../api/Api.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as ErasureWire from "../api/ErasureWire.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as Positions from "../server/Positions.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as OneIdentifier from "./OneIdentifier.ts"
import * as Pages from "./Pages.ts"

const decodeRequest = Exchange.decoder(ErasureWire.ErasureRequest)
const decodeByIdentifier = Exchange.decoder(ErasureWire.ErasureByIdentifier)

const noPerson = new Answer.HttpProblem({ status: 404, detail: "there is no such person" })
const notErased = new Answer.HttpProblem({ status: 404, detail: "there is no erasure of such a person" })
const namesNoOne = new Answer.HttpProblem({ status: 404, detail: "the identifier names no one" })

const notConfirmedAt: Answer.Violation = {
  pointer: "/confirm",
  code: "not_confirmed",
  detail: "expected the concordId of the person that is to be erased",
}
const notConfirmed = new Answer.HttpProblem({ status: 422, detail: "nothing was erased", errors: [notConfirmedAt] })

const isConfirmed = (body: unknown, concordId: string): boolean =>
  Predicate.hasProperty(body, "confirm") &&
  typeof body.confirm === "string" &&
  body.confirm.toLowerCase() === concordId.toLowerCase()

/** Decodes a request to erase a person. A body that is not valid is also told that it does not confirm. */
const decodeFor = (concordId: string) => (body: unknown) =>
  Result.mapError(decodeRequest(body), (errors) => {
    const others = errors.filter((each) => each.pointer !== notConfirmedAt.pointer)
    return isConfirmed(body, concordId) ? others : [notConfirmedAt, ...others]
  })
const sharedDetail =
  "several people share it, so that it does not say which of them is meant: name the account, or erase by concordId"
const contactShared = new Answer.HttpProblem({
  status: 422,
  detail: "nothing was erased",
  errors: [{ pointer: "/person", code: "contact_shared", detail: sharedDetail }],
})

const logUnavailable = new Answer.HttpProblem({
  status: 503,
  detail: "the log of erasures cannot be written, and nothing was erased; try again",
  errors: [{ pointer: "", code: "erasure_log_unavailable", detail: "is not written now" }],
  headers: { "retry-after": "1" },
})

/** How many writes an erasure is counted as: each table that it deletes from, and the rows of the erasure. */
const writes = 12

/** The counts in the same order, whatever store counted them. */
const destroyedJson = ({ aliases, formerAliases, personalData, personKeys, sessions, ...others }: Destroyed) => ({
  aliases,
  formerAliases,
  personalData,
  personKeys,
  sessions,
  externalIds: others.externalIds,
  identityTokens: others.identityTokens,
  ...(others.complianceRequests !== undefined && { complianceRequests: others.complianceRequests }),
})

const erasureJson = ({ destroyed, id, members, reason, recordedAt, scope, submitter }: Erasure) => ({
  id,
  members,
  erasedAt: Instant.format(recordedAt),
  submitter,
  reason,
  ...(scope !== undefined && { scope }),
  destroyed: destroyedJson(destroyed),
})

const answer = (concordId: string, erased: ErasedPerson) => {
  const { erasure, isRepeated, isScrubbed, notPromised, positions, unreadableInBackupsFrom: from } = erased
  const json = {
    concordId,
    ...erasureJson(erasure),
    isScrubbed,
    notPromised,
    ...(from !== undefined && { unreadableInBackupsFrom: Instant.format(from) }),
  }
  const headers = { ...Positions.headers(positions), ...IdempotencyKey.headers(isRepeated) }
  return Answer.json(JSON.stringify(json), 200, headers)
}

const erase = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  params: { readonly concordId: string },
) {
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeFor(params.concordId))
  if (!isUuid(params.concordId)) return yield* noPerson
  const concordId = params.concordId.toLowerCase()
  if (fields.confirm?.toLowerCase() !== concordId) return yield* notConfirmed
  yield* Account.take({ items: 1, writes })
  const erasing = { concordId, submitter: key.id, reason: fields.reason, ...idempotency }
  const outcome = yield* IdempotencyKey.orRefuse(yield* ledger.erase(organization, erasing))
  if (outcome._tag === "NeverKnown") return yield* noPerson
  if (outcome._tag === "LogUnavailable") return yield* logUnavailable
  return answer(concordId, outcome)
})

/** Fails with the reason why nothing was erased. */
const refuse = (outcome: Refusal | LogUnavailable): Answer.HttpProblem => {
  switch (outcome._tag) {
    case "ConfirmNeeded": {
      const { concordId, events, identifiers, members } = outcome
      const detail = "nothing was erased yet: send the request again with this concordId as confirm"
      const errors = [{ pointer: "/confirm", code: "confirm_needed", detail }]
      const toConfirm = { concordId, members: members.length, identifiers, events }
      return new Answer.HttpProblem({ status: 409, detail, errors, toConfirm })
    }
    case "NotNamed":
      return namesNoOne
    case "NotConfirmed":
      return notConfirmed
    case "ContactShared":
      return contactShared
    case "LogUnavailable":
      return logUnavailable
    case "Refused": {
      const errors = outcome.faults.map(({ code, detail, field }) => ({ pointer: `/person/${field}`, code, detail }))
      return new Answer.HttpProblem({ status: 422, detail: "the body is not valid", errors })
    }
  }
}

const eraseByIdentifier = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeByIdentifier)
  const identifier = yield* OneIdentifier.of(fields.person, "/person")
  const confirm = fields.confirm?.toLowerCase()
  yield* Account.take({ items: 1, writes })
  const outcome = yield* IdempotencyKey.orRefuse(
    yield* ledger.eraseByIdentifier(organization, {
      identifier,
      submitter: key.id,
      reason: fields.reason,
      ...(confirm !== undefined && { confirm }),
      ...idempotency,
    }),
  )
  if (outcome._tag !== "Erased") return yield* refuse(outcome)
  return answer(confirm ?? outcome.erasure.members[0]!, outcome)
})

const list = Effect.fnUntraced(function* (query: { readonly cursor?: string; readonly limit?: number }) {
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const page = yield* ledger.erasures(organization, { caller: key.id, ...query })
  if (page._tag === "UnknownCursor") return yield* Pages.unknownCursor
  return Answer.json(
    Answer.list(
      page.items.map((each) => JSON.stringify(erasureJson(each))),
      page.nextCursor,
    ),
  )
})

/** The handlers of the group `erasures`. */
export const layer = HttpApiBuilder.group(Api, "erasures", (handlers) =>
  handlers
    .handleRaw("erasePerson", ({ params, request }) => Answer.respond(erase(request, params)))
    .handle("getErasure", ({ params }) =>
      Answer.respond(
        Effect.gen(function* () {
          const ledger = yield* Ledger
          const { organization } = yield* CurrentKey
          if (!isUuid(params.concordId)) return yield* notErased
          const found = yield* ledger.erasure(organization, params.concordId.toLowerCase())
          if (Option.isNone(found)) return yield* notErased
          const { erasure, positions } = found.value
          return Answer.json(JSON.stringify(erasureJson(erasure)), 200, Positions.headers(positions))
        }),
      ),
    )
    .handle("listErasures", ({ query }) => Answer.respond(list(query)))
    .handleRaw("eraseByIdentifier", ({ request }) => Answer.respond(eraseByIdentifier(request))),
)
