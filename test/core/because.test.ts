/** The explanation of an answer, by example: each reason once. */
import { expect, test } from "vitest"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import type { Version } from "../../core/engine/ConsentType.ts"
import * as Decision from "../../core/engine/Decision.ts"
import type { Precedence } from "../../core/engine/Rules.ts"
import * as Terms from "../../core/engine/Terms.ts"

/** Instants are counted in days from the start: only their order matters here. */
const event = (consentState: ConsentState, consentDate: number, expirationDate?: number): ConsentEvent => ({
  id: `${consentState} ${consentDate}`,
  concordId: "person-1",
  consentType: "type-1",
  version: 1,
  consentState,
  consentAction: "user_click",
  consentDate,
  dateCreated: consentDate,
  ...(expirationDate !== undefined && { expirationDate }),
})

const version: Version = { version: 2, publishedAt: 5, dateCreated: 0, requireReaccept: true }

/** Every head that lost at 9, with the reason, after the rule that decided. */
const because = (
  events: ReadonlyArray<ConsentEvent>,
  precedence: Precedence = "explicit-first",
  versions: ReadonlyArray<Version> = [],
) => {
  const terms = Terms.make({ id: "type-1", rules: { precedence }, versions })
  const { rule, lapse, lost } = Decision.decide(events, terms, 9).because
  return { rule, lapse, lost: Object.fromEntries(lost.map(({ event, loss }) => [event.id, loss])) }
}

test("a refusal: the yes at the same instant lost the tie, an older one came before it, the rest is passive", () => {
  const passive = [event("implied", 2), event("viewed", 4)]
  expect(because([event("declined", 3), event("accepted", 3), ...passive])).toEqual({
    rule: "refusal",
    lapse: undefined,
    lost: {
      "accepted 3": { kind: "refusal-wins-tie" },
      "implied 2": { kind: "not-after-choice" },
      "viewed 4": { kind: "beside-refusal" },
    },
  })
  expect(because([event("declined", 3), event("accepted", 2)]).lost).toEqual({
    "accepted 2": { kind: "not-after-choice" },
  })
})

test("a lapsed refusal says so", () => {
  expect(because([event("declined", 3, 7)])).toEqual({ rule: "refusal", lapse: { kind: "expired", at: 7 }, lost: {} })
})

test("a live choice: older heads, lapsed heads and newer passive ones lost", () => {
  const events = [event("accepted", 3), event("declined", 2, 3), event("implied", 3), event("viewed", 4)]
  expect(because(events)).toEqual({
    rule: "live-choice",
    lapse: undefined,
    lost: {
      "declined 2": { kind: "not-after-choice" },
      "implied 3": { kind: "not-after-choice" },
      "viewed 4": { kind: "beside-live-choice" },
    },
  })
  expect(because([event("accepted", 3), event("viewed", 4, 8)]).lost).toEqual({
    "viewed 4": { kind: "expired", at: 8 },
  })
})

test("a live implied yes: the choice that it stands in for had lapsed, the view is weaker", () => {
  const events = [event("accepted", 3, 7), event("implied", 4), event("viewed", 5)]
  expect(because(events)).toEqual({
    rule: "live-implied",
    lapse: undefined,
    lost: { "accepted 3": { kind: "expired", at: 7 }, "viewed 5": { kind: "beside-live-implied" } },
  })
})

test("a live view: what is stronger had been invalidated, by which version", () => {
  const reviewed = { ...event("viewed", 6), version: 2 }
  expect(because([event("accepted", 3), event("implied", 4), reviewed], "explicit-first", [version])).toEqual({
    rule: "live-viewed",
    lapse: undefined,
    lost: {
      "accepted 3": { kind: "invalidated", at: 5, version: 2 },
      "implied 4": { kind: "invalidated", at: 5, version: 2 },
    },
  })
})

test("of two versions that invalidate at the same instant the lower is named", () => {
  const versions = [{ ...version, version: 3 }, version]
  expect(because([event("accepted", 3)], "explicit-first", versions).lapse).toEqual({
    kind: "invalidated",
    at: 5,
    version: 2,
  })
})

test("nothing live: each says how it lapsed", () => {
  expect(because([event("implied", 3, 7), event("viewed", 2, 8)])).toEqual({
    rule: "lapsed",
    lapse: { kind: "expired", at: 7 },
    lost: { "viewed 2": { kind: "expired", at: 8 } },
  })
})

test("most-recent: the others are older, or weaker at the same instant, live or not", () => {
  expect(because([event("implied", 3), event("viewed", 3), event("accepted", 2, 4)], "most-recent")).toEqual({
    rule: "most-recent",
    lapse: undefined,
    lost: { "viewed 3": { kind: "weaker-at-same-instant" }, "accepted 2": { kind: "older-than-most-recent" } },
  })
})

test("no event", () => {
  for (const precedence of ["explicit-first", "most-recent"] as const) {
    expect(because([], precedence)).toEqual({ rule: "no-event", lapse: undefined, lost: {} })
  }
})
