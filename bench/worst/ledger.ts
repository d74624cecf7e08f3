/**
 * The hostile ledger, on a SQLite file: as large as one tenant can make it with an API key and the sessions of its
 * visitors. It is made in some seconds, because it is written through the store and not through the use cases.
 */
import { Effect } from "effect"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as ConsentState from "../../core/engine/ConsentState.ts"
import * as EventBody from "../../core/ledger/EventBody.ts"
import type { ApiKey, ListedType, Organization, Project } from "../../core/model/Catalog.ts"
import { LedgerStore, type StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as Ids from "./ids.ts"
import type { Sizes } from "./ids.ts"
import * as TestKeys from "../../test/support/keys.ts"

/** When the catalog was set up; everything else happened later. */
const began = Date.UTC(2020, 0, 1)
/** When events were recorded: each block of them a second after the one before. */
const recording = Date.UTC(2024, 0, 1)
/** Sessions are good until then. */
const never = Date.UTC(9999, 0, 1)

const made = { dateCreated: began, dateUpdated: began }

const organization: Organization = {
  ...made,
  id: Ids.organizationId,
  number: 0,
  lanes: 16,
  name: "Hostile",
  primaryDomain: "hostile.example",
  privacyPolicyUrl: "https://hostile.example/privacy",
  publicKeys: [],
  identifierKey: TestKeys.wrapped(Buffer.alloc(32, 7)),
  normalization: 2,
}

const projectOf = (n: number): Project => ({
  ...made,
  id: Ids.otherProjectId(n),
  number: n + 1,
  lanes: 16,
  organization: organization.id,
  name: `Project ${n}`,
  // The most domains that a project may have.
  domains: n === 0 ? ["localhost", ...Array.from({ length: 999 }, (_, at) => `www${at}.hostile.example`)] : [],
  status: "active",
})
const project = projectOf(0)

const keyOf = (n: number, role: ApiKey["role"], secret: string): ApiKey => ({
  ...made,
  id: Ids.keyId(n),
  organization: organization.id,
  name: `Key ${n}`,
  role,
  // The most permissions that a key may have; a few keys have them.
  permissions:
    n > 3 && n < 100 ? Array.from({ length: 1000 }, (_, at) => ({ projectId: Ids.otherProjectId(at + 1), role })) : [],
  secretHash: Ids.sha256(secret),
})

const hour = 3_600_000

const versionOf = (version: number, hasDocument: boolean): ListedType["versions"][number] => ({
  id: Ids.typeId(version),
  version,
  name: `Version ${version}`,
  description: "d".repeat(version === 1 ? 2000 : 10),
  publishedAt: began + (version - 1) * hour,
  dateCreated: began + (version - 1) * hour,
  requireReaccept: version > 1,
  ...(version > 1 && { grace: { months: 1, days: 1, millis: version } }),
  ...(hasDocument && { documentOf: 1 }),
})

const typeOf = (n: number, { longDocuments, longestDocuments, versions }: Sizes): ListedType => ({
  ...made,
  id: Ids.typeId(n),
  organization: organization.id,
  project: project.id,
  category: "custom",
  subcategory: "hostile",
  label: `type_${n}`,
  status: "active",
  required: false,
  validStates: ConsentState.all,
  consentDuration: { months: 120, days: 0, millis: 0 },
  rules: n % 2 === 0 ? {} : { precedence: "most-recent", maxAge: { accepted: { months: 13, days: 0, millis: 0 } } },
  versions: Array.from({ length: n === 0 ? versions : 1 }, (_, at) =>
    versionOf(at + 1, n < longestDocuments + longDocuments),
  ),
})

const documentsOf = ({ longDocuments, longestDocuments }: Sizes) =>
  Array.from({ length: longestDocuments + longDocuments }, (_, n) => ({
    consentType: Ids.typeId(n),
    number: 1,
    document: "§".repeat(n < longestDocuments ? 5_000_000 : 65_000),
  }))

/** The `n`-th event of a ledger, the `nth` of its person, some seconds before it is recorded. */
const eventOf = (n: number, { concordId, nth, type }: Said, recordedAt: number): StoredEvent => {
  const event = {
    id: Ids.uuid(8, n),
    concordId,
    consentType: Ids.typeId(type),
    version: 1,
    consentState: ConsentState.all[nth % 4]!,
    consentAction: "user_click" as const,
    consentDate: recordedAt - (nth % 1000) * 1000,
    dateCreated: recordedAt,
  }
  const triple = { category: "custom", subcategory: "hostile", label: `type_${type}` }
  const body = EventBody.write(event, triple, project, Ids.keyId(0), undefined, undefined)
  return { ...event, submitter: Ids.keyId(0), body }
}

/** One event to make: its person, its number among the events of the person, and its type. */
interface Said {
  readonly concordId: string
  readonly nth: number
  readonly type: number
}

/** The events of everybody. */
function* saidOf(sizes: Sizes): Generator<Said> {
  const { many, one, wide } = Ids.people
  for (let nth = 0; nth < sizes.manyEvents; nth++) yield { concordId: many, nth, type: (nth >> 2) % Ids.manyTypes }
  for (let nth = 0; nth < sizes.oneEvents; nth++) yield { concordId: one, nth, type: 0 }
  for (let nth = 0; nth < 4 * sizes.types; nth++) yield { concordId: wide, nth, type: nth >> 2 }
  for (let nth = 0; nth < sizes.guestEvents; nth++) {
    for (let n = 0; n < sizes.guests; n++) yield { concordId: Ids.guestId(n), nth, type: n % 7 }
  }
  for (let nth = 0; nth < 4; nth++) {
    for (let n = 0; n < sizes.people; n++) yield { concordId: Ids.personId(n), nth, type: n % 5 }
  }
}

const blocks = function* <Item>(items: Iterable<Item>, size: number): Generator<ReadonlyArray<Item>> {
  let block: Array<Item> = []
  for (const item of items) {
    if (block.push(item) < size) continue
    yield block
    block = []
  }
  if (block.length > 0) yield block
}

const joinOf = (n: number) => ({
  id: Ids.uuid(9, n),
  kind: "joined" as const,
  dateCreated: recording + n,
  member: Ids.guestId(n),
  survivor: Ids.people.joined,
  submitter: Ids.keyId(0),
})

const sessionOf = (person: keyof typeof Ids.people) => ({
  tokenHash: Ids.sha256(Ids.tokenOf(person)),
  id: Ids.uuid(10, Object.keys(Ids.people).indexOf(person)),
  project: project.id,
  concordId: Ids.people[person],
  expiresAt: never,
  domain: "localhost",
  commitment: "",
})

const numbered = <Item>(length: number, make: (n: number) => Item): ReadonlyArray<Item> =>
  Array.from({ length }, (_, n) => make(n))

const build = Effect.fnUntraced(function* (sizes: Sizes) {
  const store = yield* LedgerStore
  const roles = Object.entries(Ids.secrets) as ReadonlyArray<[keyof typeof Ids.secrets, string]>
  yield* store.catalog.change({
    revision: 0,
    entries: {
      organizations: [organization],
      projects: numbered(sizes.projects, projectOf),
      apiKeys: numbered(sizes.keys, (n) => keyOf(n, roles[n]?.[0] ?? "viewer", roles[n]?.[1] ?? `secret ${n}`)),
      consentTypes: numbered(sizes.types, (n) => typeOf(n, sizes)),
    },
    documents: documentsOf(sizes),
  })
  let recordedAt = recording
  let recorded = 0
  for (const block of blocks(saidOf(sizes), 1000)) {
    recordedAt += 1000
    const events = block.map((said) => eventOf(recorded++, said, recordedAt))
    yield* store.events.append({ project, organization, recordedAt, events, claims: [] })
  }
  const change = { organization, seen: [], claims: [], releases: [], facts: [] }
  let first: ReadonlyArray<string> = [Ids.people.joined]
  for (const facts of blocks(numbered(sizes.guests, joinOf), 100)) {
    const members = first.concat(facts.map(({ member }) => member))
    const groups = [{ survivor: Ids.people.joined, members }]
    const learnt = facts.at(-1)!.dateCreated
    const joining = { projects: [project], catalog: 1, learnt, dissolved: [], groups }
    const kept = yield* store.people.change({ ...change, facts, joining })
    if (kept !== "kept") return yield* Effect.die(kept)
    first = []
  }
  for (const person of Object.keys(Ids.people) as ReadonlyArray<keyof typeof Ids.people>) {
    yield* store.people.change({ ...change, session: sessionOf(person) })
  }
})

/** Makes the ledger in a new SQLite file. */
export const makeAt = (path: string, sizes: Sizes = Ids.sizesDefault): Promise<void> =>
  Effect.runPromise(Effect.provide(build(sizes), SqliteStore.layer(path)))
