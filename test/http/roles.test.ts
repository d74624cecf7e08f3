/**
 * Which roles may call which endpoints: every endpoint of the API, with every role, in the key's own project, another
 * project, and one of another organization. The table below restates the contract; a missing endpoint fails the first
 * test.
 */
import { DatabaseSync } from "node:sqlite"
import { HttpApi } from "effect/http-api"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Api } from "../../adapters/http/api/Api.ts"
import type { Organization, Project } from "../../core/model/Catalog.ts"
import { isLong } from "../support/long.ts"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import * as AttributeRequests from "./attributeRequests.ts"
import { expectProblem } from "./problem.ts"
import {
  makers,
  organizationPath,
  organizations,
  pathOf,
  projectPath,
  sitePath,
  type Make,
  type Valid,
} from "./requests.ts"
import { acme, blog, foreign, nobody, other, secretOf, shop, startWorld, visit } from "./world.ts"

const roles = ["owner", "admin", "limited", "viewer", "none"] as const
type Role = (typeof roles)[number]

// owner and admin: everything (admin no keys); limited: read all, personal data too, write events; viewer: read; none:
// nothing.
const reading: ReadonlyArray<Role> = ["owner", "admin", "limited", "viewer"]
const recording: ReadonlyArray<Role> = ["owner", "admin", "limited"]
const handling: ReadonlyArray<Role> = ["owner", "admin", "limited"]
const managing: ReadonlyArray<Role> = ["owner", "admin"]
const erasing: ReadonlyArray<Role> = ["owner", "admin"]
const keys: ReadonlyArray<Role> = ["owner"]

interface Row {
  /** Method and path. */
  readonly endpoint: string
  /** The roles that may call it, or the other kind of caller. */
  readonly may: ReadonlyArray<Role> | "sessions" | "anybody"
  /** The status for a caller that may. */
  readonly status: number
  /** Whether the role is needed in every project. */
  readonly isEverywhere?: true
}

const row = (endpoint: string, may: Row["may"], status = 200): Row => ({ endpoint, may, status })

/** An endpoint for which the key needs the role in every project. */
const everywhere = (endpoint: string, may: Row["may"], status = 200): Row => ({
  ...row(endpoint, may, status),
  isEverywhere: true,
})

