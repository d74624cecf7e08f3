/**
 * The handlers of identity: the facts about a person, undoing a join, and releasing and renaming identifiers.
 */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Instant from "../../../core/engine/Instant.ts"
import { isUuid } from "../../../core/ledger/Identifiers.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as FactLine from "../../../core/formats/FactLine.ts"
import type { RenamedAccount } from "../../../core/people/Renaming.ts"
import type { PersonPage } from "../../../core/people/PersonFacts.ts"
import * as People from "../../../core/model/People.ts"
import { Api } from "../api/Api.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as PeopleWire from "../api/PeopleWire.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as OneIdentifier from "./OneIdentifier.ts"
import * as Pages from "./Pages.ts"
import * as PersonData from "./PersonData.ts"
import * as Positions from "../server/Positions.ts"

const decodeRelease = Exchange.decoder(PeopleWire.Release)
const decodeRenames = Exchange.decoder(PeopleWire.Renames)

const noPerson = new Answer.HttpProblem({ status: 404, detail: "there is no such person" })
const noJoin = new Answer.HttpProblem({ status: 404, detail: "there is no such join of this person" })
const undoneBefore = new Answer.HttpProblem({ status: 409, detail: "the join was undone before" })

/** A page of a person as JSON: its members, what names them, and the facts about it. */
const write = ({ facts, identifiers, members, nextCursor, survivor }: PersonPage): string => {
  const named = identifiers.map(({ since, ...identifier }) => ({ ...identifier, since: Instant.format(since) }))
  return JSON.stringify({ concordId: survivor, members, identifiers: named, facts: facts.map(FactLine.of), nextCursor })
}

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

const notValid = (errors: ReadonlyArray<Answer.Violation>, detail = "the body is not valid") =>
  new Answer.HttpProblem({ status: 422, detail, errors })

const notNamed = new Answer.HttpProblem({
  status: 404,
  detail: "the identifier does not name this person, nor one joined with it",
})

/** What a release or a rename writes for each identifier: the alias, the one before, and a fact. */
const writesOfChange = 3

const release = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  params: { readonly concordId: string },
) {
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeRelease)
  if (!isUuid(params.concordId)) return yield* noPerson
  const identifier = yield* OneIdentifier.of(fields)
  yield* Account.take({ items: 1, writes: writesOfChange + (idempotency.idempotency === undefined ? 0 : 1) })
  const about = { concordId: params.concordId.toLowerCase(), identifier, reason: fields.reason, submitter: key.id }
  const writeFact = (fact: People.Fact): string => JSON.stringify(FactLine.of(fact))
  const releasing = { ...about, ...idempotency, answer: writeFact }
  const outcome = yield* IdempotencyKey.orRefuse(yield* ledger.releaseIdentifier(organization, releasing))
  if (outcome._tag === "NotNamed") return yield* notNamed
  if (outcome._tag === "Refused") {
    return yield* notValid(outcome.faults.map(({ code, detail, field }) => ({ pointer: `/${field}`, code, detail })))
  }
  const isRepeated = outcome._tag === "Repeated"
  const headers = { ...Positions.headers(outcome.positions), ...IdempotencyKey.headers(isRepeated) }
  return Answer.json(isRepeated ? outcome.answer : writeFact(outcome.fact), 200, headers)
})

const writeRenamed = (accounts: ReadonlyArray<RenamedAccount>): string =>
  Answer.list(
    accounts.map(({ concordId, renamedAt }) => JSON.stringify({ concordId, dateCreated: Instant.format(renamedAt) })),
  )

const rename = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeRenames)
  const { length } = fields.items
  const records = idempotency.idempotency === undefined ? 0 : Math.ceil(length / renamesOfRecord)
  yield* Account.take({ items: length, writes: length * writesOfChange + records })
  const renaming = { items: fields.items, submitter: key.id, ...idempotency, answer: writeRenamed }
  const outcome = yield* IdempotencyKey.orRefuse(yield* ledger.renameAccounts(organization, renaming))
  if (outcome._tag === "Refused") {
    const errors = outcome.violations.map(({ code, detail, field, item }) => {
      return { pointer: `/items/${item}/${field}`, code, detail }
    })
    return yield* notValid(errors, "nothing was renamed: a rule is broken")
  }
  const isRepeated = outcome._tag === "Repeated"
  const headers = { ...Positions.headers(outcome.positions), ...IdempotencyKey.headers(isRepeated) }
  return Answer.json(isRepeated ? outcome.answer : writeRenamed(outcome.accounts), 200, headers)
})

/** How many renamed accounts an idempotency record holds for each write that it is counted as. */
const renamesOfRecord = 20

/** The handlers of the group `people`. */
export const layer = HttpApiBuilder.group(Api, "people", (handlers) => {
  const personData = PersonData.make()
  return handlers
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
    .handleRaw("releaseIdentifier", ({ params, request }) => Answer.respond(release(request, params)))
    .handleRaw("renameAccounts", ({ request }) => Answer.respond(rename(request)))
    .handle("getPersonData", ({ params, request }) => Answer.respond(personData(request, params.concordId)))
    .handle("undoJoin", ({ params, request }) => Answer.respond(undo(request, params)))
})
