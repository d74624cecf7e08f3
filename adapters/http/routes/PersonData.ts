/**
 * Answers everything that is held about a person: one JSON object, streamed while it is read.
 *
 * The answer has no limit of size, so it holds no place among the requests that are worked on, and few are open at a
 * time. A failure after the head was sent cuts the connection: an object that is not closed is not complete.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Effect, Stream } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { isUuid } from "../../../core/ledger/Identifiers.ts"
import { Ledger } from "../../../core/Ledger.ts"
import { CurrentKey } from "../api/Credentials.ts"
import { CurrentAccount } from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as LoadShedding from "../server/LoadShedding.ts"
import * as Positions from "../server/Positions.ts"
import * as RequestLog from "../server/RequestLog.ts"
import * as Shares from "../server/Shares.ts"
import { StillAllowed } from "../server/StillAllowed.ts"

/** How many such answers may be open: most of them wait for their reader. */
export const openMax: Shares.Bounds = { each: 4, inAll: 16 }

const tooManyOpen = new Answer.HttpProblem({
  status: 503,
  detail: `too many answers with the data of people are open, of which an organization may have ${openMax.each}; try again`,
  headers: { "retry-after": "1" },
})

const nothingHeld = new Answer.HttpProblem({ status: 404, detail: "nothing was ever recorded about such a person" })

/** The answers of a server. */
export const make = () => {
  const take = Shares.make(openMax)
  return Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, concordId: string) {
    const { organization } = yield* CurrentKey
    if (!isUuid(concordId)) return yield* nothingHeld
    const giveBack = take(organization.id)
    if (giveBack === undefined) return yield* tooManyOpen
    // Also where the answer is never streamed: for HEAD, for a refusal, and for a client that is gone.
    NodeHttpServerRequest.toServerResponse(request).once("close", giveBack)
    const account = yield* CurrentAccount
    yield* account.take({ items: 1 })
    const ledger = yield* Ledger
    const held = yield* ledger.heldData(organization, concordId.toLowerCase())
    if (held === undefined) return yield* nothingHeld
    LoadShedding.giveUp(request.source)
    const stillAllowed = yield* StillAllowed
    const body = held.parts.pipe(
      Stream.tap(({ items }) => Effect.andThen(stillAllowed, account.charge({ items }))),
      Stream.tapError(({ _tag }) => Effect.sync(() => RequestLog.addTo(request, { error: _tag }))),
      Stream.map(({ text }) => text),
      Stream.encodeText,
    )
    const headers = Positions.headers(held.positions)
    return HttpServerResponse.stream(body, { contentType: "application/json", headers })
  })
}
