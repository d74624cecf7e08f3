/** Section 3 of the semantics by example: each step, each tie and each direction once. */
import { describe, expect, test } from "vitest"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import type { ConsentType, Version } from "../../core/engine/ConsentType.ts"
import * as ConsentTypes from "../../core/engine/ConsentType.ts"
import * as Decision from "../../core/engine/Decision.ts"
import * as Period from "../../core/engine/Period.ts"
import type { Rules } from "../../core/engine/Rules.ts"
import * as Terms from "../../core/engine/Terms.ts"

const day = (date: string): number => Date.parse(`${date}T00:00:00.000Z`)
const date = (instant: number | undefined): string | undefined =>
  instant === undefined ? undefined : new Date(instant).toISOString().slice(0, 10)

/** An event that is recorded on the day it happened, unless `over` says otherwise; its id is its state and that day. */
const event = (consentState: ConsentState, on: string, more: Partial<ConsentEvent> = {}): ConsentEvent => ({
  id: `${consentState} ${on}`,
  concordId: "person-1",
  consentType: "type-1",
  version: 1,
  consentState,
  consentAction: "user_click",
  consentDate: day(on),
  dateCreated: day(on),
  ...more,
})

const reacceptance = (version: number, publishedOn: string, grace?: Period.Period): Version => ({
  version,
  publishedAt: day(publishedOn),
  dateCreated: day("2024-01-01"),
  requireReaccept: true,
  ...(grace !== undefined && { grace }),
})

interface Setting {
  readonly rules?: Rules
  readonly type?: Partial<ConsentType>
  readonly knownAt?: string
}

const termsOf = ({ rules = {}, type = {}, knownAt }: Setting) =>
  Terms.make({ ...ConsentTypes.unknown("type-1"), ...type }, rules, knownAt === undefined ? undefined : day(knownAt))

const decide = (events: ReadonlyArray<ConsentEvent>, at: string, setting: Setting = {}) => {
  const decision = Decision.decide(events, termsOf(setting), day(at))
  const { status, permitted, askAgain } = decision
  return { status, permitted, askAgain, event: decision.event?.id, nextChangeAt: date(decision.nextChangeAt) }
}

const status = (events: ReadonlyArray<ConsentEvent>, at: string, setting: Setting = {}): string =>
  decide(events, at, setting).status

const mostRecent: Setting = { rules: { precedence: "most-recent" } }
const untilMarch = { expirationDate: day("2024-03-01") }

