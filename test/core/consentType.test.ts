import { describe, expect, test } from "vitest"
import * as ConsentType from "../../core/engine/ConsentType.ts"

describe("the version an event answers when it does not say", () => {
  const [before, first, between, second] = [1000, 2000, 2500, 3000] as const
  const published = (version: number, publishedAt: number): ConsentType.Version => ({
    version,
    publishedAt,
    dateCreated: before,
    requireReaccept: false,
  })
  const typeOf = (...versions: ReadonlyArray<ConsentType.Version>): ConsentType.ConsentType => ({
    ...ConsentType.unknown("type-1"),
    versions,
  })

  test("is the one published last, from the very instant on", () => {
    const type = typeOf(published(2, second), published(1, first))
    expect([first, between, second].map((at) => ConsentType.versionAt(type, at))).toEqual([1, 1, 2])
  })

  test("is the last published, not the highest", () => {
    expect(ConsentType.versionAt(typeOf(published(3, first), published(2, second)), second)).toBe(2)
  })

  test("is the higher of two published at once, in either order", () => {
    expect(ConsentType.versionAt(typeOf(published(2, first), published(3, first)), first)).toBe(3)
    expect(ConsentType.versionAt(typeOf(published(3, first), published(2, first)), first)).toBe(3)
  })

  test("is 1 before the first, and without any", () => {
    expect(ConsentType.versionAt(typeOf(published(2, first)), before)).toBe(1)
    expect(ConsentType.versionAt(ConsentType.unknown("type-1"), second)).toBe(1)
  })
})
