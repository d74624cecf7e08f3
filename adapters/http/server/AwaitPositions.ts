/**
 * Waits until a replica has reached the positions that a request names in `Assent-Positions`, or answers 503.
 *
 * Only requests to endpoints that read wait ({@link isRead}), and only after they are authorized. A request waits
 * without a place among those that are worked on. After that it is authorized again, because the catalog at those
 * positions may hold that the key was revoked or has another role.
 */
import { Effect } from "effect"
import type { HttpApiEndpoint } from "effect/http-api"
import { Ledger } from "../../../core/Ledger.ts"
import * as PositionsOf from "../../../core/ledger/Positions.ts"
import type { Positions as VersionVector, StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
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

/**
 * Waits until the ledger has reached the positions of an organization, and of a project if one is given. Returns
 * whether it was waited for.
 */
export const waitFor = Effect.fnUntraced(function* (owners: PositionsOf.LaneOwners, positions: VersionVector) {
  const ledger = yield* Ledger
  const reached = yield* ledger.reached(owners, positions)
  if (reached === "Foreign") return yield* Positions.invalid("names a lane that this project has not")
  if (reached === "Behind") return yield* notReached
  return reached === "ReachedLater"
})

/**
 * Authorizes a request. On a replica whose catalog has not reached the positions of the request, one that is refused is
 * answered 503, because a project or a role that the replica does not know yet may be what the request needs. If the
 * catalog has reached them while the request was authorized, it is authorized again.
 */
export const authorized = Effect.fnUntraced(function* <A, R>(
  authorize: Effect.Effect<A, Answer.HttpProblem | StoreUnavailable, R>,
  endpoint: HttpApiEndpoint.Top,
) {
  return yield* Effect.catchTag(authorize, "HttpProblem", (refusal) =>
    Effect.gen(function* () {
      const ledger = yield* Ledger
      if (!ledger.isReplica) return yield* refusal
      const asked = (yield* requested(endpoint)).get("configuration") ?? 0
      if (asked > (yield* ledger.catalog).revision) return yield* notReached
      return asked === 0 ? yield* refusal : yield* authorize
    }),
  )
})
