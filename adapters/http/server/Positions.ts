/**
 * The header `Assent-Positions`: how far an answer has seen, as `LANE=POSITION` for each lane it is about, of events and of who
 * is who, and `configuration=REVISION` for what is set up.
 *
 * A request that carries it is answered by a server that has come as far, or not at all: so nobody is told of less than he
 * was told before, whichever server he asks.
 */
import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { Ledger } from "../../../core/Ledger.ts"
import * as PositionsOf from "../../../core/ledger/Positions.ts"
import type { Positions } from "../../../core/ports/LedgerStore.ts"
import * as Answer from "./Answer.ts"

/** What the header is called. */
export const header = "assent-positions"

/** Lanes and positions are whole numbers that JavaScript can hold. */
export const pattern = /^(\d{1,15}|configuration)=\d{1,15}(, ?(\d{1,15}|configuration)=\d{1,15})*$/

/** More would not fit beside other headers: what is about more lanes says nothing of any. */
const maxLanes = 128

/** The header of an answer; none for one that is about nothing. */
export const headers = (positions: Positions): Readonly<Record<string, string>> =>
  positions.size === 0 || positions.size > maxLanes + 1
    ? {}
    : { [header]: [...positions].map(([key, position]) => `${key}=${position}`).join(", ") }

/** An answer that says nothing else says how far what is set up was seen. Read behind the answer, which then is of no less. */
export const addCatalogRevision = Effect.fnUntraced(function* (answer: HttpServerResponse.HttpServerResponse) {
  const isOld = answer.headers["idempotent-replayed"] !== undefined
  if (answer.status >= 300 || isOld || answer.headers[header] !== undefined) return answer
  const { catalog } = yield* Ledger
  return yield* Effect.match(catalog, {
    onSuccess: (catalog) => HttpServerResponse.setHeaders(answer, headers(PositionsOf.ofCatalog(catalog))),
    // What was done is done, also where the store cannot answer any more.
    onFailure: () => answer,
  })
})

const invalid = (detail: string) =>
  new Answer.HttpProblem({
    status: 400,
    detail: "send Assent-Positions as an answer about this project gave it",
    errors: [{ header: "Assent-Positions", code: "invalid", detail }],
  })

const behind = new Answer.HttpProblem({
  status: 503,
  detail: "this server does not know yet what Assent-Positions names: try again, or ask the primary",
  headers: { "retry-after": "1" },
})

/** Several headers are one list; of what comes twice, the further position counts. */
const parse = (text: string): Positions =>
  PositionsOf.merge(
    ...text.split(",").map((pair): Positions => {
      const [key, position] = pair.trim().split("=")
      return new Map([[key === "configuration" ? key : Number(key), Number(position)]])
    }),
  )

/** What a request asks for; nothing, where it has no header. */
export const requested = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const text = request.headers[header]
  if (text === undefined) return PositionsOf.none
  return pattern.test(text) ? parse(text) : yield* invalid("is no list of LANE=POSITION")
})

/** Waits until the ledger has come as far as is asked. */
export const waitFor = Effect.fnUntraced(function* (of: PositionsOf.LaneOwners, asked: Positions) {
  if (asked.size === 0) return
  const ledger = yield* Ledger
  const reached = yield* ledger.reached(of, asked)
  if (reached === "Foreign") return yield* invalid("names a lane that this project has not")
  if (reached === "Behind") return yield* behind
})