describe("explicit-first", () => {
  test("1: the later of yes and no is the choice", () => {
    expect(status([event("accepted", "2024-01-01"), event("declined", "2024-02-01")], "2024-06-01")).toBe("withdrawn")
    expect(status([event("declined", "2024-01-01"), event("accepted", "2024-02-01")], "2024-06-01")).toBe("given")
  })

  test("1: at the same instant the refusal wins, whichever was recorded later", () => {
    const no = event("declined", "2024-01-01")
    const yes = event("accepted", "2024-01-01", { dateCreated: day("2024-05-01") })
    expect(status([no, yes], "2024-06-01")).toBe("withdrawn")
    expect(status([no, yes], "2024-06-01", mostRecent)).toBe("withdrawn")
  })

  test("2: a refusal decides over any passive event, older or newer", () => {
    const events = [event("implied", "2024-01-01"), event("declined", "2024-02-01"), event("viewed", "2024-03-01")]
    expect(decide(events, "2024-06-01", { rules: { permits: "viewed" } })).toEqual({
      status: "refused",
      permitted: false,
      askAgain: false,
      event: "declined 2024-02-01",
      nextChangeAt: undefined,
    })
  })

  test("2: a lapsed refusal stays a refusal: it may be asked again, it never permits", () => {
    const events = [event("declined", "2024-01-01", untilMarch), event("implied", "2024-02-01")]
    const refused = { status: "refused", permitted: false, event: "declined 2024-01-01" }
    expect(decide(events, "2024-02-29")).toEqual({ ...refused, askAgain: false, nextChangeAt: "2024-03-01" })
    expect(decide(events, "2024-03-01")).toEqual({ ...refused, askAgain: true, nextChangeAt: undefined })
  })

  test("3: a live yes decides over newer passive events, until the very instant of its lapse", () => {
    const events = [event("accepted", "2024-01-01", untilMarch), event("implied", "2024-02-01")]
    expect(decide(events, "2024-02-29")).toMatchObject({ status: "given", permitted: true, nextChangeAt: "2024-03-01" })
    expect(decide(events, "2024-03-01")).toMatchObject({ status: "implied", permitted: true, askAgain: false })
  })

  test("4: an implied yes decides only strictly after the lapsed choice", () => {
    const yes = event("accepted", "2024-02-01", untilMarch)
    expect(status([yes, event("implied", "2024-01-01")], "2024-06-01")).toBe("expired")
    expect(status([yes, event("implied", "2024-02-01")], "2024-06-01")).toBe("expired")
    expect(status([yes, event("implied", "2024-02-02")], "2024-06-01")).toBe("implied")
    expect(status([event("implied", "2024-01-01")], "2024-06-01")).toBe("implied")
  })

  test("5: a view decides once nothing stronger counts, even before a lapsed implied yes", () => {
    const events = [event("implied", "2024-02-01", untilMarch), event("viewed", "2024-01-01")]
    expect(status(events, "2024-02-15")).toBe("implied")
    expect(decide(events, "2024-03-01")).toMatchObject({ status: "requested", permitted: false, askAgain: true })
  })

  test("6: where nothing counts any more, the first of choice, implied and viewed says how it lapsed", () => {
    const [implied, viewed] = [event("implied", "2024-02-01", untilMarch), event("viewed", "2024-02-02", untilMarch)]
    const yes = event("accepted", "2024-01-01", untilMarch)
    expect(decide([yes, implied, viewed], "2024-06-01")).toMatchObject({ status: "expired", event: yes.id })
    expect(decide([implied, viewed], "2024-06-01")).toMatchObject({ status: "expired", event: implied.id })
    expect(decide([viewed], "2024-06-01")).toMatchObject({ status: "expired", event: viewed.id, askAgain: true })
  })

  test("7: nothing is known of no events, and of events still to come", () => {
    const unknown = { status: "unknown", permitted: false, askAgain: true, event: undefined }
    expect(decide([], "2024-06-01")).toEqual({ ...unknown, nextChangeAt: undefined })
    expect(decide([event("accepted", "2024-06-02")], "2024-06-01")).toEqual({ ...unknown, nextChangeAt: "2024-06-02" })
  })

  test("an older event of the same state never comes back", () => {
    const events = [event("accepted", "2024-01-01"), event("accepted", "2024-02-01", untilMarch)]
    expect(decide(events, "2024-03-01")).toMatchObject({ status: "expired", event: "accepted 2024-02-01" })
  })

  test("of one state at one instant the one recorded later is the head, then the one with the greater id", () => {
    const late = event("accepted", "2024-01-01", { id: "a", dateCreated: day("2024-01-02") })
    const [b, c] = [event("accepted", "2024-01-01", { id: "b" }), event("accepted", "2024-01-01", { id: "c" })]
    expect(decide([late, b], "2024-06-01").event).toBe("a")
    expect(decide([c, b], "2024-06-01").event).toBe("c")
  })
})

describe("most-recent", () => {
  test("the latest head decides, whatever it is", () => {
    const events = [event("declined", "2024-01-01"), event("accepted", "2024-02-01"), event("viewed", "2024-03-01")]
    expect(status(events, "2024-01-31", mostRecent)).toBe("refused")
    expect(status(events, "2024-02-29", mostRecent)).toBe("given")
    expect(decide(events, "2024-03-01", mostRecent)).toMatchObject({ status: "requested", permitted: false })
  })

  test("at the same instant declined, accepted, implied, viewed", () => {
    const events = (["viewed", "implied", "accepted", "declined"] as const).map((state) => event(state, "2024-01-01"))
    const deciding = [1, 2, 3, 4].map((count) => status(events.slice(0, count), "2024-06-01", mostRecent))
    expect(deciding).toEqual(["requested", "implied", "given", "withdrawn"])
  })

  test("once lapsed it does not step aside", () => {
    const events = [event("accepted", "2024-01-01"), event("implied", "2024-02-01", untilMarch)]
    expect(decide(events, "2024-03-01", mostRecent)).toMatchObject({ status: "expired", permitted: false })
  })
})