const table: ReadonlyArray<Row> = [
  row(`POST ${projectPath}/consent-events`, recording, 201),
  row(`POST ${projectPath}/consent-events/import`, recording),
  row(`GET ${projectPath}/consent-events`, reading),
  row(`GET ${projectPath}/consent-events/:id`, reading),
  row(`GET ${projectPath}/changes`, reading),
  row(`GET ${projectPath}/consent-state`, reading),
  row(`GET ${projectPath}/consent-decisions`, reading),
  // A question, although it is a POST.
  row(`POST ${projectPath}/consent-decisions`, reading),
  row(`GET ${projectPath}/consent-types`, reading),
  row(`POST ${projectPath}/consent-types`, managing),
  row(`PATCH ${projectPath}/consent-types/:id`, managing),
  row(`DELETE ${projectPath}/consent-types/:id`, managing),
  row(`GET ${projectPath}/consent-types/:id/versions/:version`, reading),
  row(`DELETE ${projectPath}/consent-types/:id/versions/:version`, managing),
  row(`PUT ${projectPath}/consent-types/:id/versions/:version/texts/:language`, managing),
  row(`DELETE ${projectPath}/consent-types/:id/versions/:version/texts/:language`, managing),
  row(`GET ${projectPath}/languages`, reading),
  row(`GET ${projectPath}/site-client`, reading),
  row(`PUT ${projectPath}/languages`, managing),
  row(`GET ${projectPath}/webhooks`, reading),
  row(`POST ${projectPath}/webhooks`, managing, 201),
  row(`GET ${projectPath}/webhooks/:id`, reading),
  row(`PATCH ${projectPath}/webhooks/:id`, managing),
  row(`DELETE ${projectPath}/webhooks/:id`, managing),
  row(`POST ${projectPath}/webhooks/:id/secret`, managing),
  row(`POST ${projectPath}/webhooks/:id/test`, managing),
  row(`POST ${projectPath}/webhooks/:id/replay`, managing, 202),
  row(`GET ${projectPath}/webhooks/:id/deliveries`, reading),
  row(`GET ${projectPath}/webhooks/:id/dead-letters`, reading),
  row(`GET ${projectPath}/compliance-requests`, reading),
  row(`POST ${projectPath}/compliance-requests`, handling, 201),
  row(`GET ${projectPath}/compliance-requests/:id`, reading),
  row(`PATCH ${projectPath}/compliance-requests/:id`, handling),
  row(`POST ${projectPath}/compliance-requests/:id/files`, handling, 201),
  row(`GET ${projectPath}/compliance-requests/:id/files/:fileId`, handling),
  row(`DELETE ${projectPath}/compliance-requests/:id/files/:fileId`, handling),
  row(`POST ${projectPath}/compliance-requests/:id/verification`, handling, 202),
  row(`POST ${projectPath}/compliance-requests/:id/package`, handling, 202),
  row(`POST ${projectPath}/mails/:mailId/bounce`, handling),
  row(`GET ${projectPath}/compliance-requests-events`, reading),
  row(`GET ${organizationPath}/compliance-requests`, reading),
  row(`GET ${organizationPath}/compliance-requests-events`, reading),
  row(`GET ${projectPath}/metrics/consent`, reading),
  row(`GET ${organizationPath}/metrics`, reading),
  row(`GET ${organizationPath}/metrics/compliance`, reading),
  row(`PATCH ${projectPath}`, managing),
  row(`GET ${organizationPath}/people/:concordId`, reading),
  everywhere(`GET ${organizationPath}/people/:concordId/data`, handling),
  row(`DELETE ${organizationPath}/people/:concordId/joins/:joinId`, managing),
  row(`POST ${organizationPath}/people/:concordId/identifiers/release`, managing),
  row(`POST ${organizationPath}/people/identifiers/rename`, managing),
  everywhere(`POST ${organizationPath}/people/:concordId/erasure`, erasing),
  row(`GET ${organizationPath}/people/:concordId/erasure`, reading),
  row(`GET ${organizationPath}/erasures`, reading),
  everywhere(`POST ${organizationPath}/erasures`, erasing),
  row(`GET ${organizations}`, reading),
  // It answers an owner's key, and only owners may make keys.
  row(`POST ${organizations}`, keys, 201),
  row(`PATCH ${organizationPath}`, managing),
  row(`GET ${organizationPath}/projects`, reading),
  row(`POST ${organizationPath}/projects`, managing, 201),
  ...["data-systems", ...AttributeRequests.doors.map(({ path }) => path)].flatMap((path) => [
    row(`GET ${organizationPath}/${path}`, reading),
    row(`POST ${organizationPath}/${path}`, managing, 201),
    row(`PATCH ${organizationPath}/${path}/:id`, managing),
    row(`DELETE ${organizationPath}/${path}/:id`, managing),
  ]),
  row(`GET ${organizationPath}/register`, reading),
  row(`POST ${organizationPath}/data-systems/import`, managing),
  row(`GET ${projectPath}/trackers`, reading),
  row(`POST ${projectPath}/trackers`, managing, 201),
  row(`PATCH ${projectPath}/trackers/:id`, managing),
  row(`DELETE ${projectPath}/trackers/:id`, managing),
  row(`GET ${projectPath}/tracker-scan-history`, reading),
  row(`GET ${projectPath}/regions`, reading),
  row(`POST ${projectPath}/regions`, managing, 201),
  row(`GET ${projectPath}/regions/:id`, reading),
  row(`PATCH ${projectPath}/regions/:id`, managing),
  row(`DELETE ${projectPath}/regions/:id`, managing),
  row(`GET ${projectPath}/regions/:id/languages`, reading),
  row(`POST ${projectPath}/regions/:id/languages`, managing, 201),
  row(`GET ${projectPath}/regions/:id/languages/:languageId`, reading),
  row(`PATCH ${projectPath}/regions/:id/languages/:languageId`, managing),
  row(`DELETE ${projectPath}/regions/:id/languages/:languageId`, managing),
  row(`POST ${projectPath}/site-client/publish`, managing),
  row(`GET ${projectPath}/site-client/publications`, reading),
  row(`GET ${organizationPath}/emails`, reading),
  // There is no mail server that would take the code.
  row(`POST ${organizationPath}/emails`, managing, 503),
  row(`PATCH ${organizationPath}/emails/:id`, managing),
  // A project uses it.
  row(`DELETE ${organizationPath}/emails/:id`, managing, 409),
  row(`POST ${organizationPath}/emails/:id/verification`, managing, 503),
  // It is verified already.
  row(`POST ${organizationPath}/emails/:id/verify`, managing, 422),
  row(`GET ${organizationPath}/mail-texts`, reading),
  row(`PUT ${organizationPath}/mail-texts/:name/:language`, managing),
  row(`DELETE ${organizationPath}/mail-texts/:name/:language`, managing),
  row(`GET ${organizationPath}/data-systems/:id/connector`, reading),
  row(`PUT ${organizationPath}/data-systems/:id/connector`, managing),
  row(`DELETE ${organizationPath}/data-systems/:id/connector`, managing),
  row(`POST ${organizationPath}/data-systems/:id/connector/secret`, managing),
  row(`GET ${organizationPath}/api-keys`, keys),
  row(`POST ${organizationPath}/api-keys`, keys, 201),
  row(`PATCH ${organizationPath}/api-keys/:id`, keys),
  row(`DELETE ${organizationPath}/api-keys/:id`, keys),
  row(`POST ${sitePath}/consent-events`, "sessions", 201),
  row(`GET ${sitePath}/consent-events`, "sessions"),
  row(`GET ${sitePath}/consent-events/:id`, "sessions"),
  row(`GET ${sitePath}/consent-state`, "sessions"),
  row(`GET ${sitePath}/consent-decisions`, "sessions"),
  row(`GET ${sitePath}/consent-types`, "sessions"),
  row(`POST ${sitePath}/identify`, "sessions"),
  row(`POST ${sitePath}/profile`, "sessions"),
  row(`POST ${sitePath}/compliance-requests`, "sessions", 201),
  row(`GET ${sitePath}/compliance-requests`, "sessions"),
  row(`GET ${sitePath}/compliance-requests/:id`, "sessions"),
  row(`POST ${sitePath}/compliance-requests/:id/withdraw`, "sessions"),
  // A code was mailed less than a minute ago, when the request was opened.
  row(`POST ${sitePath}/compliance-requests/:id/verification`, "sessions", 429),
  row(`POST ${sitePath}/compliance-requests/:id/verify`, "sessions"),
  row(`POST ${sitePath}/session`, "anybody", 201),
  row(`GET ${sitePath}/health-check`, "anybody"),
  row(`GET ${sitePath}/visit`, "anybody"),
  row(`POST ${sitePath}/visit`, "anybody", 201),
  row(`GET ${sitePath}/trackers`, "anybody"),
  row(`POST ${sitePath}/trackers`, "anybody", 202),
  row(`GET ${sitePath}/site-client`, "anybody"),
  row(`GET ${sitePath}/site-client/:file`, "anybody", 404),
  row(`GET ${sitePath}/widget`, "anybody"),
  row("GET /livez", "anybody"),
  row("GET /readyz", "anybody"),
]

