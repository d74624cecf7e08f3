/**
 * The handlers of events and answers, which servers call with an API key.
 */
import { Effect, Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import * as ItemLine from "../../../core/formats/ItemLine.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { isUuid } from "../../../core/ledger/Identifiers.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { StoredEvent } from "../../../core/ports/LedgerStore.ts"
import { Api } from "../api/Api.ts"
import * as Wire from "../api/Wire.ts"
import * as PathScope from "../server/PathScope.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as Import from "./Import.ts"
import * as Items from "./Items.ts"
import * as Pages from "./Pages.ts"
import * as Positions from "../server/Positions.ts"
import * as Questions from "./Questions.ts"
import * as ShownEvidence from "./ShownEvidence.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"

const recordItems = Items.recorder(ItemLine.ItemLine, Wire.recordRequest(Schema.Unknown))
const decodeQuestions = Exchange.decoder(Wire.DecisionQuestions)

/** The bodies of events as a key may see them. */
const bodiesFor = (current: Parameters<typeof ShownEvidence.forKey>[0]) => {
  const shown = ShownEvidence.forKey(current)
  return ({ body }: StoredEvent): string => shown(body)
}

const noEvent = new Answer.HttpProblem({ status: 404, detail: "there is no such event" })

/** A query with its ids in lower case, as they are stored. */
const lowerCase = <Query extends { concordId?: string; sessionId?: string; submitter?: string }>(
  query: Query,
): Query => ({
  ...query,
  ...(query.concordId !== undefined && { concordId: query.concordId.toLowerCase() }),
  ...(query.sessionId !== undefined && { sessionId: query.sessionId.toLowerCase() }),
  ...(query.submitter !== undefined && { submitter: query.submitter.toLowerCase() }),
})

/** The handlers of the group `privacy`. */
export const layer = HttpApiBuilder.group(Api, "privacy", (handlers) => {
  const imports = Import.make()
  return handlers
    .handleRaw("createConsentEvents", ({ request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const current = yield* PathScope.current
          const { key, scope } = current
          const body = yield* Answer.readBody(request)
          const idempotency = yield* IdempotencyKey.of(request, key.id, body)
          const about = { ...scope, submitter: key.id, ...idempotency }
          return yield* recordItems(body.json, about, ItemLine.toItem, ShownEvidence.forKey(current))
        }),
      ),
    )
    .handleRaw("importConsentEvents", ({ query, request }) => Answer.respond(Import.rows(request, query, imports)))
    .handle("listConsentEvents", ({ query }) =>
      Answer.respond(
        Effect.gen(function* () {
          yield* Pages.check(query)
          const ledger = yield* Ledger
          const current = yield* PathScope.current
          const { key, scope } = current
          return yield* Pages.answer(yield* ledger.list(scope, key.id, lowerCase(query)), bodiesFor(current))
        }),
      ),
    )
    .handle("getConsentEvent", ({ params }) =>
      Answer.respond(
        Effect.gen(function* () {
          const ledger = yield* Ledger
          const current = yield* PathScope.current
          const { scope } = current
          const event = isUuid(params.id) ? yield* ledger.event(scope.project, params.id.toLowerCase()) : undefined
          return event === undefined ? yield* noEvent : Answer.json(bodiesFor(current)(event))
        }),
      ),
    )
    .handle("getConsentState", ({ query }) =>
      Answer.respond(
        Effect.gen(function* () {
          const current = yield* PathScope.current
          const { key, scope } = current
          yield* Questions.checkRegion(scope, query)
          const person = yield* Questions.personOf(scope, query)
          const { body, positions } = yield* Questions.state(scope, person, key.id, query)
          return Answer.json(ShownEvidence.forKey(current)(body), 200, Positions.headers(positions))
        }),
      ),
    )
    .handle("getConsentDecisions", ({ query }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { key, scope } = yield* PathScope.current
          yield* Questions.checkRegion(scope, query)
          const person = yield* Questions.personOf(scope, query)
          const { body, positions } = yield* Questions.decisions(scope, person, key.id, query)
          return Answer.json(body, 200, Positions.headers(positions))
        }),
      ),
    )
    .handleRaw("askConsentDecisions", ({ request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { scope } = yield* PathScope.current
          const asked = yield* Answer.readBody(request)
          const questions = yield* Answer.decode(decodeQuestions, asked.json)
          yield* Account.take({ items: questions.items.length })
          // An Idempotency-Key is ignored, because a question writes nothing.
          const { body, positions } = yield* Questions.manyDecisions(scope, questions)
          return Answer.json(body, 200, Positions.headers(positions))
        }),
      ),
    )
})