describe("lapse", () => {
  test("the earliest of expiration and age ends an event", () => {
    const rules: Rules = { maxAge: { accepted: Period.months(1) } }
    const ages = (expirationDate: string) => {
      const terms = termsOf({ rules })
      const yes = event("accepted", "2024-01-31", { expirationDate: day(expirationDate) })
      return date(Decision.decide([yes], terms, day("2024-02-01")).expiresAt)
    }
    expect(ages("2024-02-28")).toBe("2024-02-28")
    expect(ages("2024-03-01")).toBe("2024-02-29")
  })

  test("the type's duration stands in for an expiration that was left out, and is ignored with it", () => {
    const type = { consentDuration: Period.months(1) }
    const events = [event("accepted", "2024-01-31"), event("declined", "2023-01-01")]
    expect(decide(events, "2024-02-01", { type }).nextChangeAt).toBe("2024-02-29")
    const later = [event("accepted", "2024-01-31", untilMarch)]
    expect(decide(later, "2024-02-01", { type }).nextChangeAt).toBe("2024-03-01")
    const rules: Rules = { recordedExpiration: "ignore" }
    for (const ignored of [events, later]) {
      expect(decide(ignored, "2025-01-01", { type, rules })).toMatchObject({ status: "given", nextChangeAt: undefined })
    }
  })

  test("a version to be accepted again ends answers to earlier ones when its grace is over, and no refusal", () => {
    const type = { versions: [reacceptance(2, "2024-01-31", Period.months(1))] }
    const yes = event("accepted", "2024-01-01")
    expect(decide([yes], "2024-02-28", { type })).toMatchObject({ status: "given", nextChangeAt: "2024-02-29" })
    expect(decide([yes], "2024-02-29", { type })).toMatchObject({ status: "invalidated", askAgain: true })
    expect(status([event("accepted", "2024-01-01", { version: 2 })], "2024-06-01", { type })).toBe("given")
    expect(status([event("declined", "2024-01-01")], "2024-06-01", { type })).toBe("refused")
    const gentle = { versions: [{ ...reacceptance(2, "2024-01-31"), requireReaccept: false }] }
    expect(status([yes], "2024-06-01", { type: gentle })).toBe("given")
  })

  test("expired or invalidated: whichever came first, at the same instant expired", () => {
    const type = { versions: [reacceptance(2, "2024-03-01")] }
    const until = (expirationDate: string) => [event("accepted", "2024-01-01", { expirationDate: day(expirationDate) })]
    expect(status(until("2024-02-29"), "2024-06-01", { type })).toBe("expired")
    expect(status(until("2024-03-01"), "2024-06-01", { type })).toBe("expired")
    expect(status(until("2024-03-02"), "2024-06-01", { type })).toBe("invalidated")
  })
})

test("`permits` is the weakest state that permits, by default implied", () => {
  const states = ["accepted", "implied", "viewed", "declined"] as const
  const permitting = (rules: Rules) =>
    states.filter((state) => decide([event(state, "2024-01-01")], "2024-06-01", { rules }).permitted)
  expect(permitting({ permits: "accepted" })).toEqual(["accepted"])
  expect(permitting({})).toEqual(["accepted", "implied"])
  expect(permitting({ permits: "viewed" })).toEqual(["accepted", "implied", "viewed"])
})

describe("the two times", () => {
  const yes = event("accepted", "2024-01-01")
  const lateNo = event("declined", "2024-02-01", { dateCreated: day("2024-05-01") })

  test("a late event changes the past as it is known today, not as it was known then", () => {
    expect(status([yes, lateNo], "2024-03-01")).toBe("withdrawn")
    expect(decide([yes, lateNo], "2024-03-01", { knownAt: "2024-04-30" })).toMatchObject({ status: "given" })
    expect(decide([yes, lateNo], "2024-03-01", { knownAt: "2024-05-01" })).toMatchObject({ status: "withdrawn" })
    expect(decide([yes, lateNo], "2024-01-15", { knownAt: "2024-04-30" }).nextChangeAt).toBeUndefined()
  })

  test("a version counts once it is known, also before it is published", () => {
    const version = { ...reacceptance(2, "2024-06-01"), dateCreated: day("2024-03-01") }
    const setting = { type: { versions: [version] } }
    expect(decide([yes], "2024-02-01", { ...setting, knownAt: "2024-02-29" }).nextChangeAt).toBeUndefined()
    expect(decide([yes], "2024-02-01", { ...setting, knownAt: "2024-03-01" }).nextChangeAt).toBe("2024-06-01")
    expect(status([yes], "2024-07-01", { ...setting, knownAt: "2024-02-29" })).toBe("given")
  })

  test("a future `at` asks what will be true if nothing more happens", () => {
    const setting: Setting = { rules: { maxAge: { accepted: Period.months(13) } } }
    expect(decide([yes], "2999-01-01", setting)).toMatchObject({ status: "expired", nextChangeAt: undefined })
  })

  test("following the next change from instant to instant is the timeline", () => {
    const events = [lateNo, event("viewed", "2023-12-01"), yes, event("accepted", "2024-06-01")]
    const terms = termsOf({ rules: { maxAge: { accepted: Period.months(1), declined: Period.months(2) } } })
    const timeline = [...Decision.follow(events, terms, day("2023-11-01"))]
    expect(timeline.map(({ at, status, askAgain }) => [date(at), status, askAgain])).toEqual([
      ["2023-11-01", "unknown", true],
      ["2023-12-01", "requested", true],
      ["2024-01-01", "given", false],
      ["2024-02-01", "withdrawn", false],
      ["2024-04-01", "withdrawn", true],
      ["2024-06-01", "given", false],
      ["2024-07-01", "expired", true],
    ])
  })
})