/** Rows for `test.each`, whose titles hold the whole text, however long. */
const titled = (rows: ReadonlyArray<Row>) =>
  rows.map((each) => [each.endpoint, typeof each.may === "string" ? each.may : each.may.join(", "), each] as const)

const forKeys = table.filter(({ may }) => typeof may !== "string")
const forSessions = table.filter(({ may }) => may === "sessions")
const forAnybody = table.filter(({ may }) => may === "anybody")

/** A path: the organization, the project, and the owner of the other ids in it. */
interface Place {
  readonly name: string
  readonly organization: string
  readonly project: Project
}

const place = (name: string, owner: Organization | { readonly id: string }, project: Project): Place => ({
  name,
  organization: owner.id,
  project,
})

const own = [place("own project", acme, shop), place("another own project", acme, blog)]
const strange = [
  place("another organization's project", other, foreign),
  place("another organization's project under one's own", acme, foreign),
  place("one's own project under another organization", other, shop),
  place("a project that does not exist", acme, { ...foreign, id: nobody }),
]
const strangeOrganizations = [
  place("another organization", other, foreign),
  place("an organization that does not exist", { id: nobody }, shop),
]

/** A key of Acme: its role, and its role in the shop, if it has another one there. */
interface Key {
  readonly name: string
  readonly role: Role
  readonly inShop?: Role
  readonly secret: string
}

