/**
 * Law 13, through the use cases, over memory, SQLite and PostgreSQL: the bytes that are downloaded are those that were
 * attached, a file that was not attached or was removed leaves no chunk, and neither does one that was purged.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { createHash } from "node:crypto"
import { Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Step } from "../../core/compliance-requests/RequestSteps.ts"
import * as RequestChanging from "../../core/compliance-requests/RequestChanging.ts"
import type { TakenFile } from "../../core/compliance-requests/files/FileIntake.ts"
import * as RequestFiles from "../../core/compliance-requests/files/RequestFiles.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { chunkBytes } from "../../core/ports/RequestFileStore.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import * as Surface from "../support/people/surface.ts"
import * as SlowMemory from "../support/slowMemory.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(SlowMemory.layer, {
  memory: times(15, 300),
  sqlite: times(3, 40),
  postgres: times(2, 20),
})

const start = Date.UTC(2026, 0, 31)

/** Sizes around the ends of chunks, of which the third is most likely wrong. */
const size = fc.constantFrom(1, 5, chunkBytes - 1, chunkBytes, chunkBytes + 1, 2 * chunkBytes, 2 * chunkBytes + 3)

/** What happens to the files of two requests. Files are named by small numbers, modulo how many there are. */
const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("attach" as const),
      on: fc.nat(1),
      size,
      seed: fc.nat(255),
      /** How much arrives before the client is gone. */
      cutAt: fc.option(size, { freq: 4 }),
      isText: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), of: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("download" as const), of: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("purge" as const),
      on: fc.nat(1),
      scope: fc.constantFrom("files" as const, "private" as const),
    }),
  },
)

type FileStep = typeof anyStep extends fc.Arbitrary<infer S> ? S : never

/** Text that repeats at no chunk, in pieces of an odd size. */
const contentOf = (length: number, seed: number, isText: boolean): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (isText ? 33 + ((index * 7 + (index >> 8) + seed) % 90) : 0))

