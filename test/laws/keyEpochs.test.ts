/**
 * Laws of the epochs of keys, over random sequences of days, new people, backups and two ledgers that keep the epochs:
 * a living key is always the key that it was, and a key in a backup opens until its epoch was over for 90 days, and
 * never after.
 */
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Crypto from "../../apps/Crypto.ts"
import * as Period from "../../core/engine/Period.ts"
import * as KeyEpochs from "../../core/ledger/KeyEpochs.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import * as PersonKeys from "../../core/ledger/PersonKeys.ts"
import { Keys } from "../../core/ports/Keys.ts"
import type { LaneKey, PersonKey } from "../../core/ports/LedgerStore.ts"
import { noChange, organization, uuid } from "../contract/samples.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"

const day = 86_400_000
const kept = Period.days(90)

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("wait" as const), days: fc.constantFrom(0, 1, 29, 30, 31, 60, 90) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("tend" as const), by: fc.constantFrom(0, 1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("person" as const), by: fc.constantFrom(0, 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("backup" as const) }) },
)

const hex = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString("hex"))

const play = Effect.fnUntraced(function* (
  steps: ReadonlyArray<typeof step extends fc.Arbitrary<infer Step> ? Step : never>,
) {
  const keys = yield* Keys
  const ledgers = [yield* LedgerContext.make, yield* LedgerContext.make] as const
  const { personal, people } = ledgers[0].store
  const made = new Map<string, string | undefined>()
  const backups: Array<LaneKey> = []
  let now = TestKeys.keySet.epochs[0].beganAt
  yield* TestClock.setTime(now)
  const opens = (row: PersonKey) => Effect.map(keys.unwrap(row.epoch, row.wrapped), hex)
  for (const each of steps) {
    if (each.do === "wait") yield* TestClock.setTime((now += each.days * day))
    if (each.do === "backup") backups.push(...(yield* personal.allKeys(undefined, 1_000)))
    if (each.do === "person") {
      const concordId = uuid(made.size)
      const { key, wrapped } = (yield* PersonKeys.keyOf(organization, concordId, ledgers[each.by], true))!
      expect(yield* people.change({ ...noChange, personal: { keys: [wrapped], parts: [] } })).toBe("kept")
      made.set(concordId, hex(key))
    }
    if (each.do === "tend") {
      yield* KeyEpochs.tend({ kept }, ledgers[each.by])
      const epochs = yield* keys.epochs
      expect(now - epochs.at(-1)!.beganAt).toBeLessThan(30 * day)
      for (const row of backups) {
        const end = epochs[row.epoch]?.beganAt
        const isOver = end !== undefined && end + 90 * day <= now
        expect(yield* opens(row)).toBe(isOver ? undefined : made.get(row.concordId))
      }
    }
    for (const row of yield* personal.allKeys(undefined, 1_000)) {
      expect(yield* opens(row)).toBe(made.get(row.concordId))
    }
  }
})

test("a living key stays what it is, and a backup shows personal data until its epoch was over for 90 days", () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), (steps) =>
      Effect.runPromise(
        play(steps).pipe(
          Effect.provide([MemoryStore.layer, TestKeys.layer, Crypto.layer]),
          Effect.provide(TestClock.layer()),
        ),
      ),
    ),
    { numRuns: times(100, 2000) },
  ))
