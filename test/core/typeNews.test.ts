/** What a change feed tells of consent types: each version and each change of terms once. */
import { describe, expect, test } from "vitest"
import * as Period from "../../core/engine/Period.ts"
import * as TypeNews from "../../core/feed/TypeNews.ts"
import type { ListedType, ListedVersion } from "../../core/model/Catalog.ts"
import * as TypeHistory from "../../core/model/TypeHistory.ts"

const start = Date.UTC(2026, 0, 1)
const day = 86_400_000

const version = (number: number, publishedAt: number, more: Partial<ListedVersion> = {}): ListedVersion => ({
  id: `version ${number}`,
  version: number,
  name: "",
  description: "",
  publishedAt,
  dateCreated: start,
  requireReaccept: false,
  ...more,
})

const type: ListedType = {
  id: "type",
  organization: "organization",
  project: "project",
  category: "custom",
  subcategory: "a",
  label: "b",
  status: "active",
  required: false,
  validStates: [],
  rules: {},
  versions: [version(1, start)],
  dateCreated: start,
  dateUpdated: start,
}

/** The type after another change. */
const changed = (before: ListedType, change: Partial<ListedType>, at: number): ListedType => {
  const types = new Map([[before.id, before]])
  TypeHistory.add(types, { ...before, ...change, dateUpdated: at })
  return types.get(before.id)!
}

/** What each state of a type announces in turn. */
const tell = (...states: ReadonlyArray<readonly [type: ListedType, now: number]>) => {
  let told: TypeNews.Told | undefined
  return states.map(([each, now]) => {
    const news = TypeNews.of(told, each, now, 7)
    told = JSON.parse(JSON.stringify(news.told))
    const changes = news.changes.map(({ at, body, type }) => `${type} ${(at - start) / day} ${body}`)
    return {
      changes,
      reasons: news.reasons.map(({ at, cause }) => `${cause} ${(at - start) / day}`),
      next: news.nextAt,
    }
  })
}

const names = (told: ReturnType<typeof tell>) =>
  told.map(({ changes, reasons }) => [...changes.map((each) => each.split(" ").slice(0, 2).join(" ")), ...reasons])

describe("of a consent type", () => {
  test("a new one, its first version is told, once", () => {
    const [first, second] = tell([type, start], [type, start + day])
    expect(first!.changes).toEqual([
      'type.published 0 {"consentType":"type","version":1,"publishedAt":"2026-01-01T00:00:00.000Z","requireReaccept":false}',
    ])
    expect(second).toEqual({ changes: [], reasons: [], next: Date.UTC(9999, 11, 31, 23, 59, 59, 999) })
  })

  test("a version is told when it is planned, when it is published, and begins a re-evaluation when its grace is over", () => {
    const grace = Period.days(2)
    const planned = version(2, start + 2 * day, { requireReaccept: true, grace })
    const next = { ...type, versions: [...type.versions, planned], dateUpdated: start + day }
    const told = tell(
      [type, start],
      [next, start + day],
      [next, start + day],
      [next, start + 2 * day],
      [next, start + 4 * day - 1],
      [next, start + 4 * day],
      [next, start + 5 * day],
    )
    expect(names(told)).toEqual([
      ["type.published 0"],
      ["type.scheduled 0"],
      [],
      ["type.published 2"],
      [],
      ["version 4"],
      [],
    ])
    expect(told[1]!.changes[0]).toContain('"requireReaccept":true,"invalidatesAt":"2026-01-05T00:00:00.000Z"')
    expect(told.map(({ next }) => (next - start) / day).slice(1, 5)).toEqual([2, 2, 4, 4])
  })

  test("a version is told as published once, also by a server whose clock is behind that of the first", () => {
    const planned = { requireReaccept: true, grace: Period.days(1) }
    const next = changed(type, { versions: [version(1, start), version(2, start + day, planned)] }, start + 1)
    const told = tell([type, start], [next, start + day], [next, start + day - 1], [next, start + day])
    expect(names(told)).toEqual([["type.published 0"], ["type.published 1"], [], []])
  })

  test("a version that was planned and published while no one looked is told as published only", () => {
    const next = { ...type, versions: [...type.versions, version(2, start + day)], dateUpdated: start + day / 2 }
    expect(names(tell([type, start], [next, start + 3 * day]))).toEqual([["type.published 0"], ["type.published 1"]])
  })

  test("a planned version that gets another number is told again, and one that is cancelled changes the type", () => {
    const planned = version(2, start + 5 * day)
    const before = { ...type, versions: [type.versions[0]!, planned], dateUpdated: start + day }
    const between = { ...version(2, start + 2 * day), id: "between" }
    const renumbered = changed(
      before,
      { versions: [type.versions[0]!, between, { ...planned, version: 3 }] },
      start + 2 * day,
    )
    const cancelled = changed(renumbered, { versions: [type.versions[0]!, between] }, start + 3 * day)
    expect(
      names(tell([type, start], [before, start + day], [renumbered, start + 2 * day], [cancelled, start + 3 * day])),
    ).toEqual([
      ["type.published 0"],
      ["type.scheduled 0"],
      ["type.published 2", "type.scheduled 0"],
      ["type.changed 3"],
    ])
  })

  test("changed rules, durations and statuses are told; each change of terms is a reason to decide again", () => {
    const shorter = changed(type, { consentDuration: Period.days(3) }, start + day)
    const stricter = changed(shorter, { rules: { permits: "accepted" } }, start + 2 * day)
    const archived = changed(stricter, { status: "archived" }, start + 3 * day)
    const required = changed(archived, { required: true }, start + 4 * day)
    expect(
      names(tell([type, start], [shorter, start + day], [archived, start + 3 * day], [required, start + 4 * day])),
    ).toEqual([["type.published 0"], ["type.changed 1", "rules 1"], ["type.changed 2", "rules 2"], []])
    expect(names(tell([type, start], [archived, start + 5 * day]))[1]).toEqual(["type.changed 1", "rules 1", "rules 2"])
    const [, second] = tell([stricter, start + 2 * day], [archived, start + 3 * day])
    expect(second).toMatchObject({ changes: ['type.changed 3 {"consentType":"type","revision":7}'], reasons: [] })
  })
})
