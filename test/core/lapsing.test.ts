/** When a lapse is announced: the four conditions, and what is announced ahead. */
import { describe, expect, test } from "vitest"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as ConsentState from "../../core/engine/ConsentState.ts"
import * as Heads from "../../core/engine/Heads.ts"
import * as Period from "../../core/engine/Period.ts"
import * as Terms from "../../core/engine/Terms.ts"
import type { Rules } from "../../core/engine/Rules.ts"
import * as Lapsing from "../../core/feed/Lapsing.ts"
import * as TypeTerms from "../../core/feed/TypeTerms.ts"
import type { ListedType } from "../../core/model/Catalog.ts"

const [first, lapse, last] = [1000, 2000, 3000]

const type = (rules: Rules, more: Partial<ListedType> = {}): ListedType => ({
  ...{ id: "type", organization: "organization", project: "project", category: "", subcategory: "", label: "" },
  ...{ status: "active", required: false, validStates: ConsentState.all, versions: [], rules },
  ...{ dateCreated: 0, dateUpdated: 0 },
  ...more,
})

const termsOf = (listed: ListedType): TypeTerms.TypeTerms =>
  TypeTerms.of({
    all: [listed],
    byId: new Map([[listed.id, listed]]),
    byTriple: new Map(),
    removedByTriple: new Map(),
    translations: new Map(),
    learnt: listed.dateUpdated,
  }).get(listed.id)!

const event = (
  consentState: ConsentState.ConsentState,
  consentDate: number,
  more: Partial<ConsentEvent> = {},
): ConsentEvent => ({
  ...{ id: `${consentState} ${consentDate}`, concordId: "person", consentType: "type", version: 1, consentState },
  ...{ consentAction: "import", consentDate, dateCreated: consentDate },
  ...more,
})

const plain = termsOf(type({}))
const lapsing = event("accepted", first, { expirationDate: lapse })

const told = (
  heads: ReadonlyArray<ConsentEvent>,
  {
    event = lapsing,
    knownAt = lapse,
    terms = plain,
  }: Partial<{ event: ConsentEvent; knownAt: number; terms: TypeTerms.TypeTerms }> = {},
) => {
  const change = Lapsing.lapsed(event, Heads.fold(heads), terms, lapse, knownAt)
  return change === undefined
    ? undefined
    : `${change.cause} ${change.from.status} ${change.to.status} ${change.until ?? ""}`.trim()
}

describe("A lapse is told", () => {
  test("of a head, until the outcome is another one", () => {
    expect(told([lapsing])).toBe("expired given expired")
    expect(told([event("implied", first + 1, { expirationDate: last }), lapsing])).toBe("expired given implied 3000")
  })

  test("not of an event that a later one of any of the joined people took the place of", () => {
    expect(told([lapsing, event("accepted", first + 1, { concordId: "joined", expirationDate: lapse })])).toBe(
      undefined,
    )
  })

  test("not before it", () => expect(told([lapsing], { knownAt: lapse - 1 })).toBe(undefined))

  test("not where the answer is the same as before: a refusal decides", () => {
    expect(told([lapsing, event("declined", first)])).toBe(undefined)
  })

  test("not where a head was recorded at it or later, even dated before: its event told it", () => {
    const late = (dateCreated: number) => event("viewed", first, { dateCreated })
    expect(told([lapsing, late(lapse - 1)])).toBe("expired given expired")
    expect(told([lapsing, late(lapse)], { knownAt: last })).toBe(undefined)
  })

  test("not where the outcome has turned again since", () => {
    const implied = event("implied", first + 1, { expirationDate: last })
    expect(told([lapsing, implied], { knownAt: last - 1 })).toBe("expired given implied 3000")
    expect(told([lapsing, implied], { knownAt: last })).toBe(undefined)
  })

  test("of the first of declined, accepted, implied and viewed that lapse together", () => {
    const viewed = event("viewed", first, { expirationDate: lapse })
    expect(told([lapsing, viewed])).toBe("expired given expired")
    expect(told([lapsing, viewed], { event: viewed })).toBe(undefined)
    const declined = event("declined", first + 1, { expirationDate: lapse })
    expect(told([lapsing, declined], { event: declined })).toBe("refusal_lapsed withdrawn withdrawn")
  })

  test("not where only later rules make it a lapse of the past", () => {
    const accepted = event("accepted", first)
    const since = (knownUntil: number, rules: Rules, before: Rules) =>
      termsOf(type(rules, { history: [{ knownUntil, rules: before }] }))
    const age: Rules = { maxAge: { accepted: Period.millis(lapse - first) } }
    expect(told([accepted], { event: accepted, terms: since(last, age, {}), knownAt: last })).toBe(undefined)
    expect(told([accepted], { event: accepted, terms: since(lapse, age, {}), knownAt: last })).toBe(undefined)
    expect(told([accepted], { event: accepted, terms: since(lapse - 1, age, {}), knownAt: last })).toBe(
      "expired given expired",
    )
    const other: Rules = { ...age, permits: "viewed" }
    expect(told([accepted], { event: accepted, terms: since(last, other, age), knownAt: last })).toBe(
      "expired given expired",
    )
  })
})

test("The source of a lapse is the expirationDate before the age before the duration", () => {
  const terms = (rules: Rules) => Terms.make({ id: "type", rules, versions: [], consentDuration: Period.millis(1000) })
  const age: Rules = { maxAge: { accepted: Period.millis(1000) } }
  const [none, ...others] = [undefined, Period.millis(1000)]
  expect(Lapsing.sourceOf(lapsing, terms(age))).toEqual({ at: lapse, period: none })
  expect(Lapsing.sourceOf(lapsing, terms({ ...age, recordedExpiration: "ignore" }))).toEqual({
    at: lapse,
    period: others[0],
  })
  expect(Lapsing.sourceOf(event("viewed", first), terms(age))).toEqual({ at: lapse, period: Period.millis(1000) })
  expect(Lapsing.sourceOf(event("viewed", first), Terms.make({ id: "type", rules: {}, versions: [] }))).toBe(undefined)
})

describe("A lapse is told ahead", () => {
  const due = { at: lapse, dueAt: lapse - 500 }
  const ahead = (event: ConsentEvent, terms = plain, knownAt = lapse - 500, heads = [event]) =>
    Lapsing.foreseen(event, Heads.fold(heads), terms, due, knownAt)

  test("until it has lapsed, of what was recorded before the lead time began", () => {
    expect(ahead(lapsing)).toMatchObject({ cause: "expired", until: lapse, from: { status: "given" } })
    expect(ahead(lapsing, plain, lapse - 1)).toBeDefined()
    expect(ahead(lapsing, plain, lapse)).toBe(undefined)
    expect(ahead({ ...lapsing, dateCreated: lapse - 501 })).toBeDefined()
    expect(ahead({ ...lapsing, dateCreated: lapse - 500 })).toBe(undefined)
  })

  test("not where it changes no answer, or where the rules that make it are nearer than the lead time", () => {
    expect(ahead(lapsing, plain, lapse - 500, [lapsing, event("declined", first)])).toBe(undefined)
    const accepted = event("accepted", first)
    const rules: Rules = { maxAge: { accepted: Period.millis(lapse - first) } }
    const since = (knownUntil: number) => termsOf(type(rules, { history: [{ knownUntil, rules: {} }] }))
    expect(ahead(accepted, since(lapse - 501))).toBeDefined()
    expect(ahead(accepted, since(lapse - 500))).toBe(undefined)
  })
})
