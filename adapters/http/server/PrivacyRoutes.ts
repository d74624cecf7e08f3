/**
 * The Privacy API: what servers ask with an API key.
 */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Ledger, type Site } from "../../../core/ledger/Ledger.ts"
import * as People from "../../../core/People.ts"
import { Api } from "../api/Api.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as Wire from "../api/Wire.ts"
import * as Access from "./Access.ts"
import * as Answer from "./Answer.ts"
import * as Items from "./Items.ts"
import * as Questions from "./Questions.ts"

const recordItems = Items.recorder(Wire.ServerItem)

/** The person that the one identifier of a query names; `undefined` for one that names nobody. */
const personOf = Effect.fnUntraced(function* (site: Site, query: People.Identifiers) {
  const given = People.identifierKinds.filter((kind) => query[kind] !== undefined)
  const kind = given[0]
  if (kind === undefined || given.length > 1) {
    const detail = `name one person by exactly one of ${People.identifierKinds.join(", ")}`
    return yield* new Answer.Problem({ status: 400, detail })
  }
  const ledger = yield* Ledger
  const found = yield* ledger.find(site, { [kind]: query[kind] })
  if (found._tag === "Found") return found.concordId
  const errors = found.faults.map(({ field, code, detail }) => ({ parameter: field, code, detail }))
  return yield* new Answer.Problem({ status: 400, detail: "the query is not valid", errors })
})

/** The handlers of the group `privacy`. */
export const layer = HttpApiBuilder.group(Api, "privacy", (handlers) =>
  handlers
    .handleRaw("createConsentEvents", ({ params, request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const site = yield* Access.projectOf(params, "write")
          const key = yield* CurrentKey
          const body = yield* Answer.readBody(request)
          const bodies = yield* recordItems(body, { ...site, submitter: key.id }, Items.fromServer)
          return Answer.json(Answer.list(bodies), 201)
        }),
      ),
    )
    .handle("getConsentState", ({ params, query }) =>
      Answer.respond(
        Effect.gen(function* () {
          const site = yield* Access.projectOf(params, "read")
          const concordId = yield* personOf(site, query)
          return Answer.json(yield* Questions.state(site, concordId, query))
        }),
      ),
    )
    .handle("getConsentDecisions", ({ params, query }) =>
      Answer.respond(
        Effect.gen(function* () {
          const site = yield* Access.projectOf(params, "read")
          const concordId = yield* personOf(site, query)
          return Answer.json(yield* Questions.decisions(site, concordId, query))
        }),
      ),
    ),
)
