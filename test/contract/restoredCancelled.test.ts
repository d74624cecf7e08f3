/** Restoring an answer to a version that was cancelled by another server, whose clock was behind. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option, Result } from "effect"
import { TestClock } from "effect/testing"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as RecordedLine from "../../core/formats/RecordedLine.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as TestKeys from "../support/keys.ts"

const start = Date.UTC(2026, 0, 31)
const hour = 3_600_000
const decode = Exchange.decoder(RecordedLine.RecordedLine)
const unanswered = { answer: () => "" }

// Kills: Restoring checks the versions that are there now, and forgets those that were cancelled.
test("an answer to a cancelled version is restored if it is of a time at which the version was to be in force", () =>
  Effect.gen(function* () {
    yield* TestClock.setTime(start)
    const ledger = yield* Ledger.Ledger
    const { project } = Option.getOrThrow(yield* ledger.found)
    const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
    const [type] = scope.types.all
    const change = { name: "Planned", publishedAt: start + hour }
    const planned = yield* ledger.setup.updateType(scope, type!.id, change, unanswered)
    if (planned._tag !== "Changed") throw new Error("the version was not planned")
    const version = planned.value.type.versions[1]!
    const cancelled = yield* ledger.setup.cancelVersion(scope, type!.id, version.id, unanswered)
    expect(cancelled._tag).toBe("Changed")
    yield* TestClock.setTime(start + 2 * hour)

    const line = (id: string, consentDate: number) =>
      Result.getOrThrow(
        decode({
          id,
          concordId: scope.organization.id,
          consentType: type!.id,
          version: 2,
          consentState: "accepted",
          consentAction: "user_click",
          consentDate: new Date(consentDate).toISOString(),
          dateCreated: new Date(start + hour).toISOString(),
          organization: scope.organization.id,
          project: project.id,
          submitter: scope.organization.id,
          category: type!.category,
          subcategory: type!.subcategory,
          label: type!.label,
        }),
      )
    const types = Option.getOrThrow(yield* ledger.projectScope(project.id)).types
    const lines = [
      line("01980000-0000-7000-8000-000000000001", start + hour),
      line("01980000-0000-7000-8000-000000000002", start + hour - 1),
    ]
    const fates = yield* ledger.restoreBlock({ ...scope, types, lines })
    expect(fates).toMatchObject(["recorded", [{ code: "unknown_version" }]])
  }).pipe(
    Effect.provide(Ledger.layer),
    Effect.provide(Layer.mergeAll(MemoryStore.layer, NodeCrypto.layer, TestKeys.layer)),
    Effect.provide(TestClock.layer()),
    Effect.runPromise,
  ))
