/** Timelines of people for the tests of the page: each is decided by the engine, from events that are made up. */
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import * as Decision from "../../core/engine/Decision.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Order from "../../core/engine/Order.ts"
import * as Period from "../../core/engine/Period.ts"
import type { Rules } from "../../core/engine/Rules.ts"
import * as Terms from "../../core/engine/Terms.ts"
import type { PersonTimeline, TimelineEvent, TimelineVersion, TypeTimeline } from "../../core/people/PersonTimeline.ts"

const person = "01a201cb-2a52-74ac-b4ea-b7f2a1b63c37"
const guest = "01a201cb-2a52-74ac-b4ea-0000a1b63c99"
const shop = "01a201cb-2a52-74ac-b4ea-00000000a91e"
const crm = "01a201cb-2a52-74ac-b4ea-00000000a920"
const now = Date.parse("2026-11-30T09:12:00Z")

/** An instant, from a date or a date-time in UTC. */
const at = (text: string): number => Date.parse(text.length === 10 ? `${text}T00:00:00Z` : text)

let numbered = 0
/** An event that was recorded when it happened, unless it says otherwise. */
export const event = (
  consentDate: string | number,
  consentState: ConsentState,
  more: Partial<TimelineEvent> = {},
): TimelineEvent => {
  const date = typeof consentDate === "number" ? consentDate : at(consentDate)
  return {
    id: `01a201cb-2a52-74ac-b4ea-${String(++numbered).padStart(12, "0")}`,
    concordId: person,
    consentType: "newsletter",
    version: 1,
    consentState,
    consentAction: "user_click",
    consentDate: date,
    dateCreated: date + 240,
    submitter: shop,
    ...more,
  }
}

export const version = (number: number, publishedAt: string, more: Partial<TimelineVersion> = {}): TimelineVersion => ({
  version: number,
  publishedAt: at(publishedAt),
  dateCreated: at(publishedAt),
  requireReaccept: false,
  name: "Our newsletter",
  description: "I agree that you send me news about your products by e-mail, about once a month.",
  ...more,
})

/** The timeline of one type. */
export const ofType = (
  events: ReadonlyArray<TimelineEvent>,
  versions: ReadonlyArray<TimelineVersion>,
  rules: Rules = {},
  names: Partial<TypeTimeline["type"]> = {},
): TypeTimeline => {
  const id = names.id ?? "newsletter"
  const type = { id, category: "marketing", subcategory: "email", label: "newsletter", rules, ...names }
  const terms = Terms.make({ ...type, versions }, rules, now)
  const [, ...changes] = Decision.follow(events, terms, Instant.min)
  const decision = Decision.decide(events, terms, now)
  return { type, versions, decision, changes, events: events.toSorted(Order.compare) }
}

/** The timeline of one person. */
export const of = (types: ReadonlyArray<TypeTimeline>, more: Partial<PersonTimeline> = {}): PersonTimeline => ({
  concordId: person,
  at: now,
  knownAt: now,
  project: {
    id: "01a201cb-2a52-74ac-b4ea-00000000beef",
    name: "Web shop",
    organization: "01a201cb-2a52-74ac-b4ea-00000000cafe",
  },
  types,
  members: [person],
  facts: [],
  keyNames: new Map([
    [shop, "Web shop"],
    [crm, "CRM import"],
  ]),
  inputs: ["events, in their stored form, a line each", "consent types and their versions"].map((name, index) => ({
    name,
    sha256: String(index).repeat(64),
  })),
  ...more,
})

const first = version(1, "2024-01-01")
const silent = ["analytics", "profiling", "partners"].map((label) =>
  ofType([], [first], {}, { id: label, category: "tracking", subcategory: "web", label }),
)

/** A yes that counts, and lapses some day. */
export const yes = of([
  ofType([event("2026-03-12T10:03:12.123Z", "accepted")], [first], { maxAge: { accepted: Period.months(13) } }),
  ...silent,
])

