/**
 * For every POST endpoint of the API that takes an `Idempotency-Key`, a request that can be carried out and one that is
 * refused: for tests of what all of these endpoints promise.
 */
import { DatabaseSync } from "node:sqlite"
import { Context } from "effect"
import { HttpApi } from "effect/http-api"
import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { expect } from "vitest"
import { Api } from "../../adapters/http/api/Api.ts"
import { endpointNames } from "../../adapters/http/api/DataSystems.ts"
import { isRead, TakesNoKey } from "../../adapters/http/api/Endpoint.ts"
import type { Project } from "../../core/model/Catalog.ts"
import type { Answer, Server } from "../support/server.ts"
import * as AttributeRequests from "./attributeRequests.ts"
import { acme, asOwner, blog, nobody, privacy, record, shop, site, visit, yes } from "./world.ts"

/** A caller: with a key of Acme's owner, with a visitor's session, or from a page of a project. */
export interface Asker {
  readonly apiKey: string
  readonly session: string
  readonly project: Project
  /** Records an event of a person that is new, and answers its concordId. */
  readonly meet: (identifiers: object) => Promise<string>
  /** Opens a compliance request with the session, and answers its id. */
  readonly ask: () => Promise<string>
}

/** A request. Each one that is made differs: it is about another person, with another name. */
export interface Post {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly json: object
  /** A body that breaks a rule, and is refused for this reason only. Left out: no body is read. */
  readonly refused?: object
}

const proofs = await generateKeyPair("ES256")

/** Publishes a key of Acme, so that it can sign identity tokens. */
export const registerProofs = async (server: Server): Promise<void> => {
  const { crv, kty, x, y } = await exportJWK(proofs.publicKey)
  const json = { jwks: { keys: [{ crv, kty, x, y }] } }
  const answer = await server.request("PATCH", `/privacy-v1/organizations/${acme.id}`, { headers: asOwner, json })
  if (answer.status !== 200) throw new Error(answer.text)
}

/** An identity token that proves an identifier of a visitor. */
const proofOf = (subject: string): Promise<string> =>
  new SignJWT()
    .setProtectedHeader({ alg: "ES256" })
    .setSubject(subject)
    .setIssuer(acme.id)
    .setIssuedAt()
    .setExpirationTime("10 minutes")
    .sign(proofs.privateKey)

const withKey = ({ apiKey }: Asker) => ({ "x-api-key": apiKey })
const withSession = ({ session }: Asker) => ({ "x-session": session })
const organization = `/privacy-v1/organizations/${acme.id}`
/** A page of the shop on which a compliance request is opened. */
const captureUrl = (): string => `https://${shop.domains[0]}/privacy?page=${made++}`
let made = 0

/** A request that adds an attribute. */
const toDoor =
  ({ family, path, query }: AttributeRequests.Door) =>
  async (asker: Asker): Promise<Post> => {
    const json = AttributeRequests.newAttribute(family, `Made ${made++}`)
    return {
      path: `${organization}/${path}${query === undefined ? "" : `?${query}`}`,
      headers: withKey(asker),
      json,
      refused: { ...json, dataSystems: [nobody] },
    }
  }

/** Requests that add an attribute, by the name of the endpoint: to one family, because all have the same handlers. */
const attributePosts = Object.fromEntries(
  AttributeRequests.doors
    .filter(({ family }) => family === "contact")
    .map((door) => [
      door.query === undefined ? endpointNames(door.family).create : "createDataSystemAttribute",
      toDoor(door),
    ]),
)

