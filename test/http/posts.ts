/**
 * For every POST endpoint of the API that takes an `Idempotency-Key`, a request that can be carried out and one that is
 * refused: for tests of what all of these endpoints promise.
 */
import { DatabaseSync } from "node:sqlite"
import { HttpApi } from "effect/http-api"
import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { expect } from "vitest"
import { Api } from "../../adapters/http/api/Api.ts"
import { isRead } from "../../adapters/http/api/Endpoint.ts"
import type { Project } from "../../core/model/Catalog.ts"
import type { Answer, Server } from "../support/server.ts"
import { acme, asOwner, blog, nobody, privacy, record, shop, site, visit, yes } from "./world.ts"

/** A caller: with a key of Acme's owner, with a visitor's session, or from a page of a project. */
export interface Asker {
  readonly apiKey: string
  readonly session: string
  readonly project: Project
  /** Records an event of a person that is new, and answers its concordId. */
  readonly meet: (identifiers: object) => Promise<string>
}

/** A request. Each one that is made differs: it is about another person, with another name. */
export interface Post {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly json: object
  /** A body that breaks a rule, and is refused for this reason only. */
  readonly refused: object
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
let made = 0

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
 * their content, and those that only read.
 */
export const postEndpoints: ReadonlyArray<string> = (() => {
  const names: Array<string> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) =>
      void (endpoint.method === "POST" && !isRead(endpoint) && names.push(endpoint.identifier)),
  })
  return names.filter((name) => name !== "importConsentEvents")
})()

const meet =
  (server: Server): Asker["meet"] =>
  async (identifiers) => {
    const answer = await record(server, [yes(identifiers)])
    expect(answer.status, answer.text).toBe(201)
    return answer.json.items[0].concordId
  }

/** A new caller with a key of Acme's owner. */
export const newAsker = async (server: Server): Promise<Asker> => ({
  apiKey: asOwner["x-api-key"],
  session: (await visit(server)).session,
  project: shop,
  meet: meet(server),
})

/** Another caller: another key of the same role, another visitor, a page of another project. */
export const newOther = async (server: Server): Promise<Asker> => {
  const json = { name: "Another owner", role: "owner" }
  const { secret } = (await server.request("POST", `${organization}/api-keys`, { headers: asOwner, json })).json
  return { apiKey: secret, session: (await visit(server)).session, project: blog, meet: meet(server) }
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

/** All rows of the store, except the last uses of keys. */
export const written = (server: Server): string =>
  JSON.stringify(rows(server, "name <> 'key_use'"), (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
  )

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
