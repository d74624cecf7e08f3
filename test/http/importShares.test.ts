/**
 * Imports that share a server: none keeps another organization's from running, and each is authorized again before
 * every block, on every server.
 */
import { request as httpRequest, type ClientRequest } from "node:http"
import { DatabaseSync } from "node:sqlite"
import { gzipSync } from "node:zlib"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import * as StillAllowed from "../../adapters/http/server/StillAllowed.ts"
import { isLong, times } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { served } from "../support/served.ts"
import { type Answer, eventually, type Server, start } from "../support/server.ts"
import { expectProblem } from "./problem.ts"
import {
  acme,
  asOwner,
  foreign,
  foreignNewsletter,
  other,
  privacy,
  secretOf,
  shop,
  startWorld,
  startWorldOn,
  yes,
} from "./world.ts"

const asOther = { "x-api-key": secretOf(other, "owner") }
const importOf = {
  shop: `${privacy(shop)}/consent-events/import`,
  foreign: `${privacy(foreign)}/consent-events/import`,
}
const ndjson = { "content-type": "application/x-ndjson" }

const rowsOf = (word: string, count: number, item: object = {}): string =>
  Array.from({ length: count }, (_, index) => {
    const consentDate = new Date(1_600_000_000_000 + index * 1000).toISOString()
    return `${JSON.stringify(yes({ userId: `${word} ${index % 50}`, consentDate, ...item }))}\n`
  }).join("")

const uploads: Array<ClientRequest> = []
afterEach(() => uploads.splice(0).forEach((upload) => upload.destroy()))

/** An import whose rows are written one after the other. */
const upload = (server: Server, path: string, key: Readonly<Record<string, string>>) => {
  const sent = httpRequest({
    host: "127.0.0.1",
    port: server.port,
    method: "POST",
    path,
    headers: { ...ndjson, ...key },
  })
  uploads.push(sent)
  const answer = new Promise<{ status: number; json: { readonly detail: string } }>((resolve, reject) => {
    sent.once("error", reject).once("response", (response) => {
      let text = ""
      response.on("data", (chunk) => (text += chunk))
      response.once("end", () => resolve({ status: response.statusCode!, json: JSON.parse(text) }))
    })
  })
  answer.catch(() => {})
  return { write: (rows: string) => void sent.write(rows), end: (rows: string) => void sent.end(rows), answer }
}

/** Reads one number from the ledger's file. */
const read = (server: Server, sql: string, ...parameters: ReadonlyArray<string | number>): number => {
  const database = new DatabaseSync(server.file, { readOnly: true, timeout: 10_000 })
  try {
    return Number(database.prepare(`SELECT (${sql}) AS n`).get(...parameters)!["n"])
  } finally {
    database.close()
  }
}

const recordedOf = (server: Server, consentType: string): number =>
  read(server, "SELECT count(*) FROM event WHERE instr(body, ?) > 0", consentType)

/** The place of the last event, in the order in which all events are recorded. */
const lastRecorded = (server: Server): number => read(server, "SELECT max(rowid) FROM event")

/** Of the events after a place: the number of those of a consent type that are between two of other types. */
const recordedBetween = (server: Server, consentType: string, after: number): number => {
  const others = "FROM event WHERE rowid > ?1 AND instr(body, ?2) = 0"
  const between = `rowid BETWEEN (SELECT min(rowid) ${others}) AND (SELECT max(rowid) ${others})`
  return read(server, `SELECT count(*) FROM event WHERE instr(body, ?2) > 0 AND ${between}`, after, consentType)
}

const server = served(startWorld)

