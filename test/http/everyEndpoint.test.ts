/**
 * What holds for every endpoint of the API, read from the `Api` value: a request is authorized before its body is read,
 * and no cache gives the answer of one credential to another.
 */
import { Schema } from "effect"
import { HttpApi } from "effect/http-api"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Api } from "../../adapters/http/api/Api.ts"
import { KeyRequired, SessionRequired } from "../../adapters/http/api/Credentials.ts"
import * as RouteTable from "../../adapters/http/server/RouteTable.ts"
import { isLong } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { served } from "../support/served.ts"
import { type Server, startEmpty } from "../support/server.ts"
import { expectProblem } from "./problem.ts"
import { acme, asOwner, asVisitor, nobody, other, secretOf, shop, startWorld, visit } from "./world.ts"

interface Endpoint {
  readonly method: string
  readonly template: string
  readonly credential: "x-api-key" | "x-session" | undefined
  /** The names of its query parameters. */
  readonly parameters: ReadonlyArray<string>
}

const parametersOf = (query: Schema.Top | undefined): ReadonlyArray<string> => {
  if (query === undefined) return []
  const { properties = {} } = Schema.toJsonSchemaDocument(Schema.toEncoded(query)).schema as { properties?: object }
  return Object.keys(properties)
}

const endpoints: Array<Endpoint> = []
HttpApi.reflect(Api, {
  onGroup: () => {},
  onEndpoint: ({ endpoint: { method, path, query }, middleware }) => {
    const keys = new Set([...middleware].map(({ key }) => key))
    const isForKeys = keys.has(KeyRequired.key)
    const credential = isForKeys ? "x-api-key" : keys.has(SessionRequired.key) ? "x-session" : undefined
    endpoints.push({ method, template: path, credential, parameters: parametersOf(query) })
  },
})
const titled = endpoints.map((endpoint) => [`${endpoint.method} ${endpoint.template}`, endpoint] as const)

const pathOf = ({ template }: Endpoint): string =>
  template.replace(":organizationId", acme.id).replace(":projectId", shop.id).replaceAll(/:\w+/g, nobody)

const server = served(startWorld)
const asPage = { origin: `https://${shop.domains[0]}` }

describe("before the body of a request is read, its credential, path and role are checked:", () => {
  const withBody = titled.filter(([, { credential, method }]) => credential !== undefined && method !== "GET")

  // Mutant: the body is read first.
  test.each(withBody)("%s", async (_, endpoint) => {
    const credentials =
      endpoint.credential === "x-session"
        ? [["nobody", 401] as const]
        : [["nobody", 401] as const, [secretOf(other, "owner"), 404] as const, [secretOf(acme, "none"), 403] as const]
    const check = async ([secret, status]: (typeof credentials)[number]) => {
      // Creating an organization has no organization in its path.
      if (status === 404 && !endpoint.template.includes(":organizationId")) return
      const connection = await server.connect()
      connection.write(
        `${endpoint.method} ${pathOf(endpoint)} HTTP/1.1\r\nHost: a\r\n${endpoint.credential}: ${secret}\r\n` +
          "Content-Type: application/json\r\nContent-Length: 999999\r\n\r\n{",
      )
      expect(await connection.until(/^HTTP\/1.1 \d+/), `${status}`).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
      connection.socket.destroy()
    }
    await Promise.all(credentials.map(check))
  })
})

describe("every answer names in Vary the credential that it depends on:", () => {
  test.each(titled)("%s", async (_, endpoint) => {
    const path = pathOf(endpoint)
    const json = endpoint.method === "GET" ? {} : { json: {} }
    const send = (headers: Readonly<Record<string, string>>) =>
      server.request(endpoint.method, path, { headers, ...json })
    // A file for every page depends on neither the page nor the visitor.
    const isOfVisitor = path.startsWith("/site-v1") && !RouteTable.isPublicFile(path)
    const varies = (endpoint.credential ?? "") + (isOfVisitor ? " origin x-session" : "")
    const { session } = await visit(server)
    const answers = await Promise.all([
      send({}),
      send({ "x-api-key": "nobody", "x-session": "nobody" }),
      send({ ...asOwner, "x-session": session }),
      send({ ...asOwner, "x-session": session, ...asPage }),
      send({ "x-api-key": secretOf(other, "none"), "x-session": session, "if-none-match": "*" }),
      server.request("OPTIONS", path, { headers: { ...asPage, "access-control-request-method": "POST" } }),
    ])
    for (const { headers, status } of answers) {
      const named = (headers.vary ?? "").toLowerCase().split(/, */)
      for (const name of varies.split(" ").filter(Boolean)) expect(named, `${status}`).toContain(name)
    }
  })
})