/** A request to each endpoint, by the endpoint's name. */
export const posts: Readonly<Record<string, (asker: Asker) => Promise<Post>>> = {
  createConsentEvents: async (asker) => {
    const person = { userId: `asked ${made++}` }
    return {
      path: `${privacy()}/consent-events`,
      headers: withKey(asker),
      json: { items: [yes(person), yes({ ...person, consentState: "declined" })] },
      refused: { items: [yes({ ...person, consentType: nobody })] },
    }
  },
  createConsentType: async (asker) => {
    const json = { category: "custom", subcategory: ["made"], label: `made_${made++}`, name: "Asked once" }
    return {
      path: `${privacy()}/consent-types`,
      headers: withKey(asker),
      json,
      refused: { ...json, category: "communication", subcategory: ["email"], label: "newsletter" },
    }
  },
  createDataSystem: async (asker) => {
    const json = { name: `Made ${made++}`, status: "active" }
    return {
      path: `${organization}/data-systems`,
      headers: withKey(asker),
      json,
      refused: { ...json, dataSystemContacts: [nobody] },
    }
  },
  importDataSystems: async (asker) => ({
    path: `${organization}/data-systems/import`,
    headers: withKey(asker),
    json: { system: [{ fides_key: `made_${made++}` }] },
    refused: { system: [{ fides_key: "no key" }] },
  }),
  ...attributePosts,
  createOrganization: async (asker) => ({
    path: "/privacy-v1/organizations",
    headers: withKey(asker),
    json: { name: `Made ${made++}`, primaryDomain: "made.example", privacyPolicyUrl: "https://made.example/" },
    refused: { name: "Made" },
  }),
  createProject: async (asker) => ({
    path: `${organization}/projects`,
    headers: withKey(asker),
    json: { name: `Made ${made++}`, domains: ["made.example"] },
    refused: { domains: [] },
  }),
  createApiKey: async (asker) => {
    const json = { name: `Made ${made++}`, role: "limited" }
    return {
      path: `${organization}/api-keys`,
      headers: withKey(asker),
      json,
      refused: { ...json, permissions: [{ projectId: nobody, role: "owner" }] },
    }
  },
  createSession: async ({ project }) => ({
    path: `${site(project)}/session`,
    headers: { origin: `https://${project.domains[0]}` },
    json: { made: made++ },
    refused: { contextId: 7 },
  }),
  createVisitorConsentEvents: async (asker) => ({
    path: `${site()}/consent-events`,
    headers: withSession(asker),
    json: { items: [yes(), yes({ consentState: "declined" })] },
    refused: { items: [yes({ consentType: nobody })] },
  }),
  identify: async (asker) => {
    const value = `identified ${made++}`
    const json = { type: "userId", value, token: await proofOf(value) }
    return {
      path: `${site()}/identify`,
      headers: withSession(asker),
      json,
      refused: { ...json, token: await proofOf("somebody else") },
    }
  },
  keepProfile: async (asker) => ({
    path: `${site()}/profile`,
    headers: withSession(asker),
    json: { firstName: `Zq9-first ${made++}`, email: `zq9-${made}@example.com` },
    refused: { email: "nowhere" },
  }),
  createComplianceRequests: async (asker) => {
    const item = { request: "view", user: { email: `zq9-asks-${made++}@example.com` }, notes: "Zq9-notes" }
    return {
      path: `${privacy()}/compliance-requests`,
      headers: withKey(asker),
      json: { items: [item] },
      refused: { items: [{ ...item, regulation: "clock:none@0" }] },
    }
  },
  createVisitorComplianceRequest: async (asker) => {
    const json = { request: "delete", captureUrl: captureUrl(), userEmail: `zq9-asks-${made++}@example.com` }
    return {
      path: `${site()}/compliance-requests`,
      headers: withSession(asker),
      json,
      refused: { ...json, captureUrl: "https://another.example/" },
    }
  },
  withdrawVisitorComplianceRequest: async (asker) => ({
    path: `${site()}/compliance-requests/${await asker.ask()}/withdraw`,
    headers: withSession(asker),
    json: {},
  }),
  erasePerson: async (asker) => {
    const concordId = await asker.meet({ userId: `zq9-erased ${made++}` })
    const json = { confirm: concordId, reason: "request" }
    return {
      path: `${organization}/people/${concordId}/erasure`,
      headers: withKey(asker),
      json,
      refused: { ...json, confirm: nobody },
    }
  },
  eraseByIdentifier: async (asker) => {
    const email = `zq9-erased-${made++}@example.com`
    const json = { person: { email }, reason: "court" }
    const confirm = await asker.meet({ email })
    return {
      path: `${organization}/erasures`,
      headers: withKey(asker),
      json: { ...json, confirm },
      refused: json,
    }
  },
  releaseIdentifier: async (asker) => {
    const email = `zq9-released-${made++}@example.com`
    const json = { email, reason: "hard bounce" }
    return {
      path: `${organization}/people/${await asker.meet({ email })}/identifiers/release`,
      headers: withKey(asker),
      json,
      refused: { ...json, reason: "" },
    }
  },
  renameAccounts: async (asker) => {
    const userId = `zq9-account ${made++}`
    await asker.meet({ userId })
    const newUserId = `${userId} renamed`
    return {
      path: `${organization}/people/identifiers/rename`,
      headers: withKey(asker),
      json: { items: [{ userId, newUserId }] },
      refused: { items: [{ userId: `${userId} of no person`, newUserId }] },
    }
  },
}

/**
 * The names of all POST endpoints that take an `Idempotency-Key`: all but the import of rows, which are recognized by
 * their content, those that only read, those of codes and files, which `verification.test.ts` and
 * `complianceFiles.test.ts` try, the building of a package and the return of a mail, which may be asked for again
 * without one. Of the families of attributes, which have the same handlers, one is tried. Those of webhooks, of which a
 * project has at most 20, are tried in `webhooks.test.ts`, that of a connector's secret in `connectors.test.ts`,
 * those of senders, which need a mail server, in `emails.test.ts`, those of regions in `regions.test.ts`,
 * and those of trackers in `trackers.test.ts`.
 */
export const postEndpoints: ReadonlyArray<string> = (() => {
  const names: Array<string> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) =>
      void (
        endpoint.method === "POST" &&
        !isRead(endpoint) &&
        !Context.get(endpoint.annotations, TakesNoKey) &&
        names.push(endpoint.identifier)
      ),
  })
  const tried =
    /Webhook|ConnectorSecret$|Email|Region|Tracker|^createDataSystem(?!Attribute$|Contact$|$)|ComplianceCode$|^(?:verifyVisitorComplianceRequest|attachComplianceFile|buildCompliancePackage|noteBouncedMail)$/
  return names.filter((name) => name !== "importConsentEvents" && !tried.test(name))
})()

