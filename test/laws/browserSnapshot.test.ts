/**
 * Law 12 of the browser side: a snapshot is read as it was written; any other text permits nothing, and throws nothing.
 * Mutants that it kills are in test/mutants/browser.ts.
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as Instant from "../../core/engine/Instant.ts"
import * as Snapshot from "../../core/browser/Snapshot.ts"
import { times } from "../support/long.ts"

const project = "01926f3e-7c00-7000-8000-000000000001"

const anyType = fc.record({
  id: fc.uuid(),
  triple: fc
    .tuple(
      fc.constantFrom("privacy_setting", "custom"),
      fc.oneof(
        fc.constantFrom("analytics", "social_media", "do_not_sell", "__proto__", "limit_pii_use"),
        fc.string({ unit: "grapheme", maxLength: 20 }),
      ),
    )
    .map(([category, subcategory]) => `${category}/${subcategory}/site`),
})

const anyAnswer: fc.Arbitrary<Snapshot.SnapshotAnswer> = fc.oneof(
  fc.boolean().map((permitted) => ({ permitted })),
  fc.integer({ min: 0, max: Instant.max }).map((until) => ({ permitted: true, until })),
)

const anySnapshot = fc.record({
  region: fc.option(fc.uuid(), { nil: undefined }),
  revision: fc.nat(),
  gpc: fc.boolean(),
  answers: fc
    .array(fc.tuple(anyType.map(Snapshot.nameOf), anyAnswer), { maxLength: 60 })
    .map((answers): ReadonlyMap<string, Snapshot.SnapshotAnswer> => new Map(answers)),
})

/** A type whose answer a snapshot holds under a name. */
const named = (name: string) => ({ name, since: 0, required: false, triple: `privacy_setting/${name}/site` })

describe("A snapshot", () => {
  test("of up to 60 names is read as it was written, and is never longer than 1,500 bytes", () => {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        const text = Snapshot.encode(snapshot)
        expect(Snapshot.decode(text)).toEqual(snapshot)
        expect(text.length).toBeLessThanOrEqual(Snapshot.maxLength)
        // Neither quotes nor separators of cookies: a server of the site reads it without unescaping.
        expect(text).toMatch(/^[\w.~-]+$/)
      }),
      { numRuns: times(300, 10_000) },
    )
  })

  test("is found among the cookies of a page, and no other cookie is taken for it", () => {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        const cookie = `${Snapshot.cookieName(project)}=${Snapshot.encode(snapshot)}`
        expect(Snapshot.fromCookies(`a=1; ${cookie}; b=${cookie}`, project)).toEqual(snapshot)
        expect(Snapshot.fromCookies(`a=1; x${cookie}; b=${cookie}`, project)).toBeUndefined()
      }),
      { numRuns: times(50, 2_000) },
    )
  })

  test("that was changed is read as nothing, or as what is written like that", () => {
    const changed = fc
      .tuple(anySnapshot.map(Snapshot.encode), fc.nat(), fc.nat(3), fc.string({ maxLength: 3 }))
      .map(([text, at, length, other]) => {
        const from = at % (text.length + 1)
        return text.slice(0, from) + other + text.slice(from + length)
      })
    fc.assert(
      fc.property(fc.oneof(changed, fc.string()), (text) => {
        const snapshot = Snapshot.decode(text)
        if (snapshot !== undefined && text.length <= Snapshot.maxLength) expect(Snapshot.encode(snapshot)).toBe(text)
        expect(Snapshot.permits(snapshot, named("constructor"), 0)).toBe(
          snapshot?.answers.get("constructor")?.permitted ?? false,
        )
      }),
      { numRuns: times(1_000, 30_000) },
    )
  })

  test("with two answers under one name is read as nothing", () => {
    expect(Snapshot.decode("1~~1~analytics~analytics.")).toBeUndefined()
    expect(Snapshot.decode("1~~1~analytics.~marketing.")?.answers.size).toBe(2)
  })

  test("that is too long keeps what is permitted before what is not", () => {
    const answers = Array.from({ length: 400 }, (_, n): [string, Snapshot.SnapshotAnswer] => [
      `subject_${n}`,
      { permitted: n % 10 === 0 },
    ])
    const read = Snapshot.decode(
      Snapshot.encode({ region: undefined, revision: 1, gpc: false, answers: new Map(answers) }),
    )
    expect([...(read?.answers.values() ?? [])]).toEqual(Array.from({ length: 40 }, () => ({ permitted: true })))
    const permitted = answers.map(([name]): [string, Snapshot.SnapshotAnswer] => [name, { permitted: true }])
    const cut = Snapshot.encode({ region: undefined, revision: 1, gpc: false, answers: new Map(permitted) })
    expect(cut.length).toBeLessThanOrEqual(Snapshot.maxLength)
    expect(Snapshot.decode(cut)?.answers.size).toBeGreaterThan(60)
  })

  test("permits until right before the end of an answer, and only what was decided since the type's last change", () => {
    const answers = new Map([
      ["analytics", { permitted: true, until: 1000 }],
      ["marketing", { permitted: false }],
    ])
    const snapshot: Snapshot.DecisionSnapshot = { region: undefined, revision: 7, gpc: false, answers }
    const analytics = named("analytics")
    expect(Snapshot.permits(snapshot, analytics, 999)).toBe(true)
    expect(Snapshot.permits(snapshot, analytics, 1000)).toBe(false)
    expect(Snapshot.permits(snapshot, { ...analytics, since: 7 }, 999)).toBe(true)
    expect(Snapshot.permits(snapshot, { ...analytics, since: 8 }, 999)).toBe(false)
    expect(Snapshot.permits(snapshot, named("marketing"), 0)).toBe(false)
    expect(Snapshot.permits(snapshot, named("functional"), 0)).toBe(false)
    expect(Snapshot.permits(undefined, analytics, 0)).toBe(false)
    expect(Snapshot.permits(undefined, named("strictly_necessary"), 0)).toBe(true)
    expect(Snapshot.permits(undefined, { ...analytics, required: true }, 0)).toBe(true)
    expect(Snapshot.permits(undefined, { ...analytics, required: true, triple: "disclosure/terms/site" }, 0)).toBe(
      false,
    )
  })
})
