/**
 * Summaries to write reports from: a large one with everything in it, an empty one, and a hostile one.
 */
import { createHash } from "node:crypto"
import type { Day, Example, ExampleAnswer, Summary } from "../../core/simulation/Summary.ts"

const millisPerDay = 86_400_000
const from = Date.UTC(2026, 0, 1)

/** A number from 0 up to, not including, 1: the same for the same name. */
const chance = (name: string): number => createHash("sha256").update(name).digest().readUInt32BE() / 2 ** 32

const weekday = (at: number): number => (new Date(at).getUTCDay() % 6 === 0 ? 0.55 : 1)

const day = (index: number): Day => {
  const at = from + index * millisPerDay
  const wave = weekday(at) * (0.85 + 0.3 * chance(`day ${index}`))
  const fade = Math.min(1, index / 200)
  const published = index === 59
  return {
    at,
    permittedBefore: Math.round(1_960_000 + index * 310 + 9000 * Math.sin(index / 40)),
    permittedAfter: Math.round(1_960_000 + index * 310 - 690_000 * fade - (index > 59 ? 90_000 : 0) * (1 - fade / 2)),
    mustAskBefore: Math.round(1200 * wave),
    mustAskAfter: Math.round((3000 - 900 * fade) * wave) + (published ? 41_250 : 0),
    mayAskBefore: Math.round(200 * wave),
    mayAskAfter: Math.round(600 * wave),
  }
}

const given: ExampleAnswer = { status: "given", permitted: true, askAgain: false }
const expired: ExampleAnswer = { status: "expired", permitted: false, askAgain: true }
const invalidated: ExampleAnswer = { status: "invalidated", permitted: false, askAgain: true }
const refused: ExampleAnswer = { status: "refused", permitted: false, askAgain: false }
const implied: ExampleAnswer = { status: "implied", permitted: true, askAgain: false }

const until = from + 730 * millisPerDay

const examples: ReadonlyArray<Example> = Array.from({ length: 10 }, (_, index) => {
  const start = from + Math.round(chance(`start ${index}`) * 200) * millisPerDay
  const middle = start + 96 * millisPerDay
  return {
    pseudonym: `Person ${createHash("sha256").update(`${index}`).digest("hex").slice(0, 6)}`,
    consentType: index % 3 === 0 ? "type-1" : index % 3 === 1 ? "type-2" : "type-4",
    intervals:
      index % 4 === 1
        ? [
            {
              from: start,
              until,
              before: refused,
              after: { ...refused, askAgain: true },
              because: "The refusal is older than 6 months, so the person may be asked again. It never permits.",
            },
          ]
        : [
            {
              from: start,
              until: middle,
              before: index % 4 === 3 ? implied : given,
              after: expired,
              because: "The yes of 14 July 2025 is older than 6 months under the candidate.",
            },
            {
              from: middle,
              until: middle + 200 * millisPerDay,
              before: given,
              after: invalidated,
              because: "Version 3, published on 1 March 2026, must be agreed to anew.",
            },
          ],
  }
})

const digest = (text: string): string => createHash("sha256").update(text).digest("hex")

