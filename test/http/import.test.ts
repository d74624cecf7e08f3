/**
 * `POST consent-events/import`: rows are recorded while they arrive, in bounded memory; cut off anywhere and sent
 * again, each is recorded once.
 */
import { createServer, request, type Server as HttpServer } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { DatabaseSync } from "node:sqlite"
import { gzipSync } from "node:zlib"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import * as Deadline from "../../adapters/http/server/Deadline.ts"
import * as NodeServer from "../../adapters/http/server/NodeServer.ts"
import * as Unparsed from "../../adapters/http/server/Unparsed.ts"
import { eventually, type Server, start, startEmpty } from "../support/server.ts"
import { expectProblem } from "./problem.ts"
import { acme, asOwner, ownerKeyId, privacy, secretOf, startWorld, types, violations, yes } from "./world.ts"

let server: Server
beforeAll(async () => {
  server = await startWorld()
})
afterAll(() => server.stop())

const path = `${privacy()}/consent-events/import`
const ndjson = { ...asOwner, "content-type": "application/x-ndjson" }

/** Rows about people of their own, whose names contain `word`. */
const rowsOf = (word: string, count: number): string =>
  Array.from({ length: count }, (_, index) => {
    const consentDate = new Date(1_600_000_000_000 + index * 1000).toISOString()
    return `${JSON.stringify(yes({ userId: `${word} ${index % 50}`, consentDate }))}\n`
  }).join("")

const send = (body: string | Uint8Array, query = "", headers: Readonly<Record<string, string>> = ndjson) =>
  server.request("POST", path + query, { headers, body })

const count = (): number => {
  const database = new DatabaseSync(server.file, { readOnly: true })
  try {
    return Number(database.prepare("SELECT count(*) AS n FROM event").get()!["n"])
  } finally {
    database.close()
  }
}

