/** Marks: what they hold, how long they are, and of which project they are. */
import { Effect } from "effect"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Crypto from "../../apps/Crypto.ts"
import * as ChangeCursor from "../../core/feed/ChangeCursor.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import type { Organization, Project, ProjectScope } from "../../core/model/Catalog.ts"
import * as TestKeys from "../support/keys.ts"

const made = { dateCreated: 0, dateUpdated: 0 }

const organization: Organization = {
  ...made,
  id: "0197a000-0000-7000-8000-000000000001",
  number: 0,
  lanes: 16,
  name: "Acme",
  primaryDomain: "acme.example",
  privacyPolicyUrl: "https://acme.example/privacy",
  publicKeys: [],
  identifierKey: TestKeys.wrapped(Buffer.alloc(32, 1)),
  normalization: 2,
}

const scopeOf = (
  lanes: number,
  id = "0197a000-0000-7000-8000-000000000002",
): Pick<ProjectScope, "organization" | "project"> => {
  const project: Project = {
    ...made,
    id,
    number: 1,
    lanes,
    organization: organization.id,
    name: "Shop",
    domains: ["localhost"],
    status: "active",
  }
  return { organization, project }
}

const run = <A>(use: (context: LedgerContext.LedgerContext) => Effect.Effect<A, unknown>): Promise<A> =>
  Effect.runPromise(
    Effect.flatMap(LedgerContext.make, use).pipe(Effect.provide([MemoryStore.layer, TestKeys.layer, Crypto.layer])),
  )

const place = fc.record({
  incarnation: fc.constantFrom(1, 1, 1, 2, 300),
  position: fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 40 + 1),
  number: fc.constantFrom(0, 1, 127, 128, 2 ** 33),
})

const until = fc.constantFrom(0, 1, Date.UTC(2026, 10, 30), Date.UTC(9999, 11, 31))

// Mutants: bitwise integers; the incarnation of the first lane for all.
test("a mark holds the place of every lane, and an instant", () =>
  fc.assert(
    fc.asyncProperty(fc.array(place, { minLength: 1, maxLength: 20 }), until, async (given, until) => {
      const places = given.map((each, lane) => ({ lane, ...each }))
      const scope = scopeOf(places.length)
      const opened = await run((context) =>
        Effect.flatMap(ChangeCursor.seal(scope, { places, until }, context), (mark) =>
          ChangeCursor.open(scope, mark, context),
        ),
      )
      expect(opened).toEqual({ places, until })
    }),
    { numRuns: 50 },
  ))

test.each([
  [16, 104],
  [256, 1500],
])("of %i lanes with a million events each it has at most %i bytes", async (lanes, bytes) => {
  const places = Array.from({ length: lanes }, (_, lane) => ({
    lane,
    incarnation: 1,
    position: 1_000_000,
    number: 9999,
  }))
  const mark = await run((context) =>
    ChangeCursor.seal(scopeOf(lanes), { places, until: Date.UTC(2026, 10, 30) }, context),
  )
  expect(Buffer.from(mark, "base64url").length).toBeLessThanOrEqual(bytes)
})

// Mutants: the signature leaves out the project; a shorter signature is compared.
test("any other text, and a mark of another project, is no mark", async () => {
  const scope = scopeOf(2)
  const places = [0, 1].map((lane) => ({ lane, incarnation: 1, position: 300, number: 2 }))
  const refused = await run((context) =>
    Effect.gen(function* () {
      const mark = yield* ChangeCursor.seal(scope, { places, until: 1 }, context)
      const bytes = Buffer.from(mark, "base64url")
      const texts = [...bytes].map((byte, at) => {
        const other = Buffer.from(bytes)
        other[at] = byte ^ 1
        return other.toString("base64url")
      })
      const all = [...texts, "", "A", mark.slice(1), `${mark}A`, bytes.subarray(0, 16).toString("base64url")]
      const opened = yield* Effect.forEach(all, (text) => ChangeCursor.open(scope, text, context))
      const elsewhere = scopeOf(2, "0197a000-0000-7000-8000-000000000003")
      return [...opened, yield* ChangeCursor.open(elsewhere, mark, context)]
    }),
  )
  expect(refused).toEqual(refused.map(() => undefined))
})
