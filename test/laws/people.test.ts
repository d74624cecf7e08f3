/**
 * The laws about people (4, 9, 12, 13, 15, 16 and 17) on the second statement of section 5 of the semantics
 * (`test/support/people/`): over random worlds they all hold, and without a clause of the section one of them fails.
 * `peopleOnLedgers.test.ts` holds the ledger to this statement.
 * `peopleOnLedgers.test.ts` holds the ledger to this statement.
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { times } from "../support/long.ts"
import * as Laws from "../support/people/laws.ts"
import type { Clause } from "../support/people/model.ts"
import * as Worlds from "../support/people/worlds.ts"

/** The worlds of a law. External ids tie items together, so only the law about them has some. */
const worldsOf = (law: string) => Worlds.world(law === "law 17, repeats" ? { externalIds: [undefined, "1", "2"] } : {})

/** Law 4 plays a world again for each refusal of it. */
const runsOf = (law: string) => (law === "law 4" ? times(40, 3000) : times(300, 15_000))

describe("The second statement of section 5", () => {
  test.each(Object.entries(Laws.all))("keeps %s", (name, law) => {
    fc.assert(
      fc.property(worldsOf(name), (world) => {
        expect(law(world, Worlds.play(world))).toEqual([])
      }),
      { numRuns: runsOf(name) },
    )
  })
})

test("In every order an account has its own yeses, no other account's, and at least its own noes (law 12).", () => {
  fc.assert(
    fc.property(Worlds.items, (world) => {
      expect(Laws.ordersAgree(world, Worlds.play(world))).toEqual([])
    }),
    { numRuns: times(400, 15_000) },
  )
})

/** The law that needs each clause. */
const needed: ReadonlyArray<readonly [Clause, keyof typeof Laws.all]> = [
  ["two people are a conflict", "law 12"],
  ["another account of the kind is a conflict", "law 12"],
  ["an account that was held is a conflict", "law 12"],
  ["a date before the release is a conflict", "law 15"],
  ["a refusal counts for everyone named", "law 13"],
  ["a refusal counts for those named before the release", "law 9"],
  ["a refusal gives a new account a person of its own", "law 12"],
  ["a refusal claims no identifier released after its date", "law 15"],
  ["two accounts are never joined", "law 12"],
  ["events belong to the member that is named", "law 9"],
  ["a contact point that names another is left out", "law 12"],
]

describe("Without a clause of section 5 a law fails", () => {
  test.each(needed)("%s: %s", (clause, name) => {
    const law = Laws.all[name]!
    const breaks = (world: Worlds.World) => law(world, Worlds.play(world, [clause])).length > 0
    const { failed } = fc.check(
      fc.property(worldsOf(name), (world) => !breaks(world)),
      { numRuns: 20_000, endOnFailure: true },
    )
    expect(failed).toBe(true)
  })
})
