/** Sample events, people and catalog entries for the clauses of the contract, and functions to read them back. */
import { Effect } from "effect"
import type { Region } from "../../core/browser/Region.ts"
import { templates } from "../../core/browser/RegionTemplates.ts"
import type { Entries } from "../../core/model/Catalog.ts"
import * as ConsentState from "../../core/engine/ConsentState.ts"
import * as Heads from "../../core/engine/Heads.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { Claim, Fact, IdentityEvidence } from "../../core/model/People.ts"
import {
  type Append,
  type EventFilter,
  LedgerStore,
  type EventOrder,
  type IdentityChange,
  type PersonalKind,
  type PersonalPart,
  type PersonalWrites,
  type PersonKey,
  type Session,
  type StoredEvent,
  type StoreUnavailable,
} from "../../core/ports/LedgerStore.ts"

/** A sentence that must hold, and the effect that checks it. */
export interface Clause {
  readonly name: string
  readonly check: Effect.Effect<void, StoreUnavailable, LedgerStore>
}

export const t0 = Date.UTC(2024, 0, 31)
export const organization: Lane.Owner = { number: 0, lanes: 16 }
export const project: Lane.Owner = { number: 1, lanes: 16 }
export const uuid = (n: number): string => `018d5d1e-0000-7000-8000-${n.toString(16).padStart(12, "0")}`
export const hash = (n: number): string => n.toString(16).padStart(64, "0")
export const typeA = uuid(0xa0)
export const typeB = uuid(0xb0)

let lastId = 0x1000
export const event = (concordId: string, over: Partial<StoredEvent> = {}): StoredEvent => {
  const id = over.id ?? uuid(++lastId)
  return {
    id,
    concordId,
    consentType: typeA,
    version: 1,
    consentState: "accepted",
    consentAction: "user_click",
    consentDate: t0,
    dateCreated: t0,
    submitter: uuid(0xc0),
    body: JSON.stringify({ id, text: "“ü” 🙂 \\u0000" }),
    ...over,
  }
}

export const request = (events: ReadonlyArray<StoredEvent>, over: Partial<Append> = {}): Append => ({
  project,
  organization,
  recordedAt: t0,
  events,
  claims: [],
  ...over,
})

export const session = (n: number, concordId: string): Session => ({
  tokenHash: hash(n),
  id: uuid(n),
  project: uuid(1),
  concordId,
  expiresAt: t0 + 1000,
  ipAddress: "192.0.2.0",
  domain: "localhost",
  userAgent: "a browser",
  commitment: "a commitment",
  personal: { nonce: "bm9uY2U", encrypted: "ZW5jcnlwdGVk" },
})

/** A key of a person: always the same for one person, and another one with another `first` byte. */
export const personKey = (concordId: string, first = 1): PersonKey => ({
  concordId,
  epoch: 1,
  wrapped: Uint8Array.from({ length: 40 }, (_, index) => (index === 0 ? first : concordId.charCodeAt(index % 36))),
})

/** Personal data of a person, as if they were encrypted. */
export const part = (concordId: string, kind: PersonalKind, id: string, text = "encrypted"): PersonalPart => ({
  concordId,
  kind,
  id,
  nonce: new Uint8Array(12).fill(text.length),
  encrypted: new Uint8Array(new TextEncoder().encode(text)),
})

/** The profile of a person, as if it were encrypted. */
export const profile = (concordId: string, text?: string): PersonalPart => part(concordId, "profile", "", text)

/** Parts of a person, with its key. */
export const personal = (concordId: string, ...parts: ReadonlyArray<PersonalPart>): PersonalWrites => ({
  keys: [personKey(concordId)],
  parts,
})

export const claim = (n: number, concordId: string): Claim => ({
  kind: "email",
  hash: hash(n),
  concordId,
  normalization: 1,
  dateCreated: t0 + n,
})

/** An identity change that changes nothing: clauses add to it. */
export const noChange: IdentityChange = { organization, seen: [], claims: [], releases: [], facts: [] }

export const evidence: IdentityEvidence = {
  kind: "email",
  tokenHash: hash(0x9),
  issuedAt: t0,
  expiresAt: t0 + 9,
  keyId: "1",
}

export const fact = (n: number, over: Partial<Fact> = {}): Fact => ({
  id: uuid(0x900 + n),
  kind: "joined",
  dateCreated: t0,
  member: uuid(5),
  survivor: uuid(6),
  submitter: uuid(0xc0),
  ...over,
})

const made = { dateCreated: t0, dateUpdated: t0 }

const region: Region = {
  id: uuid(0xe8),
  name: "Région 🍪",
  regions: ["US-CA"],
  settings: { ...templates.california, branding: { font: "Inter" } },
  texts: { de: { consentBanner: { title: "Deine Wahl" } } },
  defaultLanguage: "de",
}

