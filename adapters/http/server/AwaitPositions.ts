/**
 * Waits until this server's store has reached the positions that a request names in `Assent-Positions`, or answers 503.
 *
 * Only requests to endpoints that read wait ({@link isRead}). The positions of the catalog and of people are awaited
 * before the request is authorized, because they may hold that the key was revoked or has another role; those of a
 * project's events after it, because the project is known only then.
 */
import { Effect } from "effect"
import type { HttpApiEndpoint } from "effect/http-api"
import { Ledger } from "../../../core/Ledger.ts"
import * as PositionsOf from "../../../core/ledger/Positions.ts"
import type { Positions as VersionVector } from "../../../core/ports/LedgerStore.ts"
import { isRead } from "../api/Endpoint.ts"
import * as Answer from "./Answer.ts"
import * as Positions from "./Positions.ts"

const notReached = new Answer.HttpProblem({
  status: 503,
  detail: "this server does not know yet what Assent-Positions names: try again, or ask the primary",
  headers: { "retry-after": "1" },
})

/** The positions that a request must wait for; none for an endpoint that records or changes something. */
export const requested = (endpoint: HttpApiEndpoint.Top) =>
  isRead(endpoint) ? Positions.requested : Effect.succeed(PositionsOf.none)

/** Waits until the ledger has reached the positions of an organization, and of a project if one is given. */
export const waitFor = Effect.fnUntraced(function* (owners: PositionsOf.LaneOwners, positions: VersionVector) {
  if (positions.size === 0) return
  const ledger = yield* Ledger
  const reached = yield* ledger.reached(owners, positions)
  if (reached === "Foreign") return yield* Positions.invalid("names a lane that this project has not")
  if (reached === "Behind") return yield* notReached
})