/** Roles of keys that have another one in the shop: every pair in the long tests. */
const mixedRoles: ReadonlyArray<readonly [role: Role, inShop: Role]> = isLong
  ? roles.flatMap((role) => roles.map((inShop) => [role, inShop] as const))
  : [
      ["owner", "none"],
      ["none", "owner"],
      ["admin", "viewer"],
      ["viewer", "admin"],
    ]

const plainKeys: ReadonlyArray<Key> = roles.map((role) => ({ name: role, role, secret: secretOf(acme, role) }))
const mixedKeys: Array<Key> = []

const server = served(startWorld)
let database: DatabaseSync
let make: ReadonlyMap<string, Make>
let sessions: { readonly shop: string; readonly blog: string }

beforeAll(async () => {
  database = new DatabaseSync(server.file, { timeout: 10_000, readOnly: true })
  make = await makers(server)
  sessions = { shop: (await visit(server)).session, blog: (await visit(server, {}, blog)).session }
  for (const [role, inShop] of mixedRoles) {
    const name = `${role}, but ${inShop} in the shop`
    const json = { name, role, permissions: [{ projectId: shop.id, role: inShop }] }
    const headers = { "x-api-key": secretOf(acme, "owner") }
    const made = await server.request("POST", `${organizations}/${acme.id}/api-keys`, { headers, json })
    mixedKeys.push({ name, role, inShop, secret: made.json.secret })
  }
})
afterAll(() => database.close())

/** The rows that a refused request must not change. */
const written = (): unknown =>
  database
    .prepare(
      `SELECT (SELECT revision FROM catalog_head), (SELECT count(*) FROM event), (SELECT count(*) FROM alias),
              (SELECT count(*) FROM person_fact), (SELECT count(*) FROM idempotency), (SELECT count(*) FROM session)`,
    )
    .get()

type Headers = Readonly<Record<string, string>>

const send = (endpoint: string, { organization, project }: Place, valid: Valid, headers: Headers): Promise<Answer> => {
  const [method, path] = endpoint.split(" ") as [string, string]
  const params = { ...valid.params, organizationId: organization, projectId: project.id }
  const { json, rows } = valid
  const sent = {
    headers: { ...headers, ...(rows !== undefined && { "content-type": "application/x-ndjson" }) },
    ...(json !== undefined && { json }),
    ...(rows !== undefined && { body: rows }),
  }
  return server.request(method, pathOf(path, params, valid.query), sent)
}

/** Sends the request and returns its outcome; expects that a refused one is a problem and has written nothing. */
const statusOf = async (endpoint: string, where: Place, valid: Valid, headers: Headers): Promise<number> => {
  const before = written()
  const answer = await send(endpoint, where, valid, headers)
  if (answer.status < 300) return answer.status
  expectProblem(answer, answer.status)
  expect(written()).toEqual(before)
  return answer.status
}

