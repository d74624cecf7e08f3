import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import * as CivilDate from "../../core/compliance/CivilDate.ts"
import * as ClockPack from "../../core/compliance/ClockPack.ts"
import * as LegalClock from "../../core/compliance/LegalClock.ts"
import * as ClockPacks from "../../rule-packs/clock/ClockPacks.ts"

const clockOf = (reference: string, kind: ClockPack.RequestKind = "view"): ClockPack.Clock =>
  ClockPacks.find(reference)!.clocks[kind]

const gdpr = clockOf("clock:gdpr@2018-05")
const none = new Set<string>()

const facts = (receivedOn: string, more: Partial<LegalClock.ClockFacts> = {}): LegalClock.ClockFacts => ({
  receivedOn,
  isIdentityNeeded: true,
  verifiedOn: receivedOn,
  identityPauses: [],
  clarifications: [],
  isExtended: false,
  ...more,
})

const without = (of: LegalClock.ClockFacts): LegalClock.ClockFacts => {
  const { verifiedOn: _, ...rest } = of
  return rest
}

const due = (clock: ClockPack.Clock, of: LegalClock.ClockFacts, holidays: ReadonlySet<string> = none) =>
  LegalClock.read(clock, of, "2027-12-31", holidays).dueDate

describe("A month", () => {
  test("from the 31st of January ends on the last day of February, or on the working day after it", () => {
    expect(due(gdpr, facts("2025-01-31"))).toBe("2025-02-28")
    expect(due(gdpr, facts("2026-01-31"))).toBe("2026-03-02")
  })

  test("that ends on a holiday ends on the next working day", () => {
    expect(due(gdpr, facts("2026-03-03"), new Set(["2026-04-03", "2026-04-06"]))).toBe("2026-04-07")
  })

  test("and two more are three months, not one and then two", () => {
    expect(due(gdpr, facts("2025-11-30", { isExtended: true }))).toBe("2026-03-02")
    expect(due(gdpr, facts("2024-01-31", { isExtended: true }))).toBe("2024-04-30")
  })
})

describe("A pause", () => {
  test("begins with the mail that was handed over, and lasts until identity is shown", () => {
    const waiting = without(facts("2026-03-02", { identityPauses: [{ from: "2026-03-04" }] }))
    const reading = LegalClock.read(gdpr, waiting, "2026-03-14", none)
    expect(reading).toMatchObject({ isPaused: true, isOverdue: false, daysLeft: 30 })
    expect(reading.dueDate).toBeUndefined()
    const pause = { from: "2026-03-04", to: "2026-03-14" }
    expect(due(gdpr, facts("2026-03-02", { verifiedOn: "2026-03-14", identityPauses: [pause] }))).toBe("2026-04-13")
  })

  test("counts each day once, whatever it overlaps", () => {
    const pauses = [
      { from: "2026-03-10", to: "2026-03-20" },
      { from: "2026-03-15", to: "2026-03-25" },
      { from: "2026-03-12", to: "2026-03-13" },
    ]
    expect(LegalClock.daysOf(pauses, "2026-03-01")).toBe(15)
    expect(LegalClock.daysOf(pauses, "2026-03-20")).toBe(5)
  })

  test("is none while no mail was handed over", () => {
    const waiting = without(facts("2026-03-02"))
    expect(LegalClock.read(gdpr, waiting, "2026-03-14", none)).toMatchObject({ isPaused: false, dueDate: "2026-04-02" })
  })
})

describe("Other laws", () => {
  test("the UK's month begins when identity is shown", () => {
    const uk = clockOf("clock:uk-gdpr@2026-02")
    expect(due(uk, facts("2026-03-02", { verifiedOn: "2026-03-20" }))).toBe("2026-04-20")
    expect(LegalClock.read(uk, without(facts("2026-03-02")), "2026-03-10", none)).toMatchObject({ isPaused: true })
  })

  test("California's forty-five days run, and the receipt is confirmed within ten working days", () => {
    const ccpa = clockOf("clock:ccpa@2023-03")
    const reading = LegalClock.read(ccpa, without(facts("2026-03-02")), "2026-03-17", none)
    expect(reading).toMatchObject({ dueDate: "2026-04-16", confirmBy: "2026-03-16", isConfirmationOverdue: true })
    expect(due(ccpa, facts("2026-03-02", { isExtended: true }))).toBe("2026-05-31")
  })

  test("an opt-out in California is done within fifteen working days", () => {
    const optOut = clockOf("clock:ccpa@2023-03", "do_not_sell")
    expect(due(optOut, facts("2026-03-02"))).toBe("2026-03-23")
    expect(due(optOut, facts("2026-03-02"), new Set(["2026-03-09"]))).toBe("2026-03-24")
  })

  test("without a law nothing is due", () => {
    const reading = LegalClock.read(clockOf("clock:none@1"), facts("2026-03-02"), "2030-01-01", none)
    expect(reading).toEqual({ isPaused: false, isOverdue: false, isLate: false, isConfirmationOverdue: false })
  })
})

