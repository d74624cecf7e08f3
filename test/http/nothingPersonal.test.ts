/**
 * Nothing personal and nothing secret leaves by the log, the metrics or the traces: every endpoint is called in every
 * way with marked values, and the whole output of the process is searched for them.
 */
import { rmSync } from "node:fs"
import { createHash } from "node:crypto"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { sentTo, startCollector, type Collector } from "../support/collector.ts"
import { isLong } from "../support/long.ts"
import { startPostgres, type Postgres } from "../support/postgres.ts"
import { eventually, startEmpty, type Banner, type Sent, type Server } from "../support/server.ts"
import { linesOf, lineOf, scrape } from "./logLines.ts"

/** Values that are sent and must not leave the server. The server itself makes no such values. */
const marks = {
  word: "zq7mark",
  phone: "15199977712",
  uuid: "feedface-0bad-4dad-8bad-c0ffee123456",
  address: "127.0.7.77",
}

/** Whether a text holds a value: as it is, in capitals, without hyphens, or as its bytes in hexadecimal or base64. */
const holds = (text: string, value: string): boolean => {
  const searched = text.toLowerCase()
  const hex = Buffer.from(value).toString("hex")
  const base64 = Buffer.from(value).toString("base64url").slice(0, -1)
  return (
    [value.toLowerCase(), value.toLowerCase().replaceAll("-", ""), hex].some((form) => searched.includes(form)) ||
    text.includes(base64)
  )
}

/** The kinds of marked values that a text holds. */
const leaks = (text: string, values: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  Object.entries(values).flatMap(([name, value]) => (holds(text, value) ? [name] : []))

const person = {
  concordId: marks.uuid,
  userId: `${marks.word}-user`,
  projectUserId: `${marks.word}-project-user`,
  email: `${marks.word}@example.com`,
  phoneNumber: `+49${marks.phone}`,
}

/** One body for all endpoints: each takes the members that it knows, or refuses the body. */
const bodies = (consentType: string): ReadonlyArray<Sent> => {
  const item = { consentType, consentState: "accepted", consentAction: "user_click" }
  const text = { name: `${marks.word} name`, description: `${marks.word} text`, document: `${marks.word} document` }
  const names = {
    category: marks.word,
    subcategory: [marks.word],
    label: marks.word,
    url: `https://${marks.word}.example`,
  }
  const profile = { firstName: marks.word, lastName: marks.word, address: { city: marks.word } }
  const proof = {
    type: "email",
    value: person.email,
    format: "plain",
    token: `${marks.word}.${marks.word}.${marks.word}`,
  }
  const asks = { notes: marks.word, requestDetails: marks.word, captureUrl: `https://localhost/${marks.word}` }
  const all = { ...text, ...names, ...profile, ...proof, contextId: marks.uuid, domains: [`${marks.word}.example`] }
  return [
    { json: { ...all, items: [{ ...item, ...person, externalId: marks.word }] } },
    { json: { items: [{ ...item, userId: person.userId }] } },
    { json: { items: [{ person: { email: person.email }, consentType }] } },
    { json: { ...text, primaryDomain: `${marks.word}.example`, privacyPolicyUrl: `https://${marks.word}.example/p` } },
    { json: { ...text, ...names, validStates: [marks.word], consentDuration: marks.word } },
    { json: profile },
    { json: proof },
    { json: { contextId: marks.uuid } },
    { json: { items: [{ request: "do_not_sell", ...asks, userId: person.userId, user: { email: person.email } }] } },
    { json: { request: "view", ...asks, userEmail: person.email, userFirstName: marks.word } },
    {
      json: { ...asks, status: "resolved", resolutionStatus: "denied", denialGround: "other", resolution: marks.word },
    },
    { body: `${JSON.stringify({ ...item, ...person })}\n`, headers: { "content-type": "application/x-ndjson" } },
    { body: `userId,email\n${person.userId},${person.email}\n"${marks.word}`, headers: { "content-type": "text/csv" } },
    { body: `{"items":[{"email":"${person.email}"`, headers: { "content-type": "application/json" } },
    { body: `${marks.word}=1`, headers: { "content-type": "application/x-www-form-urlencoded" } },
    {},
  ]
}

interface Operation {
  readonly method: string
  readonly path: string
}

/** Every operation of the description. */
const operations = async (server: Server): Promise<ReadonlyArray<Operation>> => {
  const { paths } = (await server.request("GET", "/openapi.json")).json
  return Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  )
}