/** A valid request about the key's own entries, or about those that a path of another organization names. */
const validFor = (endpoint: string, { project }: Place): Valid | Promise<Valid> =>
  make.get(endpoint)!(project.id === nobody ? foreign : project)

describe("the table", () => {
  test("has every endpoint of the API, and no other", () => {
    const served: Array<string> = []
    HttpApi.reflect(Api, {
      onGroup: () => {},
      onEndpoint: ({ endpoint }) => void served.push(`${endpoint.method} ${endpoint.path}`),
    })
    expect(table.map(({ endpoint }) => endpoint).toSorted()).toEqual(served.toSorted())
  })
})

describe("what a key may call:", () => {
  test.each(titled(forKeys))("%s is for %s", async (endpoint, _, { isEverywhere, may, status }) => {
    const isInProject = endpoint.includes(":projectId")
    const isInOrganization = endpoint.includes(":organizationId")
    const expected: Array<string> = []
    const actual: Array<string> = []
    let valid: Valid | undefined
    const call = async (key: Key, where: Place, should: number) => {
      // The refused request is sent again, because only a valid request shows that the role may call the endpoint.
      valid ??= await validFor(endpoint, where)
      const answered = await statusOf(endpoint, where, valid, { "x-api-key": key.secret })
      if (answered < 300) valid = undefined
      expected.push(`${key.name}, ${where.name}: ${should}`)
      actual.push(`${key.name}, ${where.name}: ${answered}`)
    }
    for (const where of isInProject ? own : own.slice(0, 1)) {
      for (const key of [...plainKeys, ...mixedKeys]) {
        const role = isInProject && where.project === shop ? (key.inShop ?? key.role) : key.role
        const isAllowed = may.includes(role) && (isEverywhere !== true || may.includes(key.inShop ?? key.role))
        await call(key, where, isAllowed ? status : 403)
      }
      valid = undefined
    }
    for (const where of isInProject ? strange : isInOrganization ? strangeOrganizations : []) {
      valid = undefined
      for (const key of [...plainKeys, mixedKeys[0]!]) await call(key, where, 404)
    }
    expect(actual).toEqual(expected)
  })

  test.each(titled(forKeys))("%s is 401 without a valid key, also with a session", async (endpoint) => {
    const isNamed = endpoint.includes(":organizationId")
    for (const where of isNamed ? [own[0]!, ...strange] : [own[0]!]) {
      const valid = await validFor(endpoint, where)
      const invalid: ReadonlyArray<Headers> = [
        {},
        { "x-api-key": sessions.shop, "x-session": sessions.shop },
        { "x-api-key": "" },
        { "x-api-key": `assent_${"x".repeat(43)}` },
        { "x-api-key": sessions.shop },
        { "x-session": sessions.shop },
        { "x-session": secretOf(acme, "owner") },
        { authorization: `Bearer ${secretOf(acme, "owner")}` },
      ]
      // Without a credential the path makes no difference.
      for (const headers of isLong || where === own[0] ? invalid : invalid.slice(0, 2)) {
        expect([headers, await statusOf(endpoint, where, valid, headers)]).toEqual([headers, 401])
      }
    }
  })

  test.each(titled(forKeys.filter(({ endpoint }) => /:(?!organization|project|name|language)/.test(endpoint))))(
    "%s does not find under one's own path what is another's",
    async (endpoint) => {
      const headers = { "x-api-key": secretOf(acme, "owner") }
      const others = endpoint.includes(":projectId") ? [strange[0]!, own[1]!] : [strange[0]!]
      for (const where of others) {
        const valid = await validFor(endpoint, where)
        // The answer about a person repeats the id only: an unknown person is answered in the same way.
        if (endpoint === `GET ${organizationPath}/people/:concordId`) {
          const { concordId } = valid.params!
          const answer = await send(endpoint, own[0]!, valid, headers)
          expect(answer.json).toEqual({ concordId, members: [concordId], identifiers: [], facts: [] })
        } else expect(await statusOf(endpoint, own[0]!, valid, headers)).toBe(404)
      }
    },
  )

  test("HEAD is answered as GET is", async () => {
    for (const { endpoint } of forKeys.filter((each) => each.endpoint.startsWith("GET "))) {
      const [, path] = endpoint.split(" ") as [string, string]
      for (const where of [own[0]!, strange[0]!]) {
        const valid = await validFor(endpoint, where)
        const params = { ...valid.params, organizationId: where.organization, projectId: where.project.id }
        for (const secret of [secretOf(acme, "owner"), secretOf(acme, "none"), "unknown"]) {
          const headers = { "x-api-key": secret }
          const [get, head] = await Promise.all(
            ["GET", "HEAD"].map((method) => server.request(method, pathOf(path, params, valid.query), { headers })),
          )
          expect([endpoint, secret, head!.status]).toEqual([endpoint, secret, get!.status])
          expect(head!.text).toBe("")
        }
      }
    }
  })
})

