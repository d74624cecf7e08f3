/**
 * A store with the catalog of the tests: two organizations, three projects, a key of every role, and consent types of
 * every kind. It is written through the store's own writer before the server starts.
 */
import { createHash } from "node:crypto"
import { rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import * as Writer from "../../adapters/sqlite/Writer.ts"
import type { ApiKey, Entries, ListedType, Organization, Project } from "../../core/model/Catalog.ts"
import type { SenderAddress } from "../../core/model/SenderAddress.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { type Role, roles } from "../../core/model/Role.ts"
import * as Period from "../../core/engine/Period.ts"
import { folder, start, type Answer, type Sent, type Server } from "../support/server.ts"
import * as TestKeys from "../support/keys.ts"

const id = (number: number): string => `0197a000-0000-7000-8000-${String(number).padStart(12, "0")}`

/** A UUID that is not the id of anything. */
export const nobody = "0197afff-ffff-7fff-8fff-ffffffffffff"

const made = { dateCreated: Date.parse("2020-01-01"), dateUpdated: Date.parse("2020-01-01") }

const organization = (number: number, name: string): Organization => ({
  id: id(100 + number),
  number,
  lanes: 16,
  ...made,
  name,
  primaryDomain: `${name.toLowerCase()}.example`,
  privacyPolicyUrl: `https://${name.toLowerCase()}.example/privacy`,
  publicKeys: [],
  identifierKey: TestKeys.wrapped(Buffer.alloc(32, number + 1)),
  normalization: 2,
})

const project = (number: number, owner: Organization, name: string, domains: ReadonlyArray<string>): Project => ({
  ...made,
  id: id(200 + number),
  number,
  lanes: 16,
  organization: owner.id,
  name,
  domains,
  status: "active",
})

export const acme = organization(0, "Acme")
export const other = organization(1, "Other")
export const shop = project(2, acme, "Shop", ["shop.example", "localhost"])
export const blog = { ...project(3, acme, "Blog", ["blog.example"]), sendFromEmailId: id(700) }
export const foreign = { ...project(4, other, "Foreign", ["foreign.example"]), sendFromEmailId: id(701) }

/** A verified sender of an organization. */
const sender = (number: number, owner: Organization): SenderAddress => ({
  dateCreated: made.dateCreated + 1,
  dateUpdated: made.dateUpdated + 1,
  id: id(700 + number),
  organization: owner.id,
  name: `${owner.name} privacy`,
  email: `privacy@${owner.primaryDomain}`,
  status: "verified",
  sentAt: [],
})

/** The id of the sender of an organization. */
export const senderOf = (owner: string): string => id(owner === acme.id ? 700 : 701)

/** The secret of a key, by its organization and role. */
export const secretOf = (owner: Organization, role: Role): string => `assent_${owner.name}_${role}_${"s".repeat(30)}`

const keys: ReadonlyArray<ApiKey> = [acme, other].flatMap((owner, first) =>
  roles.map((role, second) => ({
    ...made,
    id: id(300 + 10 * first + second),
    organization: owner.id,
    name: `${owner.name} ${role}`,
    role,
    permissions: [],
    secretHash: createHash("sha256").update(secretOf(owner, role)).digest("hex"),
  })),
)

/** The id of the key with which {@link record} records. */
export const ownerKeyId = keys[0]!.id

const published = (version: number, date: string, more: { requireReaccept?: boolean; grace?: Period.Period } = {}) => ({
  id: id(900 + version),
  version,
  name: `Version ${version}`,
  description: "",
  publishedAt: Date.parse(date),
  dateCreated: Date.parse(date),
  requireReaccept: false,
  ...more,
})

const consentType = (
  number: number,
  { category, subcategory, label }: Pick<ListedType, "category" | "subcategory" | "label">,
  more: Partial<ListedType> = {},
): ListedType => ({
  ...made,
  id: id(400 + number),
  organization: acme.id,
  project: shop.id,
  category,
  subcategory,
  label,
  status: "active",
  required: false,
  validStates: ["declined", "accepted", "implied", "viewed"],
  rules: {},
  versions: [published(1, "2020-01-01T00:00:00.000Z")],
  ...more,
})

const newsletterTriple = { category: "communication", subcategory: "email", label: "newsletter" }

/** The types of the shop. */
export const types = {
  newsletter: consentType(1, newsletterTriple),
  /** Lapses a year after it was given, and a week after version 2 of 2024-06-01. */
  analytics: consentType(
    2,
    { category: "privacy_setting", subcategory: "analytics", label: "analytics" },
    {
      consentDuration: Period.parse("P1Y")!,
      versions: [
        published(1, "2023-01-01T00:00:00.000Z"),
        published(2, "2024-06-01T00:00:00.000Z", { requireReaccept: true, grace: Period.parse("P7D")! }),
      ],
    },
  ),
  /** Three versions without re-acceptance. */
  policy: consentType(
    3,
    { category: "disclosure", subcategory: "privacy_policy", label: "policy" },
    {
      versions: [
        published(1, "2022-01-01T00:00:00.000Z"),
        published(2, "2023-01-01T00:00:00.000Z"),
        published(3, "2024-01-01T00:00:00.000Z"),
      ],
    },
  ),
  archived: consentType(4, { category: "custom", subcategory: "club", label: "archived" }, { status: "archived" }),
  obsolete: consentType(5, { category: "custom", subcategory: "club", label: "obsolete" }, { status: "obsolete" }),
  test: consentType(6, { category: "custom", subcategory: "club", label: "test" }, { status: "test" }),
  /** Does not list `declined`. */
  clicks: consentType(7, { category: "custom", subcategory: "club", label: "clicks" }, { validStates: ["accepted"] }),
  aged: consentType(
    8,
    { category: "custom", subcategory: "club", label: "aged" },
    { rules: { precedence: "most-recent", permits: "viewed", maxAge: { accepted: Period.parse("P30D")! } } },
  ),
}

/** The same triple as the shop's newsletter, in another project. */
export const blogNewsletter = consentType(20, newsletterTriple, { project: blog.id })
export const foreignNewsletter = consentType(30, newsletterTriple, { organization: other.id, project: foreign.id })

const entries: Entries = {
  organizations: [acme, other],
  projects: [shop, blog, foreign],
  apiKeys: keys,
  consentTypes: [...Object.values(types), blogNewsletter, foreignNewsletter],
  webhooks: [],
  translations: [],
  dataSystems: [],
  dataSystemAttributes: [],
  senders: [sender(0, acme), sender(1, other)],
  mailTexts: [],
  regions: [],
  publications: [],
  trackers: [],
}

/** Starts the server on a new, empty PostgreSQL database with this catalog. */
export const startWorldOn = async (database: string, env: Readonly<Record<string, string>> = {}): Promise<Server> => {
  const setUp = Effect.flatMap(LedgerStore, (store) => store.catalog.change({ revision: 0, entries, documents: [] }))
  await Effect.runPromise(Effect.provide(setUp, PostgresStore.layer(database)))
  return start({ env: { ...env, ASSENT_STORE: database } })
}

/** Types of the shop with a document each, of `length` characters. */
export const longTypes = (count: number, length: number) => {
  const all = Array.from({ length: count }, (_, n): ListedType => {
    const type = consentType(1000 + n, { category: "custom", subcategory: "long", label: `long_${n}` })
    return { ...type, versions: [{ ...type.versions[0]!, documentOf: 1, documentBytes: length }] }
  })
  const document = "d".repeat(length)
  return { types: all, documents: all.map(({ id }) => ({ consentType: id, number: 1, document })) }
}

/** Starts the server on a SQLite file with this catalog, and with further types of the shop. */
export const startWorld = async (
  env: Readonly<Record<string, string>> = {},
  more: ReturnType<typeof longTypes> = longTypes(0, 0),
): Promise<Server> => {
  const file = join(folder(), "ledger.db")
  const writer = Writer.open(file)
  const { documents } = more
  const consentTypes = [...entries.consentTypes, ...more.types]
  writer.write([{ name: "changeCatalog", input: { revision: 0, entries: { ...entries, consentTypes }, documents } }])
  writer.close()
  const server = await start({ file, env })
  const stop = async () => {
    await server.stop()
    rmSync(dirname(file), { recursive: true, force: true })
  }
  return { ...server, stop }
}

/** The base path of a project in the privacy API. */
export const privacy = (of: Project = shop, owner: string = of.organization): string =>
  `/privacy-v1/organizations/${owner}/projects/${of.id}`

/** The base path of a project in the site API. */
export const site = (of: Project = shop): string => `/site-v1/${of.id}`

/** The header of Acme's owner. */
export const asOwner = { "x-api-key": secretOf(acme, "owner") }

/** A yes to the newsletter, overridden by `item`. */
export const yes = (item: object = {}) => ({
  consentType: types.newsletter.id,
  consentState: "accepted",
  consentAction: "user_click",
  ...item,
})

/** Sends items to be recorded in the shop. */
export const record = (server: Server, items: ReadonlyArray<unknown>, sent: Sent = {}): Promise<Answer> =>
  server.request("POST", `${privacy()}/consent-events`, { headers: asOwner, json: { items }, ...sent })

/** Asks the shop about a person. */
export const ask = (
  server: Server,
  question: "consent-state" | "consent-decisions",
  query: Readonly<Record<string, string>>,
): Promise<Answer> =>
  server.request("GET", `${privacy()}/${question}?${new URLSearchParams(query)}`, { headers: asOwner })

/** A browser's session in a project. */
export interface Visitor {
  readonly session: string
  readonly id: string
  readonly contextId: string
  readonly concordId: string
  readonly expiresAt: string
}

/** Opens a session as a page of a project does. */
export const openSession = (server: Server, body: object = {}, of: Project = shop, headers = {}): Promise<Answer> =>
  server.request("POST", `${site(of)}/session`, {
    headers: { origin: `https://${of.domains[0]}`, ...headers },
    json: body,
  })

/** Opens a session in the shop. */
export const visit = async (server: Server, body: object = {}, of: Project = shop): Promise<Visitor> =>
  (await openSession(server, body, of)).json

/** Sends a request with a session. */
export const asVisitor = (
  server: Server,
  { session }: Pick<Visitor, "session">,
  method: string,
  path: string,
  sent: Sent = {},
): Promise<Answer> =>
  server.request(method, `${site()}/${path}`, { ...sent, headers: { "x-session": session, ...sent.headers } })

/** The violations of an answer as `pointer code`, sorted, because their order is not specified. */
export const violations = (answer: Answer): ReadonlyArray<string> =>
  (answer.json.errors as ReadonlyArray<{ pointer?: string; parameter?: string; code: string }>)
    .map(({ pointer, parameter, code }) => `${pointer ?? `?${parameter}`} ${code}`)
    .toSorted()