/** A no that wins over a yes that an import brings later. */
export const refusal = of([
  ofType(
    [
      event("2024-02-03T18:20:00Z", "accepted"),
      event("2025-05-20T07:45:10.500Z", "declined"),
      event("2025-01-10", "accepted", {
        consentAction: "import",
        submitter: crm,
        dateCreated: at("2026-06-01T02:00:00Z"),
      }),
    ],
    [first],
    { maxAge: { declined: Period.months(24) } },
  ),
  ofType(
    [
      event("2024-02-03T18:20:00Z", "implied", { consentType: "phone", consentAction: "implied" }),
      event("2024-06-01T12:00:00Z", "viewed", { consentType: "phone" }),
    ],
    [],
    {},
    { id: "phone", category: "marketing", subcategory: "phone", label: "calls" },
  ),
])

/** Texts that had to be agreed to again. */
export const versions = of([
  ofType(
    [
      event("2024-02-03T18:20:00Z", "accepted"),
      event("2025-04-20T18:20:00Z", "accepted", { version: 3 }),
      event("2026-09-02T11:11:11Z", "viewed", { version: 4 }),
    ],
    [
      first,
      version(2, "2024-09-01", { description: "I agree that you send me news about your products by e-mail." }),
      version(3, "2025-03-01", {
        requireReaccept: true,
        description: "I agree that you and your partners send me news by e-mail.",
        url: "https://shop.example/newsletter/3",
        document: "1. Who we are\nThe shop and its three partners.\n\n2. What we send\nAbout one letter a month.\n",
      }),
      version(4, "2026-08-01", {
        requireReaccept: true,
        grace: Period.days(30),
        description: "I agree that you and your partners send me news by e-mail and text message.",
        isDocumentLong: true,
      }),
    ],
  ),
])

/** Answers whose time has run out, one after the other. */
export const expiry = of([
  ofType(
    [
      event("2022-01-15T08:00:00Z", "accepted", { expirationDate: at("2023-01-15T08:00:00Z") }),
      event("2023-03-01T08:00:00Z", "implied", { consentAction: "implied" }),
      event("2024-05-05T08:00:00Z", "accepted"),
    ],
    [first],
    { maxAge: { accepted: Period.months(24), implied: Period.months(12) } },
  ),
])

const fact = { member: guest, survivor: person, submitter: guest }

/** A guest that was joined with an account, and identifiers that changed hands. */
export const joined = of(
  [
    ofType(
      [
        event("2025-11-01T20:00:00Z", "declined", { concordId: guest, submitter: guest }),
        event("2025-11-20T09:00:00Z", "accepted"),
        event("2026-02-01T09:30:00Z", "declined", { concordId: guest, submitter: guest }),
      ],
      [first],
    ),
  ],
  {
    members: [guest, person],
    facts: [
      { id: "f1", kind: "identified", dateCreated: at("2026-02-01T09:31:00Z"), ...fact, member: person },
      {
        id: "f2",
        kind: "joined",
        dateCreated: at("2026-02-01T09:31:00Z"),
        ...fact,
        evidence: { kind: "userId", tokenHash: "", issuedAt: 0, expiresAt: 0 },
      },
      {
        id: "f3",
        kind: "released",
        dateCreated: at("2026-07-01T10:00:00Z"),
        member: person,
        survivor: person,
        submitter: shop,
        identifier: { kind: "phoneNumber" },
      },
    ],
  },
)

/** A person that said very much. */
export const many = (count: number): PersonTimeline => {
  const states = ["accepted", "viewed", "implied", "accepted", "declined"] as const
  const events = Array.from({ length: count }, (_, index) =>
    event(at("2020-01-01") + index * 20 * 3_600_000, states[(index * 7 + Math.floor(index / 40)) % 5] ?? "viewed", {
      consentAction: index % 3 === 0 ? "import" : "user_click",
    }),
  )
  return of([ofType(events, [first], { maxAge: { viewed: Period.days(30), accepted: Period.months(13) } })])
}

/** An identifier that names no one. */
export const noOne = of([ofType([], [first]), ...silent], { concordId: undefined, members: [] })

/** A person that was erased. */
export const erased = of([ofType([], [first]), ...silent], {
  erased: {
    id: "e1",
    members: [person],
    reason: "request",
    recordedAt: at("2026-10-01T12:00:00Z"),
    submitter: crm,
    eventsLeft: 3,
  },
})

/** By name, those that are looked at. */
export const all: { readonly [name: string]: PersonTimeline } = {
  yes,
  refusal,
  versions,
  expiry,
  joined,
  many: many(3000),
  noOne,
  erased,
}