describe("an answer that may be kept", () => {
  test("names it on 304 and 429, too", async () => {
    const limited = await startWorld({ ASSENT_RATE_LIMIT_SESSION: "1", ASSENT_STATE_MAX_AGE: "60" })
    const visitor = await visit(limited)
    const kept = await asVisitor(limited, visitor, "GET", "consent-state", { headers: { "if-none-match": "*" } })
    const refused = await asVisitor(limited, visitor, "GET", "consent-state")
    expect([kept, refused].map(({ headers, status }) => [status, headers.vary])).toEqual([
      [304, "Origin, x-session"],
      [429, "Origin, x-session"],
    ])
    await limited.stop()
  })

  // Mutant: the tag is of the body alone.
  test("has another tag for another person, although nothing is said by either", async () => {
    const tags = await Promise.all(
      [1, 2].map(async () => {
        const { headers, json } = await asVisitor(server, await visit(server), "GET", "consent-state")
        expect(json.items).toEqual([])
        return headers.etag
      }),
    )
    expect(new Set(tags).size).toBe(2)
  })
})

/** The parameters that a store compares as texts. */
const texts = new Set(["domain", "geography", "label", "subcategory"])

const stores = ["SQLite", "PostgreSQL", ...(isLong ? ["memory"] : [])]

describe.each(stores)("a character that no store can hold, on %s:", (store) => {
  let postgres: Postgres | undefined
  let started: Server | undefined
  const request: Server["request"] = (...sent) => (started ?? server).request(...sent)
  let asked: { readonly organization: string; readonly project: string; readonly headers: Record<string, string> }
  beforeAll(async () => {
    if (store === "SQLite") {
      const { session } = await visit(server)
      asked = { organization: acme.id, project: shop.id, headers: { ...asOwner, "x-session": session } }
      return
    }
    if (store === "PostgreSQL") postgres = await startPostgres()
    started = await startEmpty({ ASSENT_STORE: (await postgres?.database()) ?? "memory:" })
    const { apiKey, organization, project, session } = started.banner()
    asked = { organization, project, headers: { "x-api-key": apiKey, "x-session": session } }
  })
  afterAll(async () => {
    await started?.stop()
    await postgres?.stop()
  })

  // Mutants: the query is not checked; the error of PostgreSQL is a store that is away.
  test.each(titled.filter(([, { parameters }]) => parameters.length > 0))("%s", async (_, endpoint) => {
    const path = pathOf(endpoint).replace(acme.id, asked.organization).replace(shop.id, asked.project)
    const check = async (parameter: string, value: string) => {
      const answer = await request(endpoint.method, `${path}?${parameter}=${value}`, { headers: asked.headers })
      // Identifiers are hashed, so they may have it; a cursor, date, number or name is wrong for another reason, and
      // there is no such webhook, and no such compliance request to attach a file to.
      expect([200, 400, 415, 422, ...(/\/webhooks\/|\/files$/.test(path) ? [404] : [])]).toContain(answer.status)
      if (!texts.has(parameter)) return
      expectProblem(answer, 422)
      expect(answer.json.errors).toMatchObject([{ parameter, code: "invalid" }])
      expect(answer.headers).not.toHaveProperty("retry-after")
    }
    const values = ["%00", "a%00b"]
    await Promise.all(endpoint.parameters.flatMap((parameter) => values.map((value) => check(parameter, value))))
    const inPath = await request(endpoint.method, `${path}%00`, { headers: asked.headers })
    expectProblem(inPath, 404)
  })
})
