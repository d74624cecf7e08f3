/**
 * The header `Assent-Positions`: how much of the ledger an answer has seen, as a version vector. It holds
 * `LANE=POSITION` for each lane of events and of people that the answer is about, and `configuration=REVISION` for the
 * catalog.
 *
 * A request that carries the header is answered by a server that has reached these positions, or not at all. So an
 * answer never shows less than an earlier one did, whichever server it is from.
 */
import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { Ledger } from "../../../core/Ledger.ts"
import * as PositionsOf from "../../../core/ledger/Positions.ts"
import type { Positions } from "../../../core/ports/LedgerStore.ts"
import * as Answer from "./Answer.ts"

/** The name of the header. */
export const header = "assent-positions"

/** The form of the value. Lanes and positions have at most 15 digits, so JavaScript represents them exactly. */
export const pattern = /^(\d{1,15}|configuration)=\d{1,15}(, ?(\d{1,15}|configuration)=\d{1,15})*$/

/** The most lanes of a header, because more would exceed the size limit of headers together with the others. */
const maxLanes = 128

/** The header of an answer; none if no position is known, or if the answer is about too many lanes. */
export const headers = (positions: Positions): Readonly<Record<string, string>> =>
  positions.size === 0 || positions.size > maxLanes + 1
    ? {}
    : { [header]: [...positions].map(([key, position]) => `${key}=${position}`).join(", ") }

/**
 * Adds the revision of the catalog to an answer that has no positions of its own. The revision is read after the answer
 * was made, so that it is at least the one that the answer has seen.
 */
export const addCatalogRevision = Effect.fnUntraced(function* (answer: HttpServerResponse.HttpServerResponse) {
  const isRepeated = answer.headers["idempotent-replayed"] !== undefined
  if (answer.status >= 300 || isRepeated || answer.headers[header] !== undefined) return answer
  const { catalog } = yield* Ledger
  return yield* Effect.match(catalog, {
    onSuccess: (catalog) => HttpServerResponse.setHeaders(answer, headers(PositionsOf.ofCatalog(catalog))),
    // The request was carried out, so it is answered also where the store has become unavailable.
    onFailure: () => answer,
  })
})

/** The answer to positions that cannot be from an answer about this project. */
export const invalid = (detail: string) =>
  new Answer.HttpProblem({
    status: 400,
    detail: "send Assent-Positions as an answer about this project gave it",
    errors: [{ header: "Assent-Positions", code: "invalid", detail }],
  })

/** Node joins several headers to one list. Of a key that occurs twice, the further position counts. */
const parse = (text: string): Positions =>
  PositionsOf.merge(
    ...text.split(",").map((pair): Positions => {
      const [key, position] = pair.trim().split("=")
      return new Map([[key === "configuration" ? key : Number(key), Number(position)]])
    }),
  )

/** The positions that a request names; none without the header. */
export const requested = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const text = request.headers[header]
  if (text === undefined) return PositionsOf.none
  return pattern.test(text) ? parse(text) : yield* invalid("is no list of LANE=POSITION")
})
