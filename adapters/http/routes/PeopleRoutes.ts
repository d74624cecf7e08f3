/**
 * The handlers of identity: the facts about a person, and undoing a join.
 */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { Organization } from "../../../core/model/Catalog.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import { isUuid } from "../../../core/ledger/Identifiers.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type * as People from "../../../core/model/People.ts"
import { Api } from "../api/Api.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as Answer from "../server/Answer.ts"
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

const answer = Effect.fnUntraced(function* (organization: Organization, concordId: string) {
  const ledger = yield* Ledger
  const { facts, members, positions, survivor } = yield* ledger.person(organization, concordId)
  const body = JSON.stringify({ concordId: survivor, members, facts: facts.map(factJson) })
  return Answer.json(body, 200, Positions.headers(positions))
})

/** The handlers of the group `people`. */
export const layer = HttpApiBuilder.group(Api, "people", (handlers) =>
  handlers
    .handle("getPerson", ({ params }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { organization } = yield* CurrentKey
          if (!isUuid(params.concordId)) return yield* noPerson
          return yield* answer(organization, params.concordId.toLowerCase())
        }),
      ),
    )
    .handle("undoJoin", ({ params }) =>
      Answer.respond(
        Effect.gen(function* () {
          const ledger = yield* Ledger
          const { key, organization } = yield* CurrentKey
          if (!isUuid(params.concordId)) return yield* noPerson
          const concordId = params.concordId.toLowerCase()
          const { _tag } = yield* ledger.undoJoin(organization, concordId, params.joinId.toLowerCase(), key.id)
          if (_tag === "NoSuchJoin") return yield* noJoin
          if (_tag === "UndoneBefore") return yield* undoneBefore
          return yield* answer(organization, concordId)
        }),
      ),
    ),
)