const more = {
  "user-agent": `Mozilla/5.0 ${marks.word}`,
  "x-request-id": marks.word,
  "idempotency-key": marks.uuid,
  traceparent: `00-${marks.word}-${marks.word}-01`,
  tracestate: `a=${marks.word}`,
  baggage: `user=${marks.word}`,
  referer: `https://${marks.word}.example/${marks.uuid}`,
  cookie: `id=${marks.word}`,
  "x-forwarded-for": marks.address,
  "x-geography": marks.word,
  "if-none-match": `"${marks.word}"`,
}

/** Calls an operation with each credential, each query and each body, with marks in every place for a value. */
const ask = async (
  server: Server,
  { method, path }: Operation,
  { apiKey, consentTypes, organization, project, session }: Banner,
) => {
  const known = path.replace("{organizationId}", organization).replace("{projectId}", project)
  const query = new URLSearchParams({ ...person, submitter: marks.word, cursor: marks.word, [marks.word]: marks.word })
  const targets = [known.replaceAll(/\{\w+\}/g, marks.uuid), path.replaceAll(/\{\w+\}/g, marks.word)]
  const queries = ["", `?${query}`, `?email=${encodeURIComponent(person.email)}`]
  const credentials = [
    { "x-api-key": apiKey },
    { "x-session": session },
    { "x-api-key": marks.word, "x-session": marks.word },
  ]
  const sent = method === "GET" || method === "DELETE" ? [{}] : bodies(consentTypes[0]!)
  const statuses: Array<number> = []
  for (const target of targets) {
    for (const [n, text] of queries.entries()) {
      for (const credential of credentials) {
        // An unknown path or credential is refused before a body is read, and so is a query: one body will do.
        const isRead = target === targets[0] && n === 0 && !Object.values(credential).includes(marks.word)
        for (const each of isRead ? sent : sent.slice(0, 1)) {
          const headers = { ...more, origin: "http://localhost", ...credential, ...each.headers }
          const answer = await server.request(method, target + text, { ...each, headers })
          statuses.push(answer.status)
        }
      }
    }
  }
  return statuses
}

/** Sends bytes from another address, and waits until the connection is closed. */
const fromAddress = async (server: Server, head: string): Promise<void> => {
  const talk = await server.connect(marks.address)
  talk.write(`${head}\r\nHost: ${marks.word}\r\nUser-Agent: ${marks.word}\r\nConnection: close\r\n\r\n`)
  await talk.closed
}