describe("an import", () => {
  test("answers what became of the rows; events are the key's, and imported where nothing says more", async () => {
    const rows = [
      yes({ userId: "a", consentDate: "2024-01-31T00:00:00Z", consentAction: undefined }),
      yes({ userId: "a" }),
      "x",
    ]
    const answer = await send(rows.map((row) => JSON.stringify(row)).join("\n"))
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ dryRun: false, rows: 3, recorded: 1, recordedBefore: 0, rejected: 2 })
    expect(answer.json.rejections.map(({ code, field, line }: Record<string, unknown>) => [line, field, code])).toEqual(
      [
        [2, "consentDate", "missing"],
        [3, "", "unreadable"],
      ],
    )
    const { items } = (
      await server.request("GET", `${privacy()}/consent-events?submitter=${ownerKeyId}`, { headers: asOwner })
    ).json
    expect(items).toMatchObject([{ consentAction: "import", submitter: ownerKeyId }])
  })

  test("takes CSV with a delimiter and a mapping, packed or not", async () => {
    const map = JSON.stringify({
      userId: "id",
      consentType: { value: types.newsletter.id },
      consentDate: { column: "at", as: "seconds" },
    })
    const query = `?${new URLSearchParams({ delimiter: ";", map })}`
    const csv = { ...asOwner, "content-type": "text/csv; charset=utf-8" }
    const body = "id;consentState;at\ncsv 1;accepted;1706659200\n"
    expect((await send(body, query, csv)).json).toMatchObject({ recorded: 1 })
    expect((await send(gzipSync(body), query, csv)).json).toMatchObject({ recorded: 0, recordedBefore: 1 })
    expect((await send(gzipSync(body), query, { ...csv, "content-encoding": "gzip" })).json).toMatchObject({
      recordedBefore: 1,
    })
  })

  test("is refused where its header lacks a column of the mapping; a dry one of rows without it, too", async () => {
    const before = count()
    const map = JSON.stringify({ userId: "id", expirationDate: "valid_untill" })
    const query = `?${new URLSearchParams({ map })}`
    const header = "id,consentType,consentState,consentDate,valid_until"
    const values = `typo,${types.newsletter.id},accepted,2023-01-01T00:00:00Z,2024-01-01T00:00:00Z`
    const refused = await send(`${header}\n${values}\n`, query, { ...asOwner, "content-type": "text/csv" })
    expectProblem(refused, 422)
    const detail = "/expirationDate: the file has no column valid_untill; did you mean valid_until?"
    expect(refused.json.errors).toEqual([{ parameter: "map", code: "missing_column", detail }])
    const names = header.split(",")
    const row = JSON.stringify(Object.fromEntries(values.split(",").map((value, index) => [names[index], value])))
    const dry = await send(row, `${query}&dryRun=true`)
    expectProblem(dry, 422)
    expect(dry.json.errors).toEqual(refused.json.errors)
    expect(count()).toBe(before)
    expect((await send(row, query)).json).toMatchObject({ recorded: 1, warnings: [detail] })
  })

  test("recognizes the delimiter, leaves out rows by a condition, and warns of what it does not read", async () => {
    const map = JSON.stringify({
      consentType: { value: types.newsletter.id },
      consentDate: { column: "consentDate", format: "dd.MM.yyyy", zone: "Europe/Berlin" },
      where: { column: "state", is: ["ok"] },
    })
    const body =
      "userId;consentState;consentDate;state;expires_at\nx;accepted;01.02.2024;ok;\ny;accepted;01.02.2024;no;\n"
    const csv = { ...asOwner, "content-type": "text/csv" }
    expect((await send(body, `?${new URLSearchParams({ map })}`, csv)).json).toEqual({
      dryRun: false,
      rows: 2,
      recorded: 1,
      recordedBefore: 0,
      rejected: 0,
      skipped: 1,
      consentStates: { accepted: 1, declined: 0, implied: 0, viewed: 0 },
      faults: {},
      warnings: [
        "the fields are separated by a semicolon, as the first line says",
        "the column expires_at is not read: map expirationDate to it, or to null if it means something else",
      ],
      rejections: [],
    })
    expectProblem(await send(body, "?delimiter=,", csv), 422)
  })

  test("that is dry records nothing", async () => {
    const before = count()
    expect((await send(rowsOf("dry", 3), "?dryRun=true")).json).toMatchObject({ dryRun: true, recorded: 3 })
    expect(count()).toBe(before)
  })

  test("says, if it is dry, how many answers change and which refusals no longer stand; keepRefusals leaves these out", async () => {
    const rowOf = (userId: string, consentState: string, consentDate: string) =>
      `${JSON.stringify(yes({ userId, consentState, consentDate }))}\n`
    await send(rowOf("kept", "declined", "2024-01-01T00:00:00Z"))
    const rows = rowOf("kept", "accepted", "2024-02-01T00:00:00Z") + rowOf("free", "accepted", "2024-02-01T00:00:00Z")
    const dry = (await send(rows, "?dryRun=true")).json
    const [example] = dry.answers.examples
    expect(dry).toMatchObject({ recorded: 2, answers: { changed: 2, refusalsOverturned: 1 } })
    expect(dry.answers.examples).toEqual([{ line: 1, consentType: example.consentType }])
    const keeping = (await send(rows, "?dryRun=true&keepRefusals=true")).json
    expect(keeping.answers).toEqual({ changed: 1, refusalsOverturned: 0, examples: [] })
    const kept = (await send(rows, "?keepRefusals=true")).json
    expect(kept).toMatchObject({ recorded: 1, rejected: 1, faults: { refusal_kept: 1 } })
    expect(kept.rejections).toMatchObject([{ line: 1, field: "consentState", code: "refusal_kept" }])
    expect(kept).not.toHaveProperty("answers")
    expect((await send(rows)).json).toMatchObject({ recorded: 1, recordedBefore: 1 })
  })

  test("ends before a block with which more than 1 % of the refusals have dates that cannot be recorded, unless that is accepted", async () => {
    const rowOf = (index: number, consentDate: string) =>
      `${JSON.stringify(yes({ userId: `zero ${index}`, consentState: "declined", consentDate }))}\n`
    const good = Array.from({ length: 1000 }, (_, index) => rowOf(index, "2024-01-01T00:00:00Z")).join("")
    const bad = Array.from({ length: 11 }, (_, index) => rowOf(1000 + index, "1970-01-01T00:00:00Z")).join("")
    const before = count()
    const first = await send(bad + good)
    expectProblem(first, 422)
    expect(first.json.errors).toMatchObject([{ pointer: "/consentDate", code: "dates_replaced" }])
    expect(first.json.detail).toContain("0 rows were taken in")
    expect(count()).toBe(before)
    const last = await send(good + bad)
    expect(last.json.detail).toContain("11 of 1011 refusals")
    expect(last.json.detail).toContain("1000 rows were taken in")
    const dry = (await send(good + bad, "?dryRun=true")).json
    expect([dry.replacedDates, dry.warnings]).toEqual([11, [expect.stringContaining("acceptReplacedDates=true")]])
    const accepted = (await send(good + bad, "?acceptReplacedDates=true")).json
    expect(accepted).toMatchObject({ recorded: 11, recordedBefore: 1000, replacedDates: 11 })
  })

  test("that is dry and longer than is kept in memory is refused, at the most it takes not", async () => {
    const before = count()
    const rows = rowsOf("long", 10_001)
    const refused = await send(rows, "?dryRun=true")
    expectProblem(refused, 413)
    expect(refused.json.detail).toContain("at most 10000 rows")
    const most = await send(rows.slice(0, rows.lastIndexOf("{")), "?dryRun=true")
    expect(most.json).toMatchObject({ dryRun: true, rows: 10_000, recorded: 10_000 })
    expect(count()).toBe(before)
  })

  /** Compares the positions that an import of three people answers with a list of all events. */
  const expectPositions = async (on: Server, events: string, key: { readonly "x-api-key": string }, type: string) => {
    const row = { consentType: type, consentState: "declined", consentDate: "2024-01-31T00:00:00Z" }
    const body = ["pos a", "pos b", "pos c"].map((userId) => JSON.stringify({ ...row, userId })).join("\n")
    const positionsOf = async (method: string, query: string) => {
      const sent = method === "GET" ? { headers: key } : { headers: { ...ndjson, ...key }, body }
      return (await on.request(method, events + query, sent)).headers["assent-positions"]
    }
    expect(await positionsOf("POST", "/import?dryRun=true")).toMatch(/^configuration=\d+$/)
    const imported = await positionsOf("POST", "/import")
    expect(imported).toMatch(/=[1-9]/)
    const listed = await positionsOf("GET", "?limit=1")
    expect(imported).toMatch(new RegExp(`^configuration=\\d+, ${listed}$`))
    expect(await positionsOf("POST", "/import")).toBe(imported)
  }

  test("says how far the log is behind it, also where all was recorded before; a dry one says nothing of it", async () => {
    await expectPositions(server, `${privacy()}/consent-events`, asOwner, types.newsletter.id)
  })

  test("says so over a store in memory, too", async () => {
    const empty = await startEmpty({ ASSENT_STORE: "memory:" })
    const { apiKey, consentTypes, organization, project } = empty.banner()
    const events = `/privacy-v1/organizations/${organization}/projects/${project}/consent-events`
    await expectPositions(empty, events, { "x-api-key": apiKey }, consentTypes[0]!).finally(empty.stop)
  })

  test("is refused as a whole where its encoding is not known", async () => {
    for (const type of ["application/json", "text/plain", ""]) {
      expectProblem(await send("{}", "", { ...asOwner, "content-type": type }), 415)
    }
    expectProblem(await send("{}", "", { ...ndjson, "content-encoding": "br" }), 415)
    for (const query of [
      "?dryRun=maybe",
      "?delimiter=ab",
      "?delimiter=%22",
      "?unknown=1",
      "?map=%7B",
      `?map=${encodeURIComponent('{"mail":"x"}')}`,
    ]) {
      expectProblem(await send("{}", query), 400)
    }
    expect(violations(await send("{}", `?map=${encodeURIComponent('{"mail":"x"}')}`))).toEqual(["?map invalid"])
    expectProblem(await send(gzipSync(rowsOf("damaged", 100)).subarray(0, -9)), 422)
    expectProblem(await send(rowsOf("x", 1), "", { ...ndjson, "x-api-key": secretOf(acme, "viewer") }), 403)
  })

  test("lists a thousand faults and counts all of them", async () => {
    const { json } = await send("x\n".repeat(1500))
    expect([json.rejected, json.faults, json.rejections.length]).toEqual([1500, { unreadable: 1500 }, 1000])
  })

  test("sent by two clients at once is recorded once", async () => {
    const before = count()
    const answers = await Promise.all([send(rowsOf("twice", 2500)), send(rowsOf("twice", 2500))])
    expect(answers.map(({ json }) => json.recorded + json.recordedBefore)).toEqual([2500, 2500])
    expect(answers.reduce((sum, { json }) => sum + json.recorded, 0)).toBe(2500)
    expect(count()).toBe(before + 2500)
  })

  test("is recorded while it arrives; cut off, and sent again whole, each row is there once", async () => {
    const before = count()
    const body = rowsOf("cut", 3500)
    const upload = request({ host: "127.0.0.1", port: server.port, method: "POST", path, headers: ndjson })
    upload.on("error", () => {})
    upload.write(body.slice(0, Math.floor((body.length * 5) / 7)))
    await eventually(() => count() >= before + 1000, "the first block is recorded")
    upload.destroy()
    const { json } = await send(body)
    expect(json).toMatchObject({ rows: 3500, rejected: 0 })
    expect(json.recordedBefore).toBeGreaterThanOrEqual(1000)
    expect(count()).toBe(before + 3500)
  })

  test("under a server that is stopped loses nothing that was answered, and goes on at the next", async () => {
    const first = server
    const before = count()
    const body = rowsOf("drain", 2500)
    const answer = send(body).catch(() => undefined)
    await first.end("SIGTERM")
    const received = await answer
    const second = await start({ file: first.file })
    server = { ...second, stop: async () => void (await second.stop(), await first.stop()) }
    if (received?.status === 200) expect(count()).toBe(before + 2500)
    expect((await send(body)).json).toMatchObject({ rows: 2500, rejected: 0 })
    expect(count()).toBe(before + 2500)
  })
})