/** Two years of daily steps over a million people. */
export const large: Summary = {
  from,
  until,
  step: "P1D",
  knownAt: Date.UTC(2025, 11, 31, 17, 42, 10, 123),
  events: 10_213_877,
  population: { people: 1_000_000, pairs: 3_412_900 },
  changed: { people: 412_331, pairs: 803_118 },
  losesPermission: { people: 341_905, pairs: 612_440 },
  gainsPermission: { people: 1204, pairs: 1210 },
  mustBeAskedAgain: { people: 398_112, pairs: 771_002 },
  mayBeAskedAgain: { people: 34_102, pairs: 34_771 },
  consentTypes: [
    { id: "type-1", name: "Marketing / Email / Newsletter", changedPairs: 341_200 },
    { id: "type-2", name: "Cookies / Analytics / Audience measurement", changedPairs: 280_118 },
    { id: "type-3", name: "Cookies / Advertising / Personalised ads", changedPairs: 120_640 },
    { id: "type-4", name: "Marketing / Phone / Offers by text message", changedPairs: 60_001 },
    { id: "type-5", name: "Research / Survey / Invitations", changedPairs: 1159 },
    { id: "type-6", name: "Legal / Terms / Terms of service", changedPairs: 0 },
    { id: "type-7", name: "Legal / Privacy / Privacy notice", changedPairs: 0 },
    { id: "type-8", name: "Marketing / Post / Catalogue", changedPairs: 0 },
  ],
  days: Array.from({ length: 730 }, (_, index) => day(index)),
  transitions: [
    { consentType: "type-1", before: "given", after: "expired", pairs: 310_400 },
    { consentType: "type-2", before: "given", after: "expired", pairs: 221_700 },
    { consentType: "type-1", before: "given", after: "invalidated", pairs: 90_240 },
    { consentType: "type-2", before: "implied", after: "expired", pairs: 58_418 },
    { consentType: "type-3", before: "given", after: "expired", pairs: 120_640 },
    { consentType: "type-2", before: "requested", after: "expired", pairs: 33_012 },
    { consentType: "type-4", before: "expired", after: "implied", pairs: 1210 },
    { consentType: "type-4", before: "implied", after: "invalidated", pairs: 24_020 },
    { consentType: "type-4", before: "refused", after: "refused", pairs: 34_771 },
    { consentType: "type-1", before: "given", after: "given", pairs: 640_000 },
  ],
  reasons: [
    { reason: "A yes is older than 6 months", pairs: 652_740 },
    { reason: "Version 3 must be agreed to anew", pairs: 114_260 },
    { reason: "Implied consent is older than 2 years", pairs: 58_418 },
    { reason: "A refusal is older than 6 months, so the person may be asked again", pairs: 34_771 },
    { reason: "Implied consent counts again after the explicit choice has lapsed", pairs: 1210 },
  ],
  examples,
  packs: [],
  baseline: undefined,
  candidate: {
    rules: [
      { match: {}, rules: { maxAge: { accepted: "P6M", declined: "P6M", implied: "P2Y" } } },
      { match: { category: "Research" }, rules: { permits: "accepted", recordedExpiration: "ignore" } },
    ],
    types: {
      items: [
        {
          id: "type-1",
          versions: [{ version: 3, publishedAt: "2026-03-01T00:00:00.000Z", requireReaccept: true, grace: "P30D" }],
        },
      ],
    },
  },
  inputs: [
    { name: "events.ndjson", sha256: digest("events") },
    { name: "types.json", sha256: digest("types") },
    { name: "candidate.json", sha256: digest("candidate") },
  ],
  warnings: ["rule 2 matches no consent type: category “Research” is named by no type that has events in the window"],
}

/** A ledger without events, and a window without steps. */
export const empty: Summary = {
  ...large,
  until: from,
  events: 0,
  population: { people: 0, pairs: 0 },
  changed: { people: 0, pairs: 0 },
  losesPermission: { people: 0, pairs: 0 },
  gainsPermission: { people: 0, pairs: 0 },
  mustBeAskedAgain: { people: 0, pairs: 0 },
  mayBeAskedAgain: { people: 0, pairs: 0 },
  consentTypes: [],
  days: [],
  transitions: [],
  reasons: [],
  examples: [],
  candidate: [],
  inputs: [],
  warnings: [],
}

/** Every string of a value, the keys of objects left alone, replaced. Instants are numbers and stay. */
const replaceStrings = (value: unknown, by: string, keep: ReadonlySet<string>): unknown => {
  if (typeof value === "string") return keep.has(value) ? value : by
  if (Array.isArray(value)) return value.map((item) => replaceStrings(item, by, keep))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceStrings(item, by, keep)]))
}

const statuses = ["given", "implied", "requested", "expired", "invalidated", "unknown", "refused", "withdrawn"]

/**
 * The large summary with one text wherever there is a text; ids of consent types stay, so that their names are shown.
 */
export const everywhere = (text: string): Summary =>
  replaceStrings(large, text, new Set([...statuses, ...large.consentTypes.map(({ id }) => id)])) as Summary