const pieces = (bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const size = 100_003
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

class Gone extends Error {
  readonly _tag = "Gone"
}

const by = "key:11111111-1111-7111-8111-111111111111" as const

/** A file that a request has, as it was attached. */
interface Attached {
  readonly request: string
  readonly file: string
  readonly bytes: Uint8Array
}

const open = Effect.fnUntraced(function* (play: Plays.Play) {
  const request = { request: "view", user: { email: "a@example.com" }, isPreverified: true } as const
  const opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" } as const
  const { requests } = yield* Surface.expected(yield* Plays.open(play, request, opener), "Opened")
  return requests[0]!.id
})

const make = Effect.gen(function* () {
  const play = yield* Plays.make
  const context = yield* LedgerContext.make
  const requests = [yield* open(play), yield* open(play)]
  /** Every file id that was seen. */
  const seen: Array<{ readonly request: string; readonly file: string }> = []
  return { play, context, requests, seen, attached: [] as Array<Attached> }
})

type World = Effect.Success<typeof make>

const attach = Effect.fnUntraced(function* (
  { attached, play: { ledger, scope }, requests, seen }: World,
  step: Extract<FileStep, { do: "attach" }>,
) {
  const request = requests[step.on]!
  const bytes = contentOf(step.size, step.seed, step.isText)
  const isCut = step.cutAt !== null && step.cutAt < bytes.length
  const whole = Stream.fromIterable(pieces(isCut ? bytes.subarray(0, step.cutAt!) : bytes))
  const arriving = isCut ? Stream.concat(whole, Stream.fail(new Gone())) : whole
  const sent = { fileName: "a.txt", declaredType: "text/plain", bytes: arriving }
  const taken = yield* Effect.result(ledger.compliance.takeFile(scope, request, sent, by))
  if (taken._tag === "Failure") return expect([isCut, taken.failure]).toEqual([true, new Gone()])
  if (taken.success._tag !== "Taken") {
    expect(step.isText && taken.success._tag !== "Refused").toBe(false)
    return
  }
  const { file } = taken.success
  seen.push({ request, file: file.file })
  expect([file.size, file.sha256]).toEqual([bytes.length, createHash("sha256").update(bytes).digest("hex")])
  const outcome = yield* ledger.compliance.attachFile(scope, file, { isForRequester: false }, { by })
  if (outcome._tag === "Changed") attached.push({ request, file: file.file, bytes })
})

/** Downloads a file, and compares its bytes. */
const download = Effect.fnUntraced(function* ({ play: { ledger, scope } }: World, { bytes, file, request }: Attached) {
  const found = yield* Surface.expected(
    yield* ledger.compliance.downloadFile({ scope, id: request, file, by }),
    "Download",
  )
  const got = Buffer.concat(yield* Stream.runCollect(found.bytes))
  expect([got.length, got.equals(bytes)]).toEqual([bytes.length, true])
})

const purge = ({ context, play: { scope } }: World, id: string, of: "files" | "private") => {
  const steps: ReadonlyArray<Step> = [{ command: { kind: "purge", scope: of }, by: "engine" }]
  return RequestChanging.carryOut<Step>(
    { scope, id, isPrivateNeeded: false, plan: () => Effect.succeed({ steps }) },
    context,
  )
}

const take = Effect.fnUntraced(function* (world: World, step: FileStep) {
  const { attached, play, requests } = world
  switch (step.do) {
    case "attach":
      return yield* attach(world, step)
    case "purge": {
      const request = requests[step.on]!
      yield* purge(world, request, step.scope)
      world.attached = attached.filter((each) => each.request !== request)
      return
    }
    default: {
      const file = attached[step.of % Math.max(1, attached.length)]
      if (file === undefined) return
      if (step.do === "download") return yield* download(world, file)
      const outcome = yield* play.ledger.compliance.removeFile(play.scope, file.request, file.file, { by })
      expect(outcome._tag).toBe("Changed")
      world.attached = attached.filter((each) => each !== file)
    }
  }
})

/** Files that are attached have their chunks, and no other file has any. */
const check = Effect.fnUntraced(function* (world: World) {
  const { requestFiles } = yield* LedgerStore
  const { attached, play, requests, seen } = world
  const { project } = play.scope
  for (const file of attached) yield* download(world, file)
  const isThere = new Set(attached.map(({ file }) => file))
  for (const { file, request } of seen) {
    const chunks = yield* Effect.forEach([0, 1, 2, 3], (ordinal) => requestFiles.chunk(project, request, file, ordinal))
    const kept = chunks.filter((chunk) => chunk !== undefined).length
    const bytes = attached.find((each) => each.file === file)?.bytes.length ?? 0
    expect(kept).toBe(isThere.has(file) ? Math.ceil(bytes / chunkBytes) : 0)
  }
  expect(yield* requestFiles.abandoned(start + 86_400_000 * 365, 100)).toEqual([])
  for (const request of requests) {
    const own = (yield* Plays.requests(play)).find(({ id }) => id === request)!
    expect(own.state.files.map(({ file }) => file)).toEqual(
      attached.filter((each) => each.request === request).map(({ file }) => file),
    )
  }
})

/** Attaches a file; something else happens right before it is written for the first time. */
const attachAfter = Effect.fnUntraced(function* (
  first: Effect.Effect<unknown>,
  { scope }: Plays.Play,
  file: TakenFile,
  context: LedgerContext.LedgerContext,
) {
  const { store } = context
  let writes = 0
  const write: typeof store.compliance.write = (change) =>
    Effect.andThen(writes++ === 0 ? first : Effect.void, store.compliance.write(change))
  const racing = { ...context, store: { ...store, compliance: { ...store.compliance, write } } }
  const outcome = yield* RequestFiles.attach(scope, file, { isForRequester: false }, { by }, racing)
  return { outcome, writes }
})

describe.each(stores)("Over %s", (_name, store, numRuns) => {
  const run = <A>(program: Effect.Effect<A, unknown, Ledger.Ledger | Effect.Services<typeof LedgerContext.make>>) =>
    Effect.andThen(TestClock.setTime(start), program).pipe(
      Effect.provide(
        Ledger.layer.pipe(Layer.provideMerge(store()), Layer.provideMerge([NodeCrypto.layer, TestKeys.layer])),
      ),
      Effect.provide(TestClock.layer()),
      Effect.runPromise,
    )

  // Kills: a chunk in the place of another one; a file that is left where it was refused, cut or not attached.
  test("what is downloaded is what was attached, and nothing else is kept, whatever happens", () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 3, maxLength: 10 }), (steps) =>
        run(
          Effect.gen(function* () {
            const world = yield* make
            for (const step of steps) yield* take(world, step)
            yield* check(world)
          }),
        ),
      ),
      { numRuns },
    ))

  // Kills: a file of one chunk that is treated as gone.
  test.each([1, chunkBytes + 1])("a file of %i bytes is attached after another change of its request", (length) =>
    run(
      Effect.gen(function* () {
        const world = yield* make
        const { context, play, requests } = world
        const { compliance } = play.ledger
        const id = requests[0]!
        const bytes = contentOf(length, 0, true)
        const sent = { fileName: "a.txt", declaredType: "text/plain", bytes: Stream.fromIterable(pieces(bytes)) }
        const taken = yield* Surface.expected(yield* compliance.takeFile(play.scope, id, sent, by), "Taken")
        const note = compliance.change(play.scope, id, { notes: "first" }, { keyId: "k" })
        const { outcome, writes } = yield* attachAfter(Effect.orDie(note), play, taken.file, context)
        expect([outcome._tag, writes]).toEqual(["Changed", 2])
        yield* download(world, { request: id, file: taken.file.file, bytes })
      }),
    ),
  )

  // Kills: an attachment that is attempted again for ever.
  test("a file that was removed meanwhile is not attached", () =>
    run(
      Effect.gen(function* () {
        const { context, play, requests } = yield* make
        const bytes = Stream.make(contentOf(1, 0, true))
        const sent = { fileName: "a.txt", declaredType: "text/plain", bytes }
        const { takeFile } = play.ledger.compliance
        const taken = yield* Surface.expected(yield* takeFile(play.scope, requests[0]!, sent, by), "Taken")
        const removal = RequestFiles.discard(play.scope, taken.file, context)
        const { outcome, writes } = yield* attachAfter(removal, play, taken.file, context)
        expect([outcome._tag, writes]).toEqual(["FileLost", 1])
      }),
    ))
})
