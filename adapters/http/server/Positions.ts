/**
 * The header `Assent-Positions`: how far an answer has seen the log, as `LANE=POSITION` for each lane it is about.
 *
 * A request that carries it is answered by a server that has come as far, or not at all: so nobody is told of less than he
 * was told before, whichever server he asks.
 */
import { Effect } from "effect"
import { HttpServerRequest } from "effect/http"
import type { Project } from "../../../core/Catalog.ts"
import { Ledger } from "../../../core/ledger/Ledger.ts"
import * as PositionsOf from "../../../core/ledger/Positions.ts"
import type { Positions } from "../../../core/ports/LedgerStore.ts"
import * as Answer from "./Answer.ts"

/** What the header is called. */
export const header = "assent-positions"

/** Lanes and positions are whole numbers that JavaScript can hold. */
export const form = /^\d{1,15}=\d{1,15}(, ?\d{1,15}=\d{1,15})*$/

/** More would not fit beside other headers: a list of a whole project of more lanes says nothing. */
const maxLanes = 64

/** The header of an answer; none for one that is about no lane. */
export const headers = (positions: Positions): Readonly<Record<string, string>> =>
  positions.size === 0 || positions.size > maxLanes
    ? {}
    : { [header]: [...positions].map(([lane, position]) => `${lane}=${position}`).join(", ") }

const invalid = (detail: string) =>
  new Answer.Problem({
    status: 400,
    detail: "send Assent-Positions as an answer about this project gave it",
    errors: [{ header: "Assent-Positions", code: "invalid", detail }],
  })

const behind = new Answer.Problem({
  status: 503,
  detail: "this server does not know yet what Assent-Positions names: try again, or ask the primary",
  headers: { "retry-after": "1" },
})

/** Several headers are one list; of a lane that comes twice, the further position counts. */
const parse = (text: string): Positions =>
  text.split(",").reduce((positions, pair) => {
    const [lane, position] = pair.split("=").map(Number)
    return PositionsOf.merge(positions, new Map([[lane!, position!]]))
  }, PositionsOf.none)

/** Waits until the ledger has come as far as a request asks, if it asks. */
export const awaited = Effect.fnUntraced(function* (project: Project) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const asked = request.headers[header]
  if (asked === undefined) return
  if (!form.test(asked)) return yield* invalid("is no list of LANE=POSITION")
  const ledger = yield* Ledger
  const reached = yield* ledger.reached(project, parse(asked))
  if (reached === "Foreign") return yield* invalid("names a lane that this project has not")
  if (reached === "Behind") return yield* behind
})
