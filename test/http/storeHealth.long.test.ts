/**
 * The health of a store, as the server reports it: the events of each commit, its duration, and the number of waiting
 * requests. Alive and ready are different: without its store a server is not ready, but must not be restarted for that.
 */
import { rmSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { describe, expect, test } from "vitest"
import { startPostgres, type Postgres } from "../support/postgres.ts"
import { startEmpty, type Server } from "../support/server.ts"
import { served } from "../support/served.ts"
import { scrape } from "./logLines.ts"
import { grown, valueIn } from "./metricValues.ts"
import { expectProblem } from "./problem.ts"

/** A store that can be held, so that nothing is written until it is released, and that can be taken away. */
interface Store {
  readonly env: Readonly<Record<string, string>>
  readonly hold: (server: Server) => Promise<() => Promise<void>>
  readonly takeAway: (server: Server) => Promise<void>
}

const sqlite = async (): Promise<Store> => ({
  env: {},
  hold: async ({ file }) => {
    const db = new DatabaseSync(file)
    db.exec("BEGIN IMMEDIATE")
    return async () => db.close()
  },
  takeAway: async ({ file }) => ["", "-wal", "-shm"].forEach((suffix) => rmSync(`${file}${suffix}`, { force: true })),
})

const postgres = async (): Promise<Store> => {
  const running: Postgres = await startPostgres()
  const url = await running.database()
  return {
    env: { ASSENT_STORE: url },
    hold: () => running.hold(url, "lane_head"),
    takeAway: () => running.stop(),
  }
}

describe.each([
  ["SQLite", sqlite],
  ["PostgreSQL", postgres],
])("a server over %s", (_, open) => {
  let store: Store
  const server = served(async () => {
    store = await open()
    return startEmpty({ ...store.env, ASSENT_METRICS_PORT: "0" })
  })

  /** Records an event about each of some people, in one request. */
  const record = (...people: ReadonlyArray<string>) => {
    const { apiKey, consentTypes, organization, project } = server.banner()
    const item = { consentType: consentTypes[0], consentState: "accepted", consentAction: "user_click" }
    return server.request("POST", `/privacy-v1/organizations/${organization}/projects/${project}/consent-events`, {
      headers: { "x-api-key": apiKey },
      json: { items: people.map((userId) => ({ userId, ...item })) },
    })
  }

  test("reports the events and requests of each commit, and how long it took", async () => {
    const before = await scrape(server)
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => record(`a${n}`, `b${n}`)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    const after = await scrape(server)
    const more = grown(before, after)
    expect(more("assent_store_group_events_sum")).toBe(100)
    // In SQLite the use of the key is a request of the group, too.
    expect(more("assent_store_group_requests_sum")).toBeGreaterThanOrEqual(50)
    const groups = more("assent_store_group_requests_count")
    expect(groups).toBeGreaterThan(0)
    expect(groups).toBeLessThan(50)
    for (const each of ["events", "duration_seconds"]) expect(more(`assent_store_group_${each}_count`)).toBe(groups)
    // If all requests of a group are stale, nothing is committed.
    const commits = more("assent_store_commit_duration_seconds_count")
    expect(commits).toBeGreaterThan(0)
    expect(commits).toBeLessThanOrEqual(groups)
    expect(more("assent_store_commit_duration_seconds_sum")).toBeGreaterThan(0)
    expect(more("assent_store_group_duration_seconds_sum")).toBeGreaterThan(
      more("assent_store_commit_duration_seconds_sum"),
    )
    expect(valueIn(after, "assent_store_group_failures_total")).toBe(0)
  })

  test("reports how many requests wait: all that arrive while nothing can be written, and none once they are answered", async () => {
    expect(valueIn(await scrape(server), "assent_store_waiting_requests")).toBe(0)
    let held = ""
    const letGo = await store.hold(server)
    const answers = Promise.all(Array.from({ length: 30 }, (_, n) => record(`c${n}`)))
    const waiting = async () => {
      held = await scrape(server)
      return [valueIn(held, "assent_http_requests_under_way"), valueIn(held, "assent_store_waiting_requests") > 0]
    }
    // Requests that are being written do not count as waiting: one group in SQLite, four in PostgreSQL.
    await expect.poll(waiting, { timeout: 4_000 }).toEqual([30, true])
    await letGo()
    expect((await answers).map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 201))
    const after = await scrape(server)
    expect(valueIn(after, "assent_store_waiting_requests")).toBe(0)
    expect(valueIn(after, "assent_http_requests_under_way")).toBe(0)
  })

  test("is alive and ready; without its store it is alive only", async () => {
    for (const path of ["/livez", "/readyz"]) {
      const { json, status } = await server.request("GET", path)
      expect([path, status, json]).toEqual([path, 200, { status: "ok" }])
    }
    expect(valueIn(await scrape(server), "assent_store_ready")).toBe(1)
    await store.takeAway(server)
    expect((await server.request("GET", "/livez")).status).toBe(200)
    const answer = await server.request("GET", "/readyz")
    expectProblem(answer, 503)
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0)
    expect(await scrape(server)).toContain("\nassent_store_ready 0\n")
    expect((await record("d")).status).toBe(503)
    // PostgreSQL fails earlier: the first query of the request has no answer.
    if (store.env["ASSENT_STORE"] !== undefined) return
    expect(valueIn(await scrape(server), "assent_store_group_failures_total")).toBeGreaterThan(0)
  })
})
