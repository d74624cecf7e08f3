/** Authorizing a request on a replica whose catalog changes meanwhile. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { HttpServerRequest } from "effect/http"
import { expect, test } from "vitest"
import { Organizations } from "../../adapters/http/api/Organizations.ts"
import { HttpProblem } from "../../adapters/http/server/Answer.ts"
import * as AwaitPositions from "../../adapters/http/server/AwaitPositions.ts"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as TestKeys from "../support/keys.ts"

const listProjects = Organizations.endpoints["listProjects"]
const notFound = new HttpProblem({ status: 404, detail: "there is no such project" })

/**
 * Authorizes a request for a project that the replica learns of right after it has looked for it. The request names the
 * revision of the catalog with the project, plus `ahead`. Returns the status, and how often the project was looked for.
 */
const authorizedMeanwhile = (ahead: number) =>
  Effect.gen(function* () {
    const ledger = yield* Ledger.Ledger
    const { organization } = Option.getOrThrow(yield* ledger.found)
    const { revision } = yield* ledger.catalog
    let looks = 0
    const authorize = Effect.gen(function* () {
      const isKnown = [...(yield* ledger.catalog).projects.values()].some(({ name }) => name === "Blog")
      if (++looks === 1) {
        yield* ledger.setup.createProject(organization, { name: "Blog", domains: [] }, { answer: () => "" })
      }
      return isKnown ? 200 : yield* notFound
    })
    const headers = { "assent-positions": `configuration=${revision + 1 + ahead}` }
    const request = HttpServerRequest.fromWeb(new Request("http://localhost/", { headers }))
    const status = yield* AwaitPositions.authorized(authorize, listProjects).pipe(
      Effect.catchTag("HttpProblem", (problem) => Effect.succeed(problem.status)),
      Effect.provideService(HttpServerRequest.HttpServerRequest, request),
      Effect.provideService(Ledger.Ledger, { ...ledger, isReplica: true }),
    )
    return { status, looks }
  }).pipe(
    Effect.provide(Ledger.layer.pipe(Layer.provide([MemoryStore.layer, NodeCrypto.layer, TestKeys.layer]))),
    Effect.runPromise,
  )

// Kills: authorized returns the refusal where the catalog has reached the positions since.
test("What a replica learned while it authorized a request is taken into account.", async () => {
  expect(await authorizedMeanwhile(0)).toEqual({ status: 200, looks: 2 })
})

test("A request that is refused before the replica has reached its positions is told to come again.", async () => {
  expect(await authorizedMeanwhile(1)).toEqual({ status: 503, looks: 1 })
})