describe("imports of several organizations", () => {
  const run = (word: string, count = 2500) =>
    server.request("POST", importOf.shop, { headers: { ...ndjson, ...asOwner }, body: rowsOf(word, count) })

  // Mutants: an import keeps its place while it waits for its client; an organization has no share of its own.
  test.each([4, 40])("%i that hardly send anything keep out no import of another organization", async (count) => {
    const slow = Array.from({ length: count }, () => upload(server, importOf.foreign, asOther))
    for (const { write } of slow) write(`{"consentType":"`)
    const refused: Array<number> = []
    for (const { answer } of slow) {
      answer.then(
        ({ status }) => refused.push(status),
        () => {},
      )
    }
    // Those above the share of the organization are refused at once.
    const above = Math.max(0, count - 8)
    await eventually(() => refused.length === above, "the imports above the share are refused")
    expect(refused).toEqual(Array.from({ length: above }, () => 503))
    expect((await run(`beside ${count}`)).json).toMatchObject({ recorded: 2500 })
  })

  test("a request that is not authorized is no import, whatever its path ends in", async () => {
    const head = (path: string, key: string) =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nx-api-key: ${key}\r\nContent-Type: application/x-ndjson\r\nContent-Length: 999\r\n\r\n`
    const refused = await Promise.all(
      Array.from({ length: 70 }, async (_, n) => {
        const connection = await server.connect()
        connection.write(head(n % 2 === 0 ? importOf.shop : "/x/consent-events/import", "unknown"))
        return connection
      }),
    )
    for (const connection of refused) expect(await connection.until(/^HTTP\/1.1 40[14] /)).toMatch(/ 40[14] /)
    expect((await run("after refusals", 1)).status).toBe(200)
    for (const { socket } of refused) socket.destroy()
  })

  const blockRows = times(4000, 12_000)
  const othersRows = times(2500, 12_000)

  // Mutant: blocks wait in one queue for all organizations.
  test("get about the same number of blocks, however many imports one of them has", async () => {
    const many = Array.from({ length: 8 }, (_, n) => {
      const sent = upload(server, importOf.foreign, asOther)
      sent.end(rowsOf(`many ${n}`, othersRows, { consentType: foreignNewsletter.id }))
      return sent
    })
    await eventually(() => recordedOf(server, foreignNewsletter.id) > 0, "the first blocks are recorded")
    const before = lastRecorded(server)
    const one = await run("one", blockRows)
    expect(one.json).toMatchObject({ recorded: blockRows })
    for (const { answer } of many) expect((await answer).status).toBe(200)
    const others = recordedBetween(server, foreignNewsletter.id, before)
    // The blocks of one import wait for each other, too.
    expect(others).toBeLessThan(3 * blockRows)
  })

  // Mutants: rejected rows have no bound; blank lines have none.
  test.each([
    ["NDJSON of null", "null\n", ndjson, /of what came before, (\d+) rows/],
    ["NDJSON of blank lines", "\n", ndjson, /of what came before, (\d+) rows/],
    ["CSV of blank lines", "\n", { "content-type": "text/csv" }, /of what came before, (\d+) rows/],
  ])("one of %s without end is ended early", async (_, line, type, pattern) => {
    const bomb = gzipSync("userId\n" + line.repeat(3_000_000), { level: 9 })
    const answer = await server.request("POST", importOf.shop, { headers: { ...asOwner, ...type }, body: bomb })
    expectProblem(answer, 422)
    expect(answer.json.errors).toMatchObject([{ code: "worthless" }])
    expect(Number(pattern.exec(answer.json.detail)![1])).toBeLessThan(20_000)
  })

  test("one that is far longer than what is sent is ended, although it has no rows", async () => {
    const bomb = gzipSync(Buffer.alloc(128 * 1024 * 1024, "x"), { level: 9 })
    const answer = await server.request("POST", importOf.shop, { headers: { ...asOwner, ...ndjson }, body: bomb })
    expectProblem(answer, 422)
    expect(answer.json.detail).toContain("200 times")
  })

  test("one with as many good rows as others is not ended", async () => {
    const body = `${rowsOf("good", 11_000)}${"null\n".repeat(20_000)}`
    const answer = await server.request("POST", importOf.shop, { headers: { ...asOwner, ...ndjson }, body })
    expect([answer.status, answer.json.rejected, answer.json.recorded]).toEqual([200, 20_000, 11_000])
  })
})

const places = ["one server on SQLite", "two servers on one PostgreSQL"]
describe.each(isLong ? places : places.slice(0, 1))("with %s", (place) => {
  let postgres: Postgres | undefined
  let servers: readonly [Server, Server]
  beforeAll(async () => {
    if (place === places[0]) {
      servers = [server, server]
      return
    }
    postgres = await startPostgres()
    const database = await postgres.database()
    servers = [await startWorldOn(database), await start({ env: { ASSENT_STORE: database } })]
  })
  afterAll(async () => {
    for (const each of servers.toReversed()) if (each !== server) await each.stop()
    await postgres?.stop()
  })

  const organization = `/privacy-v1/organizations/${acme.id}`
  const newKey = async () => {
    const json = { name: "A key", role: "limited" }
    const { id, secret } = (await servers[0].request("POST", `${organization}/api-keys`, { headers: asOwner, json }))
      .json
    return { path: `${organization}/api-keys/${id}`, headers: { "x-api-key": secret } }
  }
  const events = async (word: string): Promise<number> => {
    const path = `${privacy()}/consent-decisions?userId=${encodeURIComponent(word)}`
    return (await servers[0].request("GET", path, { headers: asOwner })).json.items.filter(
      ({ status }: { readonly status: string }) => status === "given",
    ).length
  }
  const changed = (answer: Answer) => expect(answer.status).toBeLessThan(300)

  const revocations = [
    ["is revoked", 401, (path: string) => servers[0].request("DELETE", path, { headers: asOwner })],
    [
      "may only read",
      403,
      (path: string) => servers[0].request("PATCH", path, { headers: asOwner, json: { role: "viewer" } }),
    ],
  ] as const

  // Mutant: the key is looked up only when the import begins.
  test.each(revocations)("an import whose key %s ends before the next block", async (what, status, revoke) => {
    const { headers, path } = await newKey()
    const sent = upload(servers[1], importOf.shop, headers)
    sent.write(rowsOf(`first ${what}`, 1000))
    for (let known = 0; known === 0;) known = await events(`first ${what} 49`)
    changed(await revoke(path))
    sent.end(rowsOf(`second ${what}`, 2500))
    const answer = await sent.answer
    expect([answer.status, answer.json.detail]).toEqual([
      status,
      expect.stringContaining("of what came before, 1000 rows were taken in"),
    ])
    expect(await events(`second ${what} 1`)).toBe(0)
  })

  // Mutant: the key is looked up only before the body.
  test("a slow body records nothing if the key was revoked before its end", async () => {
    const { headers, path } = await newKey()
    const body = JSON.stringify({ items: [yes({ userId: "slow" })] })
    const connection = await servers[1].connect()
    connection.write(
      `POST ${privacy()}/consent-events HTTP/1.1\r\nHost: a\r\nx-api-key: ${headers["x-api-key"]}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
    )
    // Once a later request with the key is answered, the server reads the body of this one.
    expect((await servers[1].request("GET", `${privacy()}/consent-types`, { headers })).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 2 * StillAllowed.momentMillis))
    changed(await servers[0].request("DELETE", path, { headers: asOwner }))
    connection.write(body.slice(9))
    expect(await connection.until(/^HTTP\/1.1 \d+/)).toMatch(/^HTTP\/1.1 401/)
    connection.socket.destroy()
    expect(await events("slow")).toBe(0)
  })

  test("an import into a project that is archived meanwhile takes in only declined rows from the next block on", async () => {
    const status = (status: string) =>
      servers[0].request("PATCH", privacy(), { headers: asOwner, json: { status } }).then(changed)
    const sent = upload(servers[1], importOf.shop, asOwner)
    sent.write(rowsOf("before the archive", 1000))
    for (let known = 0; known === 0;) known = await events("before the archive 49")
    await status("archived")
    sent.end(rowsOf("after the archive", 10) + rowsOf("declines", 10, { consentState: "declined" }))
    const { json } = await sent.answer
    await status("active")
    expect(json).toMatchObject({ recorded: 1010, rejected: 10 })
  })
})
