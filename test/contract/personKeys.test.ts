/**
 * Keys of people over each store: one key a person, held for a minute, and left out while keys cannot be used; and the
 * epochs by which they are wrapped.
 */
import { mkdtempSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Logger, Metric } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as FileKeys from "../../adapters/keys/FileKeys.ts"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as Period from "../../core/engine/Period.ts"
import * as KeyEpochs from "../../core/ledger/KeyEpochs.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import * as PersonKeys from "../../core/ledger/PersonKeys.ts"
import { Keys } from "../../core/ports/Keys.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as Crypto from "../../apps/Crypto.ts"
import * as TestClockPostgres from "../support/testClockPostgres.ts"
import * as TestKeys from "../support/keys.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { noChange, organization, profile, uuid } from "./samples.ts"

let postgres: Postgres
const folder = mkdtempSync(join(tmpdir(), "assent-person-keys-"))
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => {
  await postgres.stop()
  rmSync(folder, { recursive: true })
})

let files = 0
const stores = {
  memory: () => MemoryStore.layer,
  sqlite: () => SqliteStore.layer(join(folder, `${files++}.db`)),
  postgres: async () => TestClockPostgres.layer(postgres, await postgres.database()),
}

/** A key file is looked at once a turn of the event loop. */
const nextTurn = Effect.promise(() => setImmediate())

const minute = 60_000
const day = 24 * 60 * minute

/** A ledger over the store and the keys, as another process would have it. */
const newLedger = LedgerContext.make

/** Counts how often the keys of people are read. */
const counting = (context: LedgerContext.LedgerContext) => {
  const { personal } = context.store
  const counts = { reads: 0, steps: new Array<number>() }
  const counted: LedgerContext.LedgerContext = {
    ...context,
    store: {
      ...context.store,
      personal: {
        ...personal,
        keys: (...asked) => {
          counts.reads++
          return personal.keys(...asked)
        },
        allKeys: (...asked) =>
          Effect.tap(personal.allKeys(...asked), (found) => Effect.sync(() => counts.steps.push(found.length))),
      },
    },
  }
  return { counts, context: counted }
}

const [ann, bea] = [uuid(1), uuid(2)]
const hex = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString("hex"))

/** The key of a person, which is kept with a profile if it is new. */
const keep = Effect.fnUntraced(function* (concordId: string, context: LedgerContext.LedgerContext) {
  const { isNew, key, wrapped } = (yield* PersonKeys.keyOf(organization, concordId, context))!
  const keys = isNew ? [wrapped] : []
  const kept = yield* context.store.people.keepProfile(organization, concordId, { keys, parts: [profile(concordId)] })
  return { kept, key: hex(key) }
})

const keyOf = (concordId: string, context: LedgerContext.LedgerContext) =>
  Effect.map(PersonKeys.keyOf(organization, concordId, context), (held) => hex(held?.key))

/** The metric of personal data that were left out. */
const leftOut = Effect.map(Metric.snapshot, (all) =>
  all
    .filter(({ id }) => id === "assent_personal_data_left_out_total")
    .reduce((sum, { state }) => sum + Number("count" in state ? state.count : 0), 0),
)

/** The wrapped key that the store holds of a person. */
const wrappedKeyOf = (concordId: string) =>
  Effect.gen(function* () {
    const { personal } = yield* LedgerStore
    return (yield* personal.keys(organization, [concordId]))[0]
  })

