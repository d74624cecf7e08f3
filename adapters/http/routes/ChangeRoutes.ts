/**
 * The handler of the change feed, which servers call with an API key: as pages of JSON, for which a request may wait,
 * or as server-sent events.
 */
import type { ServerResponse } from "node:http"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Effect, Stream } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type * as Changes from "../../../core/feed/Changes.ts"
import { WorkingPlace } from "../../../core/ledger/WorkingPlace.ts"
import { Ledger } from "../../../core/Ledger.ts"
import { Api } from "../api/Api.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as Drain from "../server/Drain.ts"
import * as LoadShedding from "../server/LoadShedding.ts"
import * as PathScope from "../server/PathScope.ts"
import * as Positions from "../server/Positions.ts"
import { momentMillis, StillAllowed } from "../server/StillAllowed.ts"
import * as Timeout from "../server/Timeout.ts"
import * as ChangeQuery from "./ChangeQuery.ts"
import * as ChangeStream from "./ChangeStream.ts"
import * as FeedPlaces from "./FeedPlaces.ts"

const notAcceptable = new Answer.HttpProblem({
  status: 406,
  detail: "changes are answered as application/json or as text/event-stream: accept one of them",
})

/** The quality that `Accept` gives to a media type (RFC 9110, section 12.5.1): that of the most specific range. */
const qualityOf = (accept: string, type: string): number => {
  const ranges = [type, type.replace(/\/.*/, "/*"), "*/*"]
  let found = { quality: 0, rank: ranges.length }
  for (const part of accept.toLowerCase().split(",")) {
    const [range = "", ...parameters] = part.split(";").map((text) => text.trim())
    const rank = ranges.indexOf(range)
    const weight = parameters.find((text) => text.startsWith("q="))
    if (rank >= 0 && rank <= found.rank) found = { quality: weight === undefined ? 1 : Number(weight.slice(2)), rank }
  }
  return found.quality
}

/** Whether events are asked for; `undefined` if neither form is accepted. JSON is answered where both are as good. */
const wantsEvents = ({ headers, method }: HttpServerRequest.HttpServerRequest): boolean | undefined => {
  const { accept } = headers
  if (accept === undefined) return false
  const [events, json] = [qualityOf(accept, "text/event-stream"), qualityOf(accept, "application/json")]
  if (!(events > 0) && !(json > 0)) return undefined
  return events > json && method === "GET"
}

/** Changes with their decisions are charged as questions. */
const charge = (query: Changes.ChangeQuery, { items }: Changes.ChangeBatch) =>
  query.includesDecision === true && items.length > 0 ? Account.charge({ items: items.length }) : Effect.void

const bodyOf = ({ isCurrent, items, mark }: Changes.ChangeBatch): string =>
  `{"count":${items.length},"items":[${items.map(({ json }) => json).join(",")}],"mark":"${mark}","isCurrent":${isCurrent}}`

const page = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  query: Changes.ChangeQuery,
  waitSeconds: number,
  takePlace: FeedPlaces.TakePlace,
) {
  const { scope } = yield* PathScope.current
  const ledger = yield* Ledger
  const mayWait = waitSeconds > 0 && (yield* takePlace)
  const { begun } = yield* Drain.Draining
  const patience = { millis: mayWait ? waitSeconds * 1000 : 0, orUntil: begun }
  Timeout.extend(request, patience.millis)
  const startedAt = performance.now()
  const batch = yield* ledger.changes(scope, query, patience).pipe(
    Effect.mapError(ChangeQuery.problemOf),
    Effect.provideService(
      WorkingPlace,
      Effect.sync(() => LoadShedding.giveUp(request.source)),
    ),
  )
  if (performance.now() - startedAt >= momentMillis) yield* yield* StillAllowed
  yield* charge(query, batch)
  const comesBack = waitSeconds > 0 && !mayWait && batch.items.length === 0 ? { "retry-after": "1" } : undefined
  return Answer.json(bodyOf(batch), 200, {
    "cache-control": "no-store",
    ...Positions.headers(batch.positions),
    ...comesBack,
  })
}, Effect.scoped)

const stream = (body: Stream.Stream<Uint8Array>) =>
  HttpServerResponse.stream(body, { contentType: "text/event-stream", headers: ChangeStream.headers })

/** A check that does its work at most once in a moment. */
const everyMoment = (check: Effect.Effect<boolean>): Effect.Effect<boolean> => {
  let checkedAt = performance.now()
  return Effect.suspend(() => {
    const now = performance.now()
    if (now - checkedAt < momentMillis) return Effect.succeed(true)
    checkedAt = now
    return check
  })
}

const events = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  given: Changes.ChangeQuery,
  takePlace: FeedPlaces.TakePlace,
) {
  const { scope } = yield* PathScope.current
  const ledger = yield* Ledger
  const account = yield* Account.CurrentAccount
  const draining = yield* Drain.Draining
  const stillAllowed = yield* StillAllowed
  const lastId = request.headers["last-event-id"]
  const query = { ...given, markEvery: ChangeStream.markEvery }
  const read = (after: string | undefined, millis: number) =>
    ledger.changes(scope, after === undefined ? query : { ...query, after }, { millis, orUntil: draining.begun }).pipe(
      Effect.tap((batch) => Effect.provideService(charge(query, batch), Account.CurrentAccount, account)),
      // The stream has given its place up already.
      Effect.provideService(
        WorkingPlace,
        Effect.succeed(() => {}),
      ),
    )
  const first = yield* Effect.result(read(lastId === undefined || lastId === "" ? undefined : lastId, 0))
  if (first._tag === "Failure") {
    const { failure } = first
    return failure._tag === "MarkLost"
      ? stream(ChangeStream.bytesOfLost(failure.mark))
      : yield* Effect.fail(ChangeQuery.problemOf(failure))
  }
  const body = Effect.gen(function* () {
    if (!(yield* takePlace)) return ChangeStream.bytesOfTooMany
    yield* Effect.acquireRelease(
      Effect.sync(() => LoadShedding.giveUp(request.source)),
      (takeAgain) => Effect.sync(takeAgain),
    )
    return ChangeStream.bytes({
      first: first.success,
      read,
      // The service speaks HTTP/1.1 only.
      response: NodeHttpServerRequest.toServerResponse(request) as ServerResponse,
      isOver: draining.hasBegun,
      isAllowed: everyMoment(Effect.match(stillAllowed, { onFailure: () => false, onSuccess: () => true })),
    })
  })
  return HttpServerResponse.setHeaders(stream(Stream.unwrap(body)), Positions.headers(first.success.positions))
})

/** The handler of the group `changes`. */
export const layer = HttpApiBuilder.group(Api, "changes", (handlers) => {
  const takePlace = FeedPlaces.make()
  return handlers.handleRaw("listChanges", ({ query, request }) =>
    Answer.respond(
      Effect.gen(function* () {
        const isStream = wantsEvents(request)
        if (isStream === undefined) return yield* notAcceptable
        const { scope } = yield* PathScope.current
        const asked = yield* ChangeQuery.of(scope, query)
        return isStream
          ? yield* events(request, asked, takePlace)
          : yield* page(request, asked, query.wait ?? 0, takePlace)
      }),
    ),
  )
})