describe("a request that is slow to arrive", () => {
  const limit = 400
  /** The statuses with which requests were cut off. */
  const statuses: Array<number> = []
  const open: Array<HttpServer> = []
  afterEach(() => open.splice(0).forEach((each) => each.closeAllConnections()))

  /** Sends a head, then a short row at intervals. Returns the time until it is cut off, or the whole time. */
  const trickle = async (url: string, every: number, tries: number, answerAt: number | undefined): Promise<number> => {
    const node = createServer((asked, answer) => {
      asked.resume()
      if (answerAt !== undefined) setTimeout(() => answer.writeHead(403, { "content-length": 0 }).end(), answerAt)
    })
    open.push(node)
    const unparsed = Unparsed.listeners((status) => statuses.push(status))
    NodeServer.register(node, [unparsed, Deadline.listeners(node, limit)])
    await new Promise<void>((listening) => node.listen(0, "127.0.0.1", listening))
    const socket = connect((node.address() as AddressInfo).port, "127.0.0.1")
    socket.on("error", () => {}).resume()
    let isClosed = false
    socket.once("close", () => (isClosed = true))
    socket.write(`POST ${url} HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n`)
    let sent = 0
    while (sent < tries && !isClosed) {
      await new Promise((resolve) => setTimeout(resolve, every))
      if (!isClosed) sent++
      socket.write(`${"x".repeat(31)}\n`)
    }
    socket.destroy()
    node.close()
    return sent
  }

  test("is not cut off while rows come, and is when none come", async () => {
    expect(await trickle(path, 100, 20, undefined)).toBe(20)
    expect(await trickle(`${path}?dryRun=true`, 100, 20, undefined)).toBe(20)
    expect(statuses).toEqual([])
    expect(await trickle(path, 3 * limit, 3, undefined)).toBeLessThan(2)
    expect(statuses).toEqual([408])
  })

  test("is cut off in the end where it is no import, or was answered already", async () => {
    expect(await trickle(`${privacy()}/consent-events`, 100, 30, undefined)).toBeLessThan(30)
    expect(await trickle(path, 100, 30, 50)).toBeLessThan(30)
  })
})
