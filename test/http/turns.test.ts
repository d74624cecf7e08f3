/** Work above a quota: of one caller one request at a time, of different callers at the same time. */
import { Effect } from "effect"
import { HttpServerRequest } from "effect/http"
import { expect, test } from "vitest"
import * as RateLimit from "../../adapters/http/server/RateLimit.ts"

/** The highest number of requests that are worked on at the same time, if the requests come from these callers. */
const mostAtOnce = (callers: ReadonlyArray<string>): Promise<number> =>
  Effect.gen(function* () {
    const limits = yield* RateLimit.RateLimits
    let [now, most] = [0, 0]
    const work = Effect.gen(function* () {
      now++
      most = Math.max(most, now)
      for (let turn = 0; turn < 10; turn++) yield* Effect.yieldNow
      now--
    })
    const request = Effect.fnUntraced(function* (key: string) {
      const account = yield* limits.account({ key })
      yield* account.inTurn(work)
    })
    yield* Effect.forEach(callers, request, { concurrency: "unbounded" })
    return most
  }).pipe(
    Effect.provideService(
      HttpServerRequest.HttpServerRequest,
      HttpServerRequest.fromWeb(new Request("http://assent.example/")),
    ),
    Effect.provide(RateLimit.layer),
    Effect.runPromise,
  )

test("of one caller is done one request at a time, and of three callers three at a time", async () => {
  expect(await mostAtOnce(["a", "a", "a", "a"])).toBe(1)
  expect(await mostAtOnce(["a", "b", "c", "a", "b", "c"])).toBe(3)
})
