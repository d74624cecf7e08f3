/**
 * The ledger over a store that is slow, fails and loses answers, with concurrent clients and processes that are killed:
 * hundreds of runs, each of which follows from its seed alone (`interleavings/`).
 */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { Effect, Struct } from "effect"
import { describe, expect, test } from "vitest"
import type { Append, LedgerStore } from "../../core/ports/LedgerStore.ts"
import { times } from "../support/long.ts"
import { newStore } from "./interleavings/play.ts"
import { commandOf, digestOf, failureOf } from "./interleavings/seeds.ts"

type Store = LedgerStore["Service"]

/** The number of runs of a test; `npm run interleave -- --seeds 100000` plays more. */
const runs = times(120, 5000)
/** Later seeds that have failed once. */
const remembered = [3079, 3275, 4233, 1241, 819, 802, 1194]
const seeds = [...remembered, ...Array.from({ length: runs }, (_, index) => index + 1)]

/** The first seed that fails over a store. Its run is reported without being made smaller. */
const firstFailure = (store?: () => Store): { readonly seed: number; readonly failure: string } | undefined => {
  for (const seed of seeds) {
    const failure = failureOf(seed, store, 1)
    if (failure !== undefined) return { seed, failure }
  }
  return undefined
}

test("Whatever is interleaved, lost and killed, every answer is explained by one order of the log, and its laws hold", () => {
  for (const seed of seeds) expect(failureOf(seed)).toBeUndefined()
})

test("The same seed gives the same run, line by line, also in another process", () => {
  const some = seeds.slice(remembered.length, remembered.length + 40)
  const digest = digestOf(some)
  expect(digestOf(some)).toBe(digest)
  expect(digestOf(seeds.slice(remembered.length + 1, remembered.length + 41))).not.toBe(digest)
  const main = join(import.meta.dirname, "interleavings/main.ts")
  const { stdout } = spawnSync(process.execPath, [main, "--seeds", "40", "--digest"], { encoding: "utf8" })
  expect(stdout.trim()).toBe(digest)
})

/** Stores with a fault that a run must find. */
const broken: ReadonlyArray<readonly [says: string, what: RegExp, breaks: (store: Store) => Partial<Store>]> = [
  [
    "acknowledges events and keeps none of them",
    /was acknowledged, but .* is not there|is not what was kept/,
    (store) => ({
      events: { ...store.events, append: (request) => store.events.append({ ...request, events: [] }) },
    }),
  ],
  [
    "keeps events twice",
    /is there twice|is not what was kept/,
    (store) => ({
      events: {
        ...store.events,
        append: (request) =>
          Effect.tap(store.events.append(request), ({ _tag }) =>
            _tag === "Appended" ? store.events.append({ ...request, events: request.events.slice(0, 1) }) : Effect.void,
          ),
      },
    }),
  ],
  [
    "forgets which requests it answered",
    /was carried out 2 times/,
    (store) => ({
      idempotencyRecord: () => Effect.undefined,
      events: {
        ...store.events,
        append: (request) => store.events.append(Struct.omit(request, ["idempotencyRecord"])),
      },
      people: {
        ...store.people,
        change: (change) => store.people.change(Struct.omit(change, ["idempotencyRecord"])),
      },
    }),
  ],
  [
    "does not raise heads",
    /head of .* is not the latest|does not see|the log says/,
    (store) => ({
      events: {
        ...store.events,
        heads: (project, people) =>
          Effect.map(store.events.heads(project, people), (seen) => ({ ...seen, events: seen.events.slice(0, 1) })),
      },
    }),
  ],
  [
    "keeps a change of people that was prepared against another state",
    /is counted as two people|was undone twice|was carried out|the survivor of a person is counted as another one|have accounts/,
    (store) => ({
      people: { ...store.people, change: (change) => store.people.change({ ...change, seen: [] }) },
    }),
  ],
  [
    "keeps claims of an account that were prepared against another state of the person",
    /a second userId|an account besides another one/,
    (store) => ({
      events: { ...store.events, append: (request) => store.events.append({ ...request, seen: [] }) },
    }),
  ],
  [
    "forgets whom an identifier named before its release",
    /the answer to .* is another one now|is answered about/,
    (store) => ({
      people: {
        ...store.people,
        byAlias: (organization, hashes) => store.people.byAlias(organization, hashes),
      },
    }),
  ],
  [
    "accepts an identity token twice",
    /was used twice|two requests used/,
    (store) => ({
      people: {
        ...store.people,
        change: (change) => store.people.change(Struct.omit(change, ["identityToken"])),
      },
    }),
  ],
]

describe("A store is caught that", () => {
  test.each(broken)("%s", (_, what, breaks) => {
    const found = firstFailure(() => {
      const store = newStore()
      return { ...store, ...breaks(store) }
    })
    expect(found?.failure).toMatch(what)
  })

  test("loses an answer's events, by a run that one line repeats", () => {
    const losing = () => {
      const store = newStore()
      return {
        ...store,
        events: {
          ...store.events,
          append: (request: Append) => store.events.append({ ...request, events: [] }),
        },
      }
    }
    const { failure, seed } = firstFailure(losing)!
    expect(failure.split("\n")[0]).toContain(commandOf(seed))
    const [, from] = /npm run interleave -- --from (\d+) --seeds 1$/m.exec(failure)!
    expect(failureOf(Number(from), losing, 1)).toBe(failure)
  })
})