describe.each(Object.entries(stores))("over %s", (kind, open) => {
  /**
   * Runs a program over a new store with keys in a file, which can be taken away. What no store does in its own way is
   * checked over one of them.
   */
  const check = (
    name: string,
    program: (keyFile: {
      readonly remove: () => void
      readonly putBack: () => void
    }) => Effect.Effect<void, unknown, Layer.Success<typeof NodeCrypto.layer> | LedgerStore | Keys>,
    ofStores: "every store" | "one store" = "one store",
  ) =>
    test.skipIf(ofStores === "one store" && kind !== "memory")(name, async () => {
      const path = join(folder, `${files++}.keys`)
      const keyFile = {
        remove: () => renameSync(path, `${path}.away`),
        putBack: () => renameSync(`${path}.away`, path),
      }
      const created = Effect.andThen(TestClock.setTime(Date.UTC(2024, 0, 31)), FileKeys.create(path))
      await Effect.runPromise(
        Effect.andThen(
          created,
          Effect.suspend(() => program(keyFile)),
        ).pipe(
          Effect.provide(Layer.mergeAll(Layer.succeed(Keys, FileKeys.make(path)), await open(), NodeCrypto.layer)),
          Effect.provide(TestClock.layer()),
        ),
      )
    })

  check("a person has one key, which another ledger reads", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* newLedger, yield* newLedger]
      const { kept, key } = yield* keep(ann, first)
      expect(kept).toBe("kept")
      expect(yield* keyOf(ann, first)).toBe(key)
      expect(yield* keyOf(ann, second)).toBe(key)
      expect(yield* keyOf(bea, second)).not.toBe(key)
      expect(yield* wrappedKeyOf(ann)).toMatchObject({ concordId: ann, epoch: 1 })
    }),
  )

  check("requests of one process that make a key for one person make the same", () =>
    Effect.gen(function* () {
      const ledger = yield* newLedger
      const asked = Effect.map(PersonKeys.keyOf(organization, ann, ledger), (held) =>
        hex(held?.isNew === true ? held.wrapped.wrapped : undefined),
      )
      expect(yield* asked).toBe(yield* asked)
      const all = yield* Effect.all(
        [1, 2, 3].map(() => keep(ann, ledger)),
        { concurrency: "unbounded" },
      )
      expect(new Set(all.map(({ key }) => key)).size).toBe(1)
      expect(all.map(({ kept }) => kept)).toEqual(["kept", "kept", "kept"])
    }),
  )

  check(
    "of two processes, the key that is kept first counts, and the other process finds it",
    () =>
      Effect.gen(function* () {
        const [first, second] = [yield* newLedger, yield* newLedger]
        const late = (yield* PersonKeys.keyOf(organization, ann, second))!
        const { key } = yield* keep(ann, first)
        const personal = { keys: [late.wrapped], parts: [profile(ann)] }
        expect(yield* second.store.people.keepProfile(organization, ann, personal)).toBe("stale")
        expect(yield* keep(ann, second)).toEqual({ kept: "kept", key })
      }),
    "every store",
  )

  check("a key that is held, and the key of a new person, cost no read of the store", () =>
    Effect.gen(function* () {
      const { context, counts } = counting(yield* newLedger)
      yield* keep(ann, context)
      expect(counts.reads).toBe(1)
      yield* keyOf(ann, context)
      expect(counts.reads).toBe(2)
      yield* PersonKeys.keysOf(organization, [ann, bea, ann, uuid(3)], context, new Set([bea, uuid(3)]))
      expect(counts.reads).toBe(2)
      yield* TestClock.adjust(PersonKeys.heldMillis - 1)
      yield* keyOf(ann, context)
      expect(counts.reads).toBe(2)
      yield* TestClock.adjust(1)
      yield* keyOf(ann, context)
      expect(counts.reads).toBe(3)
      PersonKeys.forget(organization, [ann], context)
      yield* keyOf(ann, context)
      expect(counts.reads).toBe(4)
    }),
  )

  check("a new person whose key was kept meanwhile has that key once the store is asked", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* newLedger, yield* newLedger]
      const made = yield* PersonKeys.keyOf(organization, ann, second, true)
      const { key } = yield* keep(ann, first)
      expect(hex(made?.key)).not.toBe(key)
      expect(yield* keyOf(ann, second)).toBe(key)
    }),
  )

  check(
    "while keys cannot be used they are left out, counted, and logged once a minute; held keys are used",
    (keyFile) =>
      Effect.gen(function* () {
        const lines: Array<string> = []
        const logger = Logger.layer([Logger.make<unknown, void>(({ message }) => void lines.push(String(message)))])
        const before = yield* leftOut
        const ledger = yield* newLedger
        const { key } = yield* keep(ann, ledger)
        yield* keyOf(ann, ledger)
        keyFile.remove()
        yield* nextTurn
        const ask = Effect.provide(
          Effect.gen(function* () {
            expect(yield* keyOf(ann, ledger)).toBe(key)
            const found = yield* PersonKeys.keysOf(organization, [ann, bea, uuid(3)], ledger, new Set([bea]))
            expect([...found.keys()]).toEqual([ann])
          }),
          logger,
        )
        yield* ask
        yield* ask
        expect((yield* leftOut) - before).toBe(4)
        expect(lines).toHaveLength(1)
        expect(lines[0]).toMatch(/^personal data are left out, because keys cannot be used: .*\.keys: no such file$/)
        yield* TestClock.adjust(minute)
        expect(yield* Effect.provide(keyOf(ann, ledger), logger)).toBeUndefined()
        expect(lines).toHaveLength(2)
        keyFile.putBack()
        yield* nextTurn
        expect(yield* keyOf(ann, ledger)).toBe(key)
        expect(yield* keyOf(bea, ledger)).toMatch(/^[0-9a-f]{64}$/)
      }),
  )

  check("an epoch begins after 30 days, once, though two ledgers see to it", () =>
    Effect.gen(function* () {
      const keys = yield* Keys
      const [first, second] = [yield* newLedger, yield* newLedger]
      const tend = (context: LedgerContext.LedgerContext) => KeyEpochs.tend({ kept: Period.days(90) }, context)
      yield* TestClock.adjust(30 * day - 1)
      expect((yield* tend(first)).begun).toBeUndefined()
      yield* TestClock.adjust(1)
      const both = yield* Effect.all([tend(first), tend(second)], { concurrency: "unbounded" })
      expect(both.filter(({ begun }) => begun !== undefined).length).toBeGreaterThan(0)
      expect(yield* keys.epoch).toBe(2)
    }),
  )

  check(
    "keys are wrapped again in steps, are the same keys, and an epoch is destroyed when it may be",
    () =>
      Effect.gen(function* () {
        const keys = yield* Keys
        const { context, counts } = counting(yield* newLedger)
        const tend = KeyEpochs.tend({ kept: Period.days(90) }, context)
        const people = Array.from({ length: 2_500 }, (_, n) => uuid(n))
        const made = yield* PersonKeys.keysOf(organization, people, context, new Set(people))
        const personal = { keys: [...made.values()].map(({ wrapped }) => wrapped), parts: [] }
        expect(yield* context.store.people.change({ ...noChange, personal })).toBe("kept")
        const backup = (yield* wrappedKeyOf(ann))!

        yield* TestClock.adjust(30 * day)
        expect(yield* tend).toMatchObject({ begun: { number: 2 }, rewrapped: 2_500, destroyed: [] })
        expect(counts.steps).toEqual([1_000, 1_000, 500])
        const other = yield* newLedger
        const read = yield* PersonKeys.keysOf(organization, people, other)
        expect(people.filter((each) => hex(read.get(each)?.key) !== hex(made.get(each)!.key))).toEqual([])
        expect((yield* wrappedKeyOf(ann))?.epoch).toBe(2)
        expect(yield* tend).toEqual({ begun: undefined, rewrapped: 0, destroyed: [] })
        expect(counts.steps).toHaveLength(3)

        // Epoch 1 has ended, and is kept for 90 days; an old backup can be read meanwhile.
        yield* TestClock.adjust(90 * day - 1)
        expect((yield* tend).destroyed).toEqual([])
        expect(hex(yield* keys.unwrap(backup.epoch, backup.wrapped))).toBe(hex(made.get(ann)!.key))
        yield* TestClock.adjust(1)
        expect((yield* tend).destroyed).toEqual([1])
        expect(yield* keys.unwrap(backup.epoch, backup.wrapped)).toBeUndefined()
        const last = yield* PersonKeys.keysOf(organization, people, yield* newLedger)
        expect(people.filter((each) => hex(last.get(each)?.key) !== hex(made.get(each)!.key))).toEqual([])
      }),
    "every store",
  )

  check("the epoch of a key that came back with a backup is not destroyed before the key is wrapped again", () =>
    Effect.gen(function* () {
      const ledger = yield* newLedger
      const late = (yield* PersonKeys.keyOf(organization, ann, ledger, true))!
      const tend = KeyEpochs.tend({ kept: Period.days(90) }, ledger)
      yield* TestClock.adjust(30 * day)
      yield* tend
      // A row of epoch 1 appears long after all were wrapped by epoch 2.
      yield* TestClock.adjust(90 * day)
      const personal = { keys: [late.wrapped], parts: [profile(ann)] }
      expect(yield* ledger.store.people.keepProfile(organization, ann, personal)).toBe("kept")
      expect(yield* tend).toMatchObject({ rewrapped: 1, destroyed: [1] })
      expect(yield* keyOf(ann, yield* newLedger)).toBe(hex(late.key))
    }),
  )
})

test("no more than 10,000 keys are held", () =>
  Effect.gen(function* () {
    const context = yield* newLedger
    const people = Array.from({ length: 10_010 }, (_, n) => uuid(n))
    yield* PersonKeys.keysOf(organization, people, context, new Set(people))
    expect(context.personKeys.held.size).toBe(10_000)
  }).pipe(Effect.provide([MemoryStore.layer, TestKeys.layer, Crypto.layer]), Effect.runPromise))
