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
import { sizes } from "./ids.ts"

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
  identifierKey: Buffer.alloc(32, 7).toString("base64url"),
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
  version,
  name: `Version ${version}`,
  description: "d".repeat(version === 1 ? 2000 : 10),
  publishedAt: began + (version - 1) * hour,
  dateCreated: began + (version - 1) * hour,
  requireReaccept: version > 1,
  ...(version > 1 && { grace: { months: 1, days: 1, millis: version } }),
  ...(hasDocument && { documentOf: 1 }),
})

const hasDocument = (n: number): boolean => n < sizes.longDocuments + sizes.longestDocuments

const typeOf = (n: number): ListedType => ({
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
  versions: Array.from({ length: n === 0 ? sizes.versions : 1 }, (_, at) => versionOf(at + 1, hasDocument(n))),
})

const types = Array.from({ length: sizes.types }, (_, n) => typeOf(n))

const documents = types
  .filter((_, n) => hasDocument(n))
  .map(({ id }, n) => ({
    consentType: id,
    version: 1,
    document: "§".repeat(n < sizes.longestDocuments ? 5_000_000 : 65_000),
  }))

let eventCount = 0

/** An event of a person, `age` seconds before it is recorded. */
const eventOf = (concordId: string, n: number, type: number, recordedAt: number): StoredEvent => {
  const event = {
    id: Ids.uuid(8, eventCount++),
    concordId,
    consentType: types[type]!.id,
    version: 1,
    consentState: ConsentState.all[n % 4]!,
    consentAction: "user_click" as const,
    consentDate: recordedAt - (n % 1000) * 1000,
    dateCreated: recordedAt,
  }
  const body = EventBody.write(event, types[type]!, project, Ids.keyId(0), undefined, undefined)
  return { ...event, submitter: Ids.keyId(0), body }
}

/** The events of everybody: a person, and the number and the type of each of its events. */
function* events(): Generator<readonly [concordId: string, n: number, type: number]> {
  for (let n = 0; n < sizes.manyEvents; n++) yield [Ids.people.many, n, (n >> 2) % Ids.manyTypes]
  for (let n = 0; n < sizes.oneEvents; n++) yield [Ids.people.one, n, 0]
  for (let n = 0; n < 4 * sizes.types; n++) yield [Ids.people.wide, n, n >> 2]
  for (let n = 0; n < 2 * sizes.guests; n++) yield [Ids.guestId(n >> 1), n, n % 7]
  for (let n = 0; n < 4 * sizes.people; n++) yield [Ids.personId(n >> 2), n, n % 5]
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
  ipAddress: "127.0.0.0",
  domain: "localhost",
})

const build = Effect.gen(function* () {
  const store = yield* LedgerStore
  const roles = Object.entries(Ids.secrets) as ReadonlyArray<[keyof typeof Ids.secrets, string]>
  yield* store.catalog.change({
    revision: 0,
    entries: {
      organizations: [organization],
      projects: Array.from({ length: sizes.projects }, (_, n) => projectOf(n)),
      apiKeys: Array.from({ length: sizes.keys }, (_, n) =>
        keyOf(n, roles[n]?.[0] ?? "viewer", roles[n]?.[1] ?? `secret ${n}`),
      ),
      consentTypes: types,
    },
    documents,
  })
  let recordedAt = recording
  for (const block of blocks(events(), 1000)) {
    recordedAt += 1000
    const stored = block.map(([concordId, n, type]) => eventOf(concordId, n, type, recordedAt))
    yield* store.events.append({ project, organization, recordedAt, events: stored, claims: [] })
  }
  const change = { organization, seen: [], claims: [], releases: [], facts: [] }
  for (const facts of blocks(
    Array.from({ length: sizes.guests }, (_, n) => joinOf(n)),
    100,
  )) {
    yield* store.people.change({ ...change, facts })
  }
  for (const person of Object.keys(Ids.people) as ReadonlyArray<keyof typeof Ids.people>) {
    yield* store.people.change({ ...change, session: sessionOf(person) })
  }
})

/** Makes the ledger in a new SQLite file. */
export const makeAt = (path: string): Promise<void> => Effect.runPromise(Effect.provide(build, SqliteStore.layer(path)))