const meet =
  (server: Server): Asker["meet"] =>
  async (identifiers) => {
    const answer = await record(server, [yes(identifiers)])
    expect(answer.status, answer.text).toBe(201)
    return answer.json.items[0].concordId
  }

const ask = (server: Server, session: string) => async (): Promise<string> => {
  const json = { request: "view", captureUrl: captureUrl(), userEmail: `zq9-asked-${made++}@example.com` }
  const answer = await server.request("POST", `${site()}/compliance-requests`, {
    headers: { "x-session": session },
    json,
  })
  expect(answer.status, answer.text).toBe(201)
  return answer.json.id
}

/** A caller with a key, the session of a new visitor, and the means to make what a request is about. */
const askerOf = async (server: Server, apiKey: string, project: Project): Promise<Asker> => {
  const { session } = await visit(server)
  return { apiKey, session, project, meet: meet(server), ask: ask(server, session) }
}

/** A new caller with a key of Acme's owner. */
export const newAsker = (server: Server): Promise<Asker> => askerOf(server, asOwner["x-api-key"], shop)

/** Another caller: another key of the same role, another visitor, a page of another project. */
export const newOther = async (server: Server): Promise<Asker> => {
  const json = { name: "Another owner", role: "owner" }
  const { secret } = (await server.request("POST", `${organization}/api-keys`, { headers: asOwner, json })).json
  return askerOf(server, secret, blog)
}

/** Sends a request, with an Idempotency-Key if there is one. */
export const send = (server: Server, { headers, json, path }: Post, key?: string): Promise<Answer> =>
  server.request("POST", path, { headers: { ...headers, ...(key !== undefined && { "idempotency-key": key }) }, json })

/** Whether an answer says that it is replayed. */
export const isReplayed = ({ headers }: Answer): boolean => headers["idempotent-replayed"] === "true"
/** The codes of an error answer. */
export const codes = ({ json }: Answer): ReadonlyArray<string> =>
  (json.errors ?? []).map(({ code }: { code: string }) => code)

/** The rows of tables, by the table. */
export const rows = (server: Server, tables: string): ReadonlyArray<readonly [string, ReadonlyArray<unknown>]> => {
  const database = new DatabaseSync(server.file, { readOnly: true })
  try {
    return database
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND ${tables}`)
      .all()
      .map(({ name }) => [String(name), database.prepare(`SELECT * FROM ${name}`).all()])
  } finally {
    database.close()
  }
}

/** The tables that the server writes by itself: what the scheduler tells, what is sent to webhooks, and counts. */
export const ownTables = [
  "change",
  "consumer",
  "day_visitors",
  "dead_letter",
  "delivery",
  "due_scan",
  "lane_feed",
  "lease",
  "metric",
  "parked",
  "webhook_cursor",
]

/** A condition for the tables that requests alone write to, other than the last uses of keys. */
export const ofRequests = `name NOT IN (${["key_use", ...ownTables].map((name) => `'${name}'`).join(", ")})`

/** A lane without the instant of its last record, which the scheduler raises, too. */
const ofEvents = (lane: Readonly<Record<string, unknown>>) => ({ ...lane, last_recorded_at: undefined })

/** All rows of the store that requests write, except the last uses of keys. */
export const written = (server: Server): string => {
  const all = rows(server, ofRequests).map(([table, found]) => [
    table,
    table === "lane_head"
      ? found.map((row) => ofEvents(row as Readonly<Record<string, unknown>>)).filter(hasEvents)
      : found,
  ])
  return JSON.stringify(all, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value))
}

const hasEvents = (lane: Readonly<Record<string, unknown>>): boolean => Number(lane["next_position"]) > 0

/** Sends a request and expects that it is carried out, not replayed. */
export const carryOut = async (server: Server, post: Post, key: string): Promise<Answer> => {
  const answer = await send(server, post, key)
  expect([answer.status, isReplayed(answer)], answer.text).toEqual([expect.toBeOneOf([200, 201]), false])
  return answer
}

/** Expects the same request again to be answered as before, and nothing to be written. */
export const expectReplay = async (server: Server, post: Post, key: string, first: Answer): Promise<void> => {
  const before = written(server)
  // The next request uses another connection.
  const again = await send(server, { ...post, headers: { ...post.headers, connection: "close" } }, key)
  const another = await send(server, post, key)
  for (const { headers, status, text } of [again, another]) {
    expect({ status, text }).toEqual({ status: first.status, text: first.text })
    expect(headers["idempotent-replayed"]).toBe("true")
    expect(headers["content-type"]).toBe(first.headers["content-type"])
    expect(headers["cache-control"]).toBe(first.headers["cache-control"])
  }
  expect(written(server)).toBe(before)
}
