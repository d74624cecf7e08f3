/**
 * The memory of building an access package does not grow with what is held: the size of the parts that it is written
 * in, and what is still in use after garbage was collected, within a wide bound.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { expect, test } from "vitest"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as AccessPackage from "../../core/access-package/AccessPackage.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import * as HeldData from "../../core/people/HeldData.ts"
import { Keys } from "../../core/ports/Keys.ts"
import * as Packages from "../support/compliance/packages.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as TestKeys from "../support/keys.ts"
import * as Surface from "../support/people/surface.ts"

const start = Date.UTC(2026, 10, 30, 12)
const events = 100_000
const megabyte = 1024 ** 2

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

/** The bytes that are in use: garbage is collected before, because otherwise they depend on when that happens. */
const used = (): number => {
  collectGarbage()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** The package of this test has about a thousand parts. */
const partsPerLook = 20

test("100,000 events are packed with less than 30 MiB above what was used before", async () => {
  const folder = mkdtempSync(join(tmpdir(), "assent-package-"))
  const layer = Ledger.layer.pipe(
    Layer.provideMerge(Layer.sync(Keys, TestKeys.make)),
    Layer.provideMerge(SqliteStore.layer(join(folder, "a.db"))),
    Layer.provideMerge(NodeCrypto.layer),
  )
  const program = Effect.gen(function* () {
    yield* TestClock.setTime(start)
    const play = yield* Plays.make
    const person = { email: "a@example.com" }
    for (let first = 0; first < events; first += 1000) {
      const items = Array.from({ length: 1000 }, (_, index) => ({
        project: "p",
        person,
        type: index % 2 === 0 ? "newsletter" : "analytics",
        consentState: index % 3 === 0 ? ("declined" as const) : ("accepted" as const),
        consentDate: start - events + first + index,
      }))
      yield* play.surface.record(items, "leave-out")
    }
    const { id, state } = yield* Packages.view(play)
    const context = yield* LedgerContext.make
    const { organization, project } = play.scope
    const stored = (yield* context.store.compliance.request(project, id))!
    const { concordId } = yield* Surface.expected(yield* play.ledger.find(play.scope, person), "Found")
    const people = yield* HeldData.open(organization, concordId!, context)
    const request = { stored, project, row: undefined, data: undefined }
    const input = { scope: play.scope, request, state, people, files: [], knownAt: start }
    const before = used()
    let [largest, most, parts, total] = [0, 0, 0, 0]
    yield* Stream.runForEach(AccessPackage.make(input, context), (bytes) =>
      Effect.sync(() => {
        total += bytes.length
        largest = Math.max(largest, bytes.length)
        if (parts++ % partsPerLook === 0) most = Math.max(most, used() - before)
      }),
    )
    expect(total).toBeGreaterThan(megabyte)
    expect(largest).toBeLessThan(megabyte)
    expect(parts).toBeGreaterThan(3 * partsPerLook)
    expect(most).toBeLessThan(30 * megabyte)
  })
  try {
    await Effect.runPromise(program.pipe(Effect.provide(layer), Effect.provide(TestClock.layer())))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 300_000)
