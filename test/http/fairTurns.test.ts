/** Turns of organizations: few pieces of work at a time, and none waits for a second piece of another organization. */
import * as fc from "fast-check"
import { Effect } from "effect"
import { expect, test } from "vitest"
import * as FairTurns from "../../adapters/http/server/FairTurns.ts"
import * as Shares from "../../adapters/http/server/Shares.ts"

/** Pieces of work by the letters of their organizations, in the order in which they come. */
const pieces = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 40 })

/** Lets all pieces of work come at once. Returns the order in which they began, and the most that were done at once. */
const play = (max: number, organizations: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const inTurn = FairTurns.make(max)
    const order: Array<readonly [organization: string, piece: number]> = []
    let working = 0
    let most = 0
    const work = (organization: string, piece: number) =>
      Effect.gen(function* () {
        order.push([organization, piece])
        most = Math.max(most, ++working)
        yield* Effect.yieldNow
        working--
      })
    yield* Effect.forEach(organizations, (organization, piece) => inTurn(organization)(work(organization, piece)), {
      concurrency: "unbounded",
    })
    return { order, most }
  })

test("Each organization's work is done in its order, all of it, and never more at a time than there are turns", async () => {
  await fc.assert(
    fc.asyncProperty(pieces, fc.integer({ min: 1, max: 4 }), async (organizations, max) => {
      const { most, order } = await Effect.runPromise(play(max, organizations))
      expect(most).toBeLessThanOrEqual(max)
      expect(order.length).toBe(organizations.length)
      for (const id of ["a", "b", "c"]) {
        const own = order.flatMap(([organization, piece]) => (organization === id ? [piece] : []))
        expect(own).toEqual(own.toSorted((a, b) => a - b))
      }
    }),
  )
})

// Mutant: work waits in one queue for all.
test("Work that waits is done before the second piece of another organization", async () => {
  await fc.assert(
    fc.asyncProperty(pieces, async (organizations) => {
      const { order } = await Effect.runPromise(play(1, organizations))
      // The first piece begins before the others have come.
      const waiting = order.slice(1).map(([organization]) => organization)
      for (const [place, organization] of waiting.entries()) {
        const next = waiting.indexOf(organization, place + 1)
        const between = waiting.slice(place + 1, next === -1 ? place + 1 : next)
        // An organization that has work left had exactly one turn between two of another one.
        for (const other of new Set(waiting.slice(next === -1 ? waiting.length : next))) {
          if (other !== organization) expect(between.filter((each) => each === other).length).toBe(1)
        }
      }
    }),
  )
})

test("Work that fails or is interrupted gives its turn back", async () => {
  const inTurn = FairTurns.make(1)
  const outcome = await Effect.runPromise(
    Effect.gen(function* () {
      yield* Effect.result(inTurn("a")(Effect.fail("no")))
      yield* Effect.timeout(inTurn("a")(Effect.never), 5).pipe(Effect.result)
      return yield* inTurn("b")(Effect.succeed("done"))
    }),
  )
  expect(outcome).toBe("done")
})

test("Shares are bounded for each organization and in all, and are given back once", () => {
  const take = Shares.make({ each: 2, inAll: 3 })
  const [first, second] = [take("a"), take("a")]
  expect([first, second].every((share) => share !== undefined)).toBe(true)
  expect(take("a")).toBeUndefined()
  expect(take("b")).toBeDefined()
  expect(take("c")).toBeUndefined()
  first!()
  first!()
  expect(take("a")).toBeDefined()
  expect(take("c")).toBeUndefined()
})