export const entries: Entries = {
  organizations: [
    {
      ...organization,
      ...made,
      id: uuid(1),
      name: "O",
      primaryDomain: "o.example",
      privacyPolicyUrl: "https://o.example/privacy",
      identifierKey: "AAAA",
      publicKeys: [{ kty: "EC", crv: "P-256", x: "x", y: "y", kid: "1" }],
    },
  ],
  projects: [
    { ...project, ...made, id: uuid(2), organization: uuid(1), name: "P", domains: ["localhost"], status: "active" },
  ],
  apiKeys: [
    {
      ...made,
      id: uuid(3),
      organization: uuid(1),
      name: "K",
      role: "owner",
      permissions: [{ projectId: uuid(2), role: "viewer" }],
      secretHash: hash(1),
    },
  ],
  consentTypes: [
    {
      id: typeA,
      organization: uuid(1),
      project: uuid(2),
      category: "custom",
      subcategory: "s",
      label: "l",
      ...made,
      status: "active",
      required: false,
      validStates: ConsentState.all,
      consentDuration: { months: 13, days: 0, millis: 0 },
      rules: { maxAge: { declined: { months: 6, days: 0, millis: 0 }, viewed: null } },
      versions: [
        {
          id: uuid(0xa1),
          version: 1,
          name: "A type",
          description: "",
          publishedAt: t0,
          dateCreated: t0,
          requireReaccept: false,
        },
      ],
    },
  ],
  translations: [
    {
      ...made,
      id: uuid(0xd0),
      organization: uuid(1),
      project: uuid(2),
      consentType: typeA,
      version: uuid(0xa1),
      language: "de",
      name: "Eine Art",
      description: "Wofür sie ist 🍪",
      documentBytes: 3,
    },
  ],
  dataSystems: [],
  dataSystemAttributes: [],
  senders: [],
  mailTexts: [],
  regions: [{ ...made, ...region, organization: uuid(1), project: uuid(2), kept: { "consent.webflow": true } }],
  publications: [{ ...made, id: uuid(0xe9), organization: uuid(1), project: uuid(2), revision: 1, regions: [region] }],
  trackers: [
    {
      ...made,
      id: uuid(0xea),
      organization: uuid(1),
      project: uuid(2),
      name: "Zähler 🍪",
      type: "cookie",
      detectedName: "_ga_*",
      domain: "example.com",
      pattern: "_ga*",
      category: "analytics",
      consentTypes: [typeA],
      origin: "manual",
      matchType: "project",
    },
  ],
  webhooks: [
    {
      ...made,
      id: uuid(0xe0),
      organization: uuid(1),
      project: uuid(2),
      name: "W",
      url: "https://receiver.example/hook",
      types: ["decision.*"],
      consentTypes: [typeA],
      reevaluations: "summary",
      include: ["decision"],
      scheme: "hmac",
      concurrency: 4,
      status: "active",
      statusSince: t0,
      generation: 1,
      start: { number: 1, places: [[0, 0, 1]] },
    },
  ],
}

/** The one consent type of {@link entries}. */
export const sampleType = entries.consentTypes[0]!

/** The ids of the heads as the engine folds them, to compare with the heads that the store keeps. */
export const foldedHeads = (events: ReadonlyArray<StoredEvent>): ReadonlyArray<string> =>
  [...Map.groupBy(events, ({ consentType }) => consentType).values()]
    .flatMap((ofType) => Object.values(Heads.fold(ofType)))
    .flatMap((head) => (head === undefined ? [] : [head.id]))
    .toSorted()

export const ids = (events: ReadonlyArray<Pick<StoredEvent, "id">>): ReadonlyArray<string> => events.map(({ id }) => id)

export type Store = LedgerStore["Service"]

/** The id of the person that each hash names; `undefined` for a hash that names no one. */
export const named = (store: Store, owner: Lane.Owner, hashes: ReadonlyArray<string>) =>
  Effect.map(store.people.byAlias(owner, hashes), (people) => people.map((person) => person?.concordId))

export const eventsOf = (store: Store, owner: Lane.Owner, person: string) =>
  Effect.map(store.events.lane(owner, Lane.of(owner, person) - Lane.all(owner)[0]!, 0, 1_000_000), (events) =>
    events.filter(({ concordId }) => concordId === person),
  )

export const headsOf = (store: Store, owner: Lane.Owner, person: string) =>
  Effect.map(store.events.heads(owner, [person]), ({ events }) => events)

/** The number of the events in each lane of the people. */
export const counted = (
  events: ReadonlyArray<StoredEvent>,
  people: ReadonlyArray<string>,
): ReadonlyMap<number, number> => {
  const lanes = people.map((person) => Lane.of(project, person))
  const isIn = (lane: number) => events.filter(({ concordId }) => Lane.of(project, concordId) === lane).length
  return new Map(lanes.map((lane) => [lane, isIn(lane)]))
}

export const clause = (name: string, check: (store: Store) => Effect.Effect<void, StoreUnavailable>): Clause => ({
  name,
  check: Effect.flatMap(LedgerStore, check),
})

/** People in different lanes, and many of them in the same. */
export const people = Array.from({ length: 40 }, (_, index) => uuid(0x100 + index * 7))

/** Many events with few different instants, so that ties happen; the same in every run. */
export const manyEvents = (count: number): ReadonlyArray<StoredEvent> =>
  Array.from({ length: count }, (_, index) =>
    event(people[(index * 13) % people.length]!, {
      consentType: index % 3 === 0 ? typeB : typeA,
      consentState: ConsentState.all[(index * 5 + (index >> 3)) % 4]!,
      consentDate: t0 - ((index * 7) % 3),
      ...(index % 4 === 0 && { expirationDate: t0 + index }),
      ...(index % 5 === 0 && { session: uuid(0xd0), domain: "a.example", consentAction: "import" as const }),
      ...(index % 7 === 0 && { session: uuid(0xd1), domain: "b.example", geography: "DE-BE" }),
    }),
  )

/** A filter that every event passes. */
export const everything: EventFilter = { startDate: 0, endDate: t0 * 2 }

export const newestFirst: EventOrder = { sort: "consentDate", order: "desc" }