let postgres: Postgres
let collector: Collector
beforeAll(async () => {
  if (isLong) postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

/** The second is among the long tests, because both call every endpoint. */
const servers = [
  ["SQLite, protobuf, log as JSON", "json", "http/protobuf", async () => ({})],
  [
    "PostgreSQL, JSON, log for people",
    "pretty",
    "http/json",
    async () => ({ ASSENT_STORE: await postgres.database() }),
  ],
] as const

describe.each(isLong ? servers : servers.slice(0, 1))("%s:", (_, format, protocol, store) => {
  let server: Server
  const statuses = new Set<number>()
  const scraped: Array<string> = []

  beforeAll(async () => {
    collector = await startCollector()
    server = await startEmpty({
      ...(await store()),
      ...sentTo(collector, protocol),
      ASSENT_METRICS_PORT: format === "json" ? "0" : "",
      ASSENT_LOG_LEVEL: "debug",
      ASSENT_LOG_FORMAT: format,
      ASSENT_GEOGRAPHY_HEADER: "x-geography",
      ASSENT_RATE_LIMIT_SESSION: "300",
    })
    const banner = server.banner()
    for (const operation of await operations(server)) {
      for (const status of await ask(server, operation, banner)) statuses.add(status)
    }
    await fromAddress(server, `GET /${marks.word}?email=${person.email} HTTP/1.1`)
    await fromAddress(server, `GET http://${marks.word}/ HTTP/1.1`)
    await fromAddress(server, `${marks.word} / HTTP/1.1`)
    await fromAddress(
      server,
      `POST /site-v1/${banner.project}/session HTTP/1.1\r\nOrigin: http://localhost\r\nContent-Length: 0`,
    )
    const origin = `https://${marks.word}.example`
    const foreign = await server.request("POST", `/site-v1/${banner.project}/session`, { headers: { ...more, origin } })
    statuses.add(foreign.status)
    statuses.add((await server.request("PUT", `/livez?${marks.word}`, { headers: more })).status)
    // The store goes away: failures hold no marks either.
    if (server.file !== "" && format === "json" && protocol === "http/protobuf") {
      for (const suffix of ["", "-wal", "-shm"]) rmSync(`${server.file}${suffix}`, { force: true })
      // With another key than before, because a repeated request would be answered without the store.
      const headers = { ...more, "x-api-key": banner.apiKey, "idempotency-key": `${marks.word}-again` }
      const path = `/privacy-v1/organizations/${banner.organization}/projects/${banner.project}/consent-events`
      const failed = await server.request("POST", path, { ...bodies(banner.consentTypes[0]!)[1], headers })
      expect(failed.status).toBe(503)
      statuses.add(failed.status)
    }
    if (format === "json") scraped.push(await scrape(server))
    const last = await server.request("GET", "/livez")
    if (format === "json") await lineOf(server, last.headers["x-request-id"])
    await eventually(() => collector.received().some((sent) => sent.startsWith("/v1/metrics")), "metrics are sent")
    expect((await server.end("SIGTERM")).code).toBe(0)
  }, 200_000)
  afterAll(async () => {
    await server.stop()
    await collector.stop()
  })

  test("what was asked was answered in every way, and logged", () => {
    for (const status of [200, 201, 400, 401, 403, 404, 405, 415, 422]) expect(statuses).toContain(status)
    if (protocol === "http/protobuf") expect(statuses).toContain(503)
    const traces = collector.received().filter((sent) => sent.startsWith("/v1/traces"))
    expect(traces.join("").length).toBeGreaterThan(100_000)
    expect(traces.join("")).toContain("/site-v1/:projectId/identify")
    expect(traces.join("")).toContain("LedgerStore.append")
    if (format === "pretty") return expect(server.log()).toMatch(/ 201 POST   \/privacy-v1\/organizations\/…\/projects/)
    expect(linesOf(server).filter(({ message }) => message === "request").length).toBeGreaterThan(500)
    return expect(scraped.join("")).toContain('route="/site-v1/:projectId/identify"')
  })

  test("none of it holds what was sent, or a secret", () => {
    const { apiKey, session } = server.banner()
    const secrets = { apiKey, key: apiKey.replace("assent_", ""), session }
    const hashes = Object.fromEntries(
      Object.entries(secrets).map(([name, value]) => [
        `${name}'s hash`,
        createHash("sha256").update(value).digest("hex"),
      ]),
    )
    const values = { ...marks, ...secrets, ...hashes }
    expect(leaks(server.log(), values)).toEqual([])
    expect(leaks(scraped.join(""), values)).toEqual([])
    expect(leaks(collector.received().join("\n"), values)).toEqual([])
  })

  test("the search would have found it", () => {
    const output = [server.log(), ...collector.received()].join("\n")
    for (const [name, value] of Object.entries(marks)) {
      for (const form of [value, value.toUpperCase(), Buffer.from(value).toString("hex")]) {
        expect(leaks(`${output}{"told":"${form}"}`, marks)).toEqual([name])
      }
    }
    // The values that leave on purpose are found, so the search works.
    const { organization } = server.banner()
    expect(leaks(server.log(), { organization })).toEqual(["organization"])
    expect(leaks(collector.received().join("\n"), { service: "assent.request_id" })).toEqual(["service"])
  })
})
