import { describe, expect, test } from "vitest"
import * as Period from "../../core/engine/Period.ts"
import { html } from "../../core/formats/Html.ts"
import * as RulesInWords from "../../adapters/report/RulesInWords.ts"
import * as Words from "../../adapters/report/Words.ts"
import * as Summaries from "./summaries.ts"

const duration = (text: string): string => Words.duration(Period.parse(text) ?? Period.zero)

describe("a duration in words", () => {
  test.each([
    ["P6M", "6 months"],
    ["P1M", "1 month"],
    ["P13M", "13 months"],
    ["P12M", "1 year"],
    ["P2Y", "2 years"],
    ["P1Y6M", "18 months"],
    ["P2W", "14 days"],
    ["P1Y1DT36H", "1 year, 1 day and 36 hours"],
    ["PT90M", "1 hour and 30 minutes"],
    ["PT1.5S", "1.5 seconds"],
    ["P0D", "no time"],
  ])("%s is %s", (period, words) => {
    expect(duration(period)).toBe(words)
  })
})

describe("a share", () => {
  test.each([
    [0, 0, "0%"],
    [0, 5, "0%"],
    [5, 5, "100%"],
    [1, 3, "33.3%"],
    [1, 4, "25%"],
    [1, 1_000_000, "under 0.1%"],
    [999_999, 1_000_000, "over 99.9%"],
    [3, 2, "150%"],
  ])("%d of %d is %s", (part, whole, words) => {
    expect(Words.share(part, whole)).toBe(words)
  })
})

test("a date names the time of day unless it is midnight", () => {
  const plain = (text: string): string => text.replaceAll("\u00a0", " ")
  expect(plain(Words.date(Date.UTC(2024, 1, 29)))).toBe("29 February 2024")
  expect(plain(Words.briefDate(Date.UTC(2024, 1, 29, 12, 30)))).toBe("29 Feb 2024 12:30 UTC")
  expect(plain(Words.date(Date.UTC(2024, 1, 29, 12, 30, 1, 5)))).toBe("29 February 2024 12:30:01.005 UTC")
  expect(plain(Words.date(-1))).toBe("31 December 1969 23:59:59.999 UTC")
})

describe("rules in words", () => {
  const words = (candidate: unknown) => RulesInWords.from(candidate, Summaries.large)

  test("name what they match and every field", () => {
    const rules = {
      maxAge: { accepted: null, declined: null, implied: "P2Y", viewed: "P30D" },
      precedence: "most-recent",
    }
    expect(words([{ match: { consentType: "type-6", label: "x" }, rules }])).toEqual([
      "For “Legal / Terms / Terms of service”, label “x”: a yes does not grow old; after a no, nobody is asked again; " +
        "implied consent counts for 2 years; a question that was only seen counts for 30 days; whatever came last decides.",
    ])
    expect(words([{ match: {}, rules: { permits: "viewed", recordedExpiration: "honor" } }])).toEqual([
      "For every consent type: an end date recorded with an answer counts; even a question that was only seen permits.",
    ])
  })

  test("name the rules and durations of consent types, and the versions that a window can feel", () => {
    const version = { version: 2, publishedAt: "2026-05-01T00:00:00Z", requireReaccept: true }
    const items = [
      { id: "new", consentDuration: "P1Y", rules: { permits: "accepted" }, versions: [version] },
      {
        id: "old",
        versions: [
          { ...version, publishedAt: "2025-05-01T00:00:00Z" },
          { ...version, requireReaccept: false },
        ],
      },
    ]
    expect(words({ types: { items } }).map((sentence) => sentence.replaceAll("\u00a0", " "))).toEqual([
      "“new”: an answer recorded without an end date counts for 1 year; only a yes permits.",
      "“new”: version 2, on 1 May 2026, must be agreed to anew.",
    ])
  })

  test("say nothing about what they do not understand", () => {
    for (const candidate of [
      undefined,
      null,
      7,
      "rules",
      [],
      {},
      [{ matches: {} }],
      { rules: [{ match: {} }], types: 3 },
    ]) {
      expect(words(candidate)).toEqual([])
    }
  })
})

test("a template escapes text and keeps HTML", () => {
  expect(html`<p title="${`"'&`}">${["<b>", html`<i>${"é"}</i>`, undefined, 3]}</p>`.html).toBe(
    '<p title="&quot;&#39;&amp;">&lt;b&gt;<i>é</i>3</p>',
  )
})
