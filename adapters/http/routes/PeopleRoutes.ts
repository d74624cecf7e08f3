/**
 * The handlers of identity: the facts about a person, and undoing a join.
 */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Instant from "../../../core/engine/Instant.ts"
import { isUuid } from "../../../core/ledger/Identifiers.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { PersonPage } from "../../../core/people/PersonFacts.ts"
import type * as People from "../../../core/model/People.ts"
import { Api } from "../api/Api.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as Pages from "./Pages.ts"
import * as Positions from "../server/Positions.ts"

const noPerson = new Answer.HttpProblem({ status: 404, detail: "there is no such person" })
const noJoin = new Answer.HttpProblem({ status: 404, detail: "there is no such join of this person" })
const undoneBefore = new Answer.HttpProblem({ status: 409, detail: "the join was undone before" })

/** A fact as JSON, without the hash of the identifier, which is not shown to anyone. */
const factJson = ({ dateCreated, evidence, id, join, kind, member, submitter, survivor }: People.Fact) => ({
  id,
  kind,
  member,
  survivor,
  submitter,
  ...(join !== undefined && { join }),
  dateCreated: Instant.format(dateCreated),
  ...(evidence !== undefined && {
    evidence: {
      ...evidence,
      issuedAt: Instant.format(evidence.issuedAt),
      expiresAt: Instant.format(evidence.expiresAt),
    },
  }),
})

/** A page of a person as JSON: its members, and the facts about it. */
const write = ({ facts, members, nextCursor, survivor }: PersonPage): string =>
  JSON.stringify({ concordId: survivor, members, facts: facts.map(factJson), nextCursor })

const undo = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  params: { readonly concordId: string; readonly joinId: string },
) {
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  if (!isUuid(params.concordId)) return yield* noPerson
  const concordId = params.concordId.toLowerCase()
  const about = { concordId, factId: params.joinId.toLowerCase(), submitter: key.id }
  const undoing = { ...about, ...(yield* CatalogChanges.withoutBody(request)), answer: write }
  const outcome = yield* IdempotencyKey.orRefuse(yield* ledger.undoJoin(organization, undoing))
  if (outcome._tag === "NoSuchJoin") return yield* noJoin
  if (outcome._tag === "UndoneBefore") return yield* undoneBefore
  // A person asked about with these positions is answered as after the undo.
  const positions = yield* ledger.personPositions(organization, concordId)
  const isRepeated = outcome._tag === "Repeated"
  const headers = { ...Positions.headers(positions), ...IdempotencyKey.headers(isRepeated) }
  return Answer.json(isRepeated ? outcome.answer : write(outcome.person), 200, headers)
})

/** The handlers of the group `people`. */
export const layer = HttpApiBuilder.group(Api, "people", (handlers) =>
  handlers
    .handle("getPerson", ({ params, query }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { key, organization } = yield* CurrentKey
          if (!isUuid(params.concordId)) return yield* noPerson
          const ledger = yield* Ledger
          const page = { caller: key.id, ...query }
          const person = yield* ledger.person(organization, params.concordId.toLowerCase(), page)
          if (person._tag === "UnknownCursor") return yield* Pages.unknownCursor
          return Answer.json(write(person), 200, Positions.headers(person.positions))
        }),
      ),
    )
    .handle("undoJoin", ({ params, request }) => Answer.respond(undo(request, params))),
)