describe("what a session may call:", () => {
  /** The visitor's own event or compliance request, for the endpoint that names one. */
  const validOf = async (endpoint: string, session: string): Promise<Valid> => {
    const [, list] = /\/([a-z-]+)\/:id/.exec(endpoint) ?? []
    if (list === undefined) return validFor(endpoint, own[0]!)
    const makes = `POST ${sitePath}/${list}`
    const { json } = await send(makes, own[0]!, await validFor(makes, own[0]!), { "x-session": session })
    const further = endpoint.endsWith("/:id") ? {} : await validFor(endpoint, own[0]!)
    return { ...further, params: { id: json.id ?? json.items[0].id } }
  }

  test.each(titled(forSessions))("%s is for %s of the project", async (endpoint, _, { status }) => {
    const { session } = await visit(server)
    const valid = await validOf(endpoint, session)
    expect(await statusOf(endpoint, own[0]!, valid, { "x-session": session })).toBe(status)
  })

  test.each(titled(forSessions))("%s is 401 without one, also with an owner's key", async (endpoint) => {
    const valid = await validOf(endpoint, (await visit(server)).session)
    const owner = secretOf(acme, "owner")
    for (const headers of [
      {},
      { "x-session": "" },
      { "x-session": "x".repeat(43) },
      { "x-session": sessions.blog },
      { "x-session": owner },
      { "x-api-key": owner },
      { "x-session": owner, "x-api-key": owner },
      { "x-api-key": sessions.shop },
    ] as ReadonlyArray<Headers>) {
      expect([headers, await statusOf(endpoint, own[0]!, valid, headers)]).toEqual([headers, 401])
    }
  })

  test.each(titled(forSessions))("%s is 404 where there is no such project", async (endpoint) => {
    const valid = await validOf(endpoint, (await visit(server)).session)
    const nowhere = place("nowhere", acme, { ...shop, id: nobody })
    expect(await statusOf(endpoint, nowhere, valid, { "x-session": sessions.shop })).toBe(404)
  })
})

describe("what any caller may call:", () => {
  test.each(titled(forAnybody))("%s is for %s, with any credential or none", async (endpoint, _, { status }) => {
    for (const credential of [
      {},
      { "x-api-key": "unknown", "x-session": "unknown" },
      { "x-api-key": secretOf(acme, "none") },
      { "x-api-key": secretOf(other, "owner"), "x-session": sessions.blog },
    ] as ReadonlyArray<Headers>) {
      const headers = { ...credential, origin: "https://shop.example" }
      expect(await statusOf(endpoint, own[0]!, await validFor(endpoint, own[0]!), headers)).toBe(status)
    }
  })
})