describe("The end", () => {
  test("is late the day after the answer was due, and stays so", () => {
    const of = facts("2026-03-02", { resolvedOn: "2026-04-03" })
    expect(LegalClock.read(gdpr, of, "2026-09-01", none)).toMatchObject({ isLate: true, isOverdue: false })
    const inTime = facts("2026-03-02", { resolvedOn: "2026-04-02" })
    expect(LegalClock.read(gdpr, inTime, "2026-09-01", none)).toMatchObject({ isLate: false, isOverdue: false })
    expect(LegalClock.read(gdpr, facts("2026-03-02"), "2026-04-03", none)).toMatchObject({
      isOverdue: true,
      daysLeft: -1,
    })
  })
})

describe("A date", () => {
  test.each(["2026-02-30", "2026-2-3", "0000-01-01", "2026-13-01", "20260101", " 2026-01-01", "2026-01-01T00:00Z", ""])(
    "%j is none",
    (text) => expect(CivilDate.parse(text)).toBeUndefined(),
  )

  test.each(["2024-02-29", CivilDate.min, CivilDate.max])("%s is one", (text) => {
    expect(CivilDate.parse(text)).toBe(text)
    expect(CivilDate.fromDays(CivilDate.toDays(text))).toBe(text)
  })

  test("ends with the year 9999", () => {
    expect(CivilDate.addMonths("9999-12-01", 1)).toBe(CivilDate.max)
    expect(CivilDate.addDays(CivilDate.max, 1)).toBe(CivilDate.max)
    expect(CivilDate.nextWorkingDay(CivilDate.max, new Set([CivilDate.max]))).toBe(CivilDate.max)
    expect(CivilDate.addWorkingDays("9999-12-30", 5, none)).toBe(CivilDate.max)
  })
})

describe.each(ClockPacks.all.map((pack) => [ClockPack.reference(pack), pack] as const))("%s", (reference, pack) => {
  const isSpan = (span: object): boolean => {
    const [[unit, count] = [], ...others] = Object.entries(span)
    return (
      ["months", "days", "workingDays"].includes(unit!) && others.length === 0 && Number.isInteger(count) && count > 0
    )
  }

  test("has the clock of every kind of request, in the form that the type says", () => {
    expect(Object.keys(pack.clocks)).toEqual([...ClockPack.requestKinds])
    for (const { answer, clarification, confirm, extension, identity, roll, whileUnverified, ...rest } of Object.values(
      pack.clocks,
    )) {
      expect(rest).toEqual({})
      for (const span of [answer, extension, confirm]) expect(span === undefined || isSpan(span)).toBe(true)
      expect(["none", "next-working-day"]).toContain(roll)
      expect(["runs", "pauses", "starts-later"]).toContain(whileUnverified)
      expect(["runs", "pauses"]).toContain(clarification)
      expect(["needed", "not_needed"]).toContain(identity)
    }
  })

  test("needs no identity for an opt-out, because a no is never refused", () => {
    expect(Object.entries(pack.clocks).map(([kind, { identity }]) => [kind, identity])).toEqual(
      ClockPack.requestKinds.map((kind) => [kind, kind === "do_not_sell" ? "not_needed" : "needed"]),
    )
  })

  test("names its sources, and that it is not legal advice", () => {
    for (const source of pack.source) expect(new URL(source).protocol).toBe("https:")
    expect(pack.warning).toContain("not legal advice")
    expect(CivilDate.parse(pack.appliesFrom)).toBe(pack.appliesFrom)
    expect(pack.title.length * pack.notes.length).toBeGreaterThan(0)
    expect(ClockPacks.find(reference)).toBe(pack)
  })
})

test("Clock packs never change: every file has the digest of the day it was published, and none is missing", () => {
  const folder = new URL("../../rule-packs/clock/", import.meta.url)
  const files = readdirSync(folder).filter((name) => name.includes("@"))
  const digest = (name: string) =>
    createHash("sha256")
      .update(readFileSync(new URL(name, folder)))
      .digest("hex")
  expect(files.map((name) => `${digest(name)}  ${name}\n`).join("")).toBe(
    readFileSync(new URL("SHA256SUMS", folder), "utf8"),
  )
  expect(ClockPacks.all.map((pack) => `${ClockPack.reference(pack).slice("clock:".length)}.json`)).toEqual(files)
  expect(ClockPacks.find(ClockPacks.defaultReference)?.id).toBe("gdpr")
})
