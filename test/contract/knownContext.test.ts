/** Which contexts are known: those of browsers that have opened a session, in the project of the session alone. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as TestKeys from "../support/keys.ts"

const program = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const { project } = Option.getOrThrow(yield* ledger.found)
  const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
  const opened = yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost" })
  if (opened._tag !== "Opened") return yield* Effect.die(opened._tag)
  return {
    "that of a browser with a session": yield* ledger.knowsContext(scope, opened.contextId),
    "the same, spelt in capitals": yield* ledger.knowsContext(scope, opened.contextId.toUpperCase()),
    "one that was made up": yield* ledger.knowsContext(scope, crypto.randomUUID()),
    "a text of another form": yield* ledger.knowsContext(scope, "contextId"),
  }
})

// Otherwise made-up contexts would pass the limit of new visitors.
test("a context is known after its browser has opened a session, and a made-up one is not", async () => {
  const layer = Ledger.layer.pipe(Layer.provide([MemoryStore.layer, NodeCrypto.layer, TestKeys.layer]))
  expect(await Effect.runPromise(Effect.provide(program, layer))).toEqual({
    "that of a browser with a session": true,
    "the same, spelt in capitals": true,
    "one that was made up": false,
    "a text of another form": false,
  })
})
