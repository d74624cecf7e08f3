/**
 * Ten times what the server can carry: who is let in is answered as quickly as ever, everybody else is told at once to come
 * again, nothing is lost, and memory stays where it is.
 *
 * `ASSENT_OVERLOAD_SECONDS=60` floods for a minute, and compares times too: with those of a calm server in the same run, asked
 * from a process as busy. That needs a machine with nothing else to do; `test/http/line.test.ts` proves the same without one.
 */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { createServer, type Server as HttpServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Orders, Outcome, Target } from "../support/flood.ts"
import type { Server } from "../support/server.ts"
import { scrape } from "../http/logLines.ts"
import { valueIn } from "../http/metricValues.ts"
import { asOwner, ask, privacy, record, site, startWorld, yes } from "../http/world.ts"

const isLong = process.env["ASSENT_OVERLOAD_SECONDS"] !== undefined
const seconds = Number(process.env["ASSENT_OVERLOAD_SECONDS"] ?? 6)
/** Calm and flood by turns, so that both meet what else the machine does. */
const rounds = isLong ? 4 : 1

/** What of a flood is not compared: until somebody is refused, the line is long. */
const onsetMillis = 1000

const script = join(import.meta.dirname, "../support/flood.ts")

const flood = (orders: Omit<Orders, "item">): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, JSON.stringify({ ...orders, item: yes() })], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    let text = ""
    child.stdout.on("data", (data: Buffer) => (text += data.toString()))
    child.once("error", reject)
    child.once("close", (code) => (code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`flood: ${code}`))))
  })

const percentile = (values: ReadonlyArray<number>, share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN

const residentMiB = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024

describe("a server that is sent ten times what it can carry", () => {
  let server: Server
  let sink: HttpServer
  let carried: number
  let sent = 0
  let lost = 0
  let floodedMillis = 0
  const calm: Array<number> = []
  const acceptedMillis: Array<number> = []
  const refusedMillis: Array<number> = []
  const acknowledged: Array<string> = []
  const statuses = new Set<number>()
  let refused = 0
  const probes: Array<number> = []
  const memory: Array<number> = []

  const take = (outcome: Outcome, isFlood: boolean): void => {
    lost += outcome.lost
    for (const [status, at, millis, id] of isFlood ? outcome.flooded : outcome.calm) {
      statuses.add(status)
      if (status === 503) refused++
      if (status === 201) acknowledged.push(id!)
      if (!isFlood) calm.push(millis)
      else if (at > onsetMillis) (status === 201 ? acceptedMillis : refusedMillis).push(millis)
    }
  }

  beforeAll(async () => {
    server = await startWorld({ ASSENT_RATE_LIMIT_KEY: "off", ASSENT_METRICS_PORT: "0" })
    // Refuses everything: with it, a calm server's machine is as busy as an overloaded one's.
    sink = createServer((request, response) => request.resume() && response.writeHead(503).end("{}"))
    await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve))
    const target: Target = { port: server.port, path: `${privacy()}/consent-events`, headers: asOwner }
    const nowhere: Target = { ...target, port: (sink.address() as AddressInfo).port }

    const filling = { flooded: target, connections: 32, perSecond: 1e6, millis: 2000 }
    take(await flood({ ...filling, name: "warm" }), true)
    const full = await flood({ ...filling, name: "full" })
    take(full, true)
    carried = full.flooded.length / (filling.millis / 1000)
    acceptedMillis.splice(0)

    const probing = setInterval(() => {
      memory.push(residentMiB(server.pid))
      for (const path of ["/livez", "/readyz", `${site()}/health-check`]) {
        void server.request("GET", path).then(
          ({ status }) => probes.push(status),
          () => probes.push(0),
        )
      }
    }, 250)
    for (let round = 0; round < rounds; round++) {
      const ten = { connections: 1000, perSecond: carried * 10 }
      const before = await flood({ ...ten, flooded: nowhere, calm: target, millis: 2500, name: `calm-${round}` })
      take(before, false)
      const millis = (seconds * 1000) / rounds
      const during = await flood({ ...ten, flooded: target, millis, name: `flood-${round}` })
      take(during, true)
      sent += during.flooded.length
      floodedMillis += millis
    }
    clearInterval(probing)
    const tell = (values: ReadonlyArray<number>) =>
      `${values.length}, p50 ${percentile(values, 0.5).toFixed(1)} ms, p99 ${percentile(values, 0.99).toFixed(1)} ms`
    console.log(
      `carried ${carried.toFixed(0)}/s, sent ${((sent * 1000) / floodedMillis).toFixed(0)}/s; calm ${tell(calm)}; ` +
        `accepted ${tell(acceptedMillis)}; refused ${tell(refusedMillis)}; memory ${memory.map(Math.round).join(" ")} MiB`,
    )
  }, 200_000)

  afterAll(async () => {
    sink?.close()
    await server?.stop()
  })

  test("is sent more than it can carry", () => {
    // A machine that does much else may not get all of it sent.
    expect((sent * 1000) / floodedMillis).toBeGreaterThan(carried * (isLong ? 8 : 2))
  })

  test("answers everybody, and who is refused with 503", () => {
    expect(lost).toBe(0)
    expect([...statuses].toSorted()).toEqual([201, 503])
  })

  test.runIf(isLong)("goes on recording, at least a quarter of what it can carry", () => {
    const perSecond = (acceptedMillis.length * 1000) / (floodedMillis - rounds * onsetMillis)
    expect(perSecond).toBeGreaterThan(carried / 4)
  })

  // Mutant: the line is never cut.
  test.runIf(isLong)(
    "answers who is let in within three times of what it takes when it is calm, at the 99th percentile",
    () => {
      expect(percentile(acceptedMillis, 0.99)).toBeLessThanOrEqual(3 * percentile(calm, 0.99))
    },
  )

  test.runIf(isLong)("refuses at once: sooner than it would have answered", () => {
    expect(percentile(refusedMillis, 0.5)).toBeLessThan(percentile(acceptedMillis, 0.5))
  })

  test("keeps every event that it acknowledged once, and none that it refused", () => {
    const database = new DatabaseSync(server.file, { readOnly: true, timeout: 10_000 })
    const rows = database.prepare("SELECT lower(hex(event_id)) AS id FROM event").all() as Array<{ id: string }>
    database.close()
    expect(acknowledged.length).toBeGreaterThan(100)
    expect(rows.map(({ id }) => id).toSorted()).toEqual(acknowledged.map((id) => id.replaceAll("-", "")).toSorted())
  })

  test("counts every one that it refused", async () => {
    expect(valueIn(await scrape(server), "assent_http_requests_refused")).toBe(refused)
  })

  test("answers probes all the while", () => {
    expect(probes.length).toBeGreaterThan(20)
    expect(new Set(probes)).toEqual(new Set([200]))
  })

  // Mutant: requests wait without limit.
  test("stays where it is in memory", () => {
    const half = Math.floor(memory.length / 2)
    expect(Math.max(...memory.slice(half))).toBeLessThan(Math.max(...memory.slice(0, half)) * 1.2 + 32)
  })

  test("takes everybody again when it is over", async () => {
    const answer = await record(server, [yes({ userId: "afterwards" })])
    expect(answer.status).toBe(201)
    expect((await ask(server, "consent-state", { userId: "afterwards" })).json.count).toBe(1)
  })
})
