/**
 * The laws of erasure (X2, X4, X5 and X8) on the second statement of section 5 of the semantics: over random worlds
 * they all hold, and without a clause of the section one of them fails. `erasureOnLedgers.test.ts` holds the ledger to
 * this statement.
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as Laws from "../support/erasure/laws.ts"
import * as ErasureWorlds from "../support/erasure/worlds.ts"
import { times } from "../support/long.ts"
import type { Clause } from "../support/people/model.ts"
import * as Worlds from "../support/people/worlds.ts"

const world = ErasureWorlds.world(10)

describe("The second statement of erasure", () => {
  test.each(Object.entries(Laws.all))("keeps %s", (_name, law) => {
    fc.assert(
      fc.property(world, (steps) => {
        expect(law(Worlds.play(steps))).toEqual([])
      }),
      { numRuns: times(60, 3000) },
    )
  })
})

/** The law that needs each clause. */
const needed: ReadonlyArray<readonly [Clause, keyof typeof Laws.all]> = [
  ["everyone joined is erased", "X4, nothing is more permitted"],
  ["those joined before are not erased", "X2, everyone else stays"],
  ["an erased person is not seen from then on", "X5, not seen from then on"],
  ["what was known before an erasure stays known", "X5, as known before"],
  ["what named an erased person names no one", "X8, comes as another person"],
  ["an erased concordId names no one", "X8, comes as another person"],
]

describe("Without a clause of erasure a law fails", () => {
  test.each(needed)("%s: %s", (clause, name) => {
    const law = Laws.all[name]!
    const { failed } = fc.check(
      fc.property(world, (steps) => law(Worlds.play(steps, [clause])).length === 0),
      { numRuns: 20_000 },
    )
    expect(failed).toBe(true)
  })
})
