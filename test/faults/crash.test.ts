import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"

/** Runs the appender for a while and kills it with SIGKILL; the ids it had been told are recorded. */
const appendUntilKilled = (path: string, millis: number): Promise<ReadonlyArray<string>> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [new URL("./appender.ts", import.meta.url).pathname, path])
    let output = ""
    child.stdout.on("data", (chunk) => {
      if (output === "") setTimeout(() => child.kill("SIGKILL"), millis)
      output += chunk
    })
    child.stderr.on("data", (chunk) => reject(new Error(String(chunk))))
    // A last line may be cut short by the kill; only whole lines were written down.
    child.on("close", () => resolve(output.split("\n").slice(0, -1)))
  })

const cycles = 12

describe("a SQLite ledger whose process is killed at any moment", () => {
  let folder: string
  let path: string
  const acknowledged: Array<string> = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "assent-crash-"))
    path = join(folder, "ledger.db")
    for (let cycle = 0; cycle < cycles; cycle++) {
      acknowledged.push(...(await appendUntilKilled(path, 20 + cycle * 25)))
    }
    // What a start after a crash does: recovery happens when the file is opened.
    await Effect.runPromise(
      Effect.provide(
        Effect.flatMap(LedgerStore, (store) => store.catalog),
        SqliteStore.layer(path),
      ),
    )
  }, 120_000)

  afterAll(() => rmSync(folder, { recursive: true }))

  const query = (sql: string) => {
    const db = new DatabaseSync(path, { readOnly: true })
    try {
      return db.prepare(sql).all()
    } finally {
      db.close()
    }
  }

  test("loses no acknowledged event and holds each once", () => {
    const stored = query("SELECT lower(hex(event_id)) AS id, body FROM event")
    const ids = stored.map(({ body }) => JSON.parse(String(body)).id as string)
    expect(acknowledged.length).toBeGreaterThan(cycles * 10)
    expect(new Set(ids).size).toBe(ids.length)
    expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([])
    expect(ids.map((id) => id.replaceAll("-", ""))).toEqual(stored.map(({ id }) => id))
  })

  test("has positions without gap in every lane, and a lane head that counts them", () => {
    expect(
      query(`
        SELECT h.lane FROM lane_head h LEFT JOIN event e ON e.lane = h.lane GROUP BY h.lane
        HAVING count(e.position) <> h.next_position OR min(e.position) <> 0 OR max(e.position) <> h.next_position - 1
          OR max(e.recorded_at) <> h.last_recorded_at`),
    ).toEqual([])
    expect(query("SELECT lane FROM event WHERE lane NOT IN (SELECT lane FROM lane_head)")).toEqual([])
  })

  test("never goes back in dateCreated inside a lane", () => {
    expect(
      query(`
        SELECT a.lane FROM event a JOIN event b ON b.lane = a.lane AND b.position = a.position + 1
        WHERE b.recorded_at < a.recorded_at`),
    ).toEqual([])
  })

  test("has heads that equal the fold of its events", () => {
    const latest = `
      SELECT lane, person, consent_type, consent_state, event_id, position FROM (
        SELECT *, row_number() OVER (
          PARTITION BY lane, person, consent_type, consent_state
          ORDER BY consent_date DESC, recorded_at DESC, event_id DESC) AS rank FROM event) WHERE rank = 1`
    const heads = "SELECT lane, person, consent_type, consent_state, event_id, position FROM head"
    expect(query(`${latest} EXCEPT ${heads}`)).toEqual([])
    expect(query(`${heads} EXCEPT ${latest}`)).toEqual([])
  })

  test("keeps the digest of every body", () => {
    const wrong = query("SELECT body, digest FROM event").filter(
      ({ body, digest }) =>
        !createHash("sha256")
          .update(String(body))
          .digest()
          .equals(digest as Uint8Array),
    )
    expect(wrong).toEqual([])
  })
})
