/**
 * The same ledger as NDJSON, CSV, Parquet and a store gives the same simulation, byte for byte, on one core or on all.
 */
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { DuckDBInstance } from "@duckdb/node-api"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import type { Fact } from "../../core/model/People.ts"
import { LedgerStore, type StoredEvent } from "../../core/ports/LedgerStore.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { line, workplace } from "./run.ts"

const place = workplace()
let postgres: Postgres
let postgresUrl = ""
const recordedAt = Date.UTC(2025, 0, 1)
const states: ReadonlyArray<ConsentState> = ["accepted", "declined", "implied", "viewed"]
const uuid = (kind: number, n: number): string =>
  `${kind.toString(16).padStart(8, "0")}-0000-7000-8000-${n.toString(16).padStart(12, "0")}`

let seed = 7
const random = (below: number): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}

/** Enough for several batches on each thread, with many events of the same instant. */
const count = 70_000
const events = Array.from({ length: count }, (_, index): StoredEvent => {
  const consentDate = Date.UTC(2023, random(24), 1)
  const event = {
    id: uuid(0xe000_0000 + random(3), index),
    // Some begin with a set bit, which would be the sign of a number.
    concordId: uuid(random(2) * 0xf000_0000 + 1, random(7_000)),
    consentType: uuid(0xa, random(5)),
    version: 1 + random(3),
    consentState: states[random(4)]!,
    consentAction: "import" as const,
    consentDate,
    dateCreated: recordedAt,
    ...(random(4) === 0 && { expirationDate: consentDate + (1 + random(400)) * 86_400_000 }),
  }
  return { ...event, submitter: uuid(1, 1), body: JSON.stringify(event) }
})

const iso = (instant: number): string => new Date(instant).toISOString()
const columns = ["id", "concordId", "consentType", "version", "consentState", "consentDate", "dateCreated"] as const

const wire = (event: StoredEvent) => ({
  ...event,
  consentDate: iso(event.consentDate),
  dateCreated: iso(event.dateCreated),
  expirationDate: event.expirationDate === undefined ? null : iso(event.expirationDate),
})

const record = (events: ReadonlyArray<StoredEvent>) =>
  Effect.flatMap(LedgerStore, (store) =>
    store.events.append({
      project: { number: 1, lanes: 16 },
      organization: { number: 0, lanes: 16 },
      recordedAt,
      events,
      claims: [],
    }),
  )

beforeAll(async () => {
  place.write("events.ndjson", events.map((event) => `${JSON.stringify(wire(event))}\n`).join(""))
  const cells = events.map(wire).map((row) => [...columns.map((name) => row[name]), row.expirationDate ?? ""].join(","))
  place.write("events.csv", [[...columns, "expirationDate"].join(","), ...cells].join("\n"))
  const connection = await (await DuckDBInstance.create()).connect()
  const csv = join(place.folder, "events.csv")
  const source = `read_csv('${csv}', header = true, all_varchar = true, nullstr = '')`
  await connection.run(`COPY (SELECT * FROM ${source}) TO '${place.folder}/text.parquet'`)
  await connection.run(`
    COPY (SELECT id::UUID AS id, concordId::UUID AS concordId, consentType, version::INT AS version, consentState,
      consentDate::TIMESTAMPTZ AS consentDate, dateCreated::TIMESTAMPTZ AS dateCreated,
      expirationDate::TIMESTAMPTZ AS expirationDate
    FROM ${source}) TO '${place.folder}/typed.parquet'`)
  const typed = `SELECT * FROM '${place.folder}/typed.parquet'`
  await connection.run(`COPY (${typed} ORDER BY concordId) TO '${place.folder}/sorted.parquet'`)
  // The first person comes last, so the order turns out wrong only after all others have been folded.
  const respelled = `SELECT * RENAME (expirationDate AS "expiration date") FROM '${place.folder}/typed.parquet'`
  await connection.run(`COPY (${respelled}) TO '${place.folder}/respelled.parquet'`)
  const least = `(SELECT min(concordId) FROM '${place.folder}/typed.parquet')`
  await connection.run(`COPY (${typed} ORDER BY concordId = ${least}, concordId) TO '${place.folder}/nearly.parquet'`)
  postgres = await startPostgres()
  postgresUrl = await postgres.database()
  const chunks = Array.from({ length: count / 10_000 }, (_, index) =>
    events.slice(index * 10_000, (index + 1) * 10_000),
  )
  for (const store of [SqliteStore.layer(join(place.folder, "ledger.db")), PostgresStore.layer(postgresUrl)]) {
    await Effect.runPromise(Effect.forEach(chunks, record).pipe(Effect.provide(store)))
  }
  place.write("six.json", JSON.stringify([{ match: {}, rules: { maxAge: { accepted: "P6M" }, permits: "viewed" } }]))
})

afterAll(() => postgres.stop())

const simulate = async (input: ReadonlyArray<string>, name: string, stdin = "") => {
  const flags = ["--candidate", "six.json", "--from", "2023-06-01", "--until", "2026-01-01", "--json", "--out", name]
  const { code, stderr, stdout } = await place.run(["simulate", ...input, ...flags], { stdin })
  // On a busy machine it prints its progress.
  expect({ code, stderr: stderr.replaceAll(/^[\d,]+ events .*\n/gm, "") }).toEqual({ code: 0, stderr: "" })
  const { inputs: _, knownAt: __, ...summary } = JSON.parse(stdout)
  return { summary, diff: readFileSync(join(place.folder, name), "utf8") }
}

it("gives the same lines and the same summary from every input", async () => {
  const expected = await simulate(["--events", "events.ndjson"], "ndjson.diff")
  expect(expected.summary.events).toBe(count)
  expect(expected.diff.length).toBeGreaterThan(1_000_000)
  for (const input of [
    ["--events", "events.csv"],
    ["--events", "text.parquet"],
    ["--events", "typed.parquet"],
    ["--store", "sqlite:./ledger.db"],
    ["--store", postgresUrl],
    // Standard input is read line by line; DuckDB read the file with the same lines.
    ["--events", "-"],
  ]) {
    const stdin = input.includes("-") ? readFileSync(join(place.folder, "events.ndjson"), "utf8") : ""
    const { summary, diff } = await simulate(input, "other.diff", stdin)
    expect(summary, input.join(" ")).toEqual(expected.summary)
    expect(diff === expected.diff, input.join(" ")).toBe(true)
  }
})

// Kills: UnsortedEventReader, people are folded in the order of the file though it is not sorted.
it("gives the same from a table in order, and from one that turns out not to be when nearly all is done", async () => {
  const expected = await simulate(["--events", "typed.parquet"], "typed.diff")
  for (const file of ["sorted.parquet", "nearly.parquet"]) {
    const { summary, diff } = await simulate(["--events", file], "other.diff")
    expect(diff === expected.diff, file).toBe(true)
    expect(summary, file).toEqual(expected.summary)
  }
})

it("counts people who are joined in a store as one, as known when it runs, and those whose join was undone as two", async () => {
  const some = events.slice(0, 10_000)
  const [first, second, third, fourth, fifth] = [...new Set(some.map(({ concordId }) => concordId))].toSorted()
  // This survivor has no event of its own.
  const eventless = uuid(0x7000_0000, 1)
  const fact = (number: number, member: string, survivor: string, more: Partial<Fact> = {}): Fact => ({
    id: uuid(0xfac7, number),
    kind: "joined",
    dateCreated: recordedAt,
    member,
    survivor,
    submitter: uuid(1, 1),
    ...more,
  })
  const facts = [
    fact(1, third!, first!),
    fact(2, first!, eventless),
    fact(3, fourth!, second!),
    fact(4, fifth!, second!),
    fact(5, fourth!, second!, { kind: "undone", join: uuid(0xfac7, 3) }),
  ]
  const survivors = new Map([
    [first, eventless],
    [third, eventless],
    [fifth, second],
  ])
  const renamed = some.map((event) => ({
    ...wire(event),
    concordId: survivors.get(event.concordId) ?? event.concordId,
  }))
  place.write("renamed.ndjson", renamed.map((event) => `${JSON.stringify(event)}\n`).join(""))
  const keep = (fact: Fact) =>
    Effect.flatMap(LedgerStore, (store) =>
      store.people.change({
        organization: { number: 0, lanes: 16 },
        seen: [],
        claims: [],
        releases: [],
        facts: [fact],
      }),
    )
  const url = await postgres.database()
  for (const store of [SqliteStore.layer(join(place.folder, "joined.db")), PostgresStore.layer(url)]) {
    await Effect.runPromise(Effect.andThen(record(some), Effect.forEach(facts, keep)).pipe(Effect.provide(store)))
  }
  const expected = await simulate(["--events", "renamed.ndjson"], "renamed.diff")
  for (const store of ["sqlite:./joined.db", url]) {
    const { diff, summary } = await simulate(["--store", store], "joined.diff")
    expect(summary).toEqual(expected.summary)
    expect(diff === expected.diff).toBe(true)
  }
})

describe("a table", () => {
  const header = "id,concordId,consentType,consentState,consentDate,dateCreated\n"
  const row = (id: string) => `${id},${id},news,accepted,2024-01-31T00:00:00Z,2024-01-31T00:00:00Z\n`
  const many = Array.from({ length: 50 }, (_, index) => row(`#${index}`)).join("")
  const flags = ["--candidate", "six.json", "--from", "2024-01-01", "--until", "2025-01-01", "--json"]

  it("is read as it stands: what begins with # is an event, and no comment", async () => {
    place.write("hash.csv", header + many + row("e1"))
    const { code, stderr, stdout } = await place.run(["simulate", "--events", "hash.csv", ...flags])
    expect([code, stderr]).toEqual([0, ""])
    expect(JSON.parse(stdout).events).toBe(51)
  })

  it("is the file of that name, where the name looks like a pattern", async () => {
    place.write("a[1]*.csv", header + row("e1"))
    place.write("a1.csv", header + many)
    place.write("a[1]b.csv", header + many)
    const { stdout } = await place.run(["simulate", "--events", "a[1]*.csv", ...flags])
    expect(JSON.parse(stdout).events).toBe(1)
  })

  it("that is being read can be interrupted, and no temporary file stays", async () => {
    const unfinished = () => readdirSync(place.folder).filter((name) => name.endsWith(".tmp"))
    for (const wait of [0, 100, 300]) {
      const child = place.start(["simulate", "--events", "typed.parquet", ...flags, "--out", "interrupted.ndjson"])
      await expect.poll(unfinished, { timeout: 30_000, interval: 10 }).toHaveLength(1)
      await new Promise((resolve) => setTimeout(resolve, wait))
      child.kill("SIGINT")
      const [code] = await once(child, "exit")
      // It may have ended before the signal arrived.
      expect([0, 130]).toContain(code)
      expect(unfinished()).toEqual([])
      expect(place.temporaryFiles()).toEqual([])
    }
  })
})

describe("refuses a table", () => {
  const header = "id,concordId,consentType,consentState,consentDate,dateCreated,version,expirationDate\n"
  const good = "e1,ann,news,accepted,2024-01-31T00:00:00Z,2024-01-31T00:00:00Z,,\n"
  it.each([
    [
      "without a column",
      `${header.replace("concordId,", "")}e1,news,accepted,a,b,,\n`,
      "column concordId: is required",
    ],
    ["with a line before its header", `exported today\n${header}${good}`, "column id: is required"],
    ["with a column twice", header.replace("version", "id") + good, "column id: stands in the header twice"],
    ["with a line that is not one of CSV", `${header}${good}# end\n`, "line 3: not CSV that can be read"],
    [
      "with an expiry in another spelling",
      header.replace("expirationDate", "Expiration_Date") + good,
      "column Expiration_Date: is expirationDate in another spelling: rename it to expirationDate",
    ],
    ["with an unknown state", header + good + good.replace("accepted", "yes"), "row 3, column consentState"],
    ["with a local time", header + good.replace("T00:00:00Z", "T00:00:00"), "row 2, column consentDate"],
    ["with a version of zero", header + good.replace("Z,,", "Z,0,"), "row 2, column version"],
    ["without a person", header + good.replace("ann", ""), "row 2, column id or concordId: is required"],
    [
      "with an event before it was recorded",
      header + good.replace("2024-01-31T00:00:00Z,", "2024-02-31T00:00:00Z,"),
      "row 2, column consentDate",
    ],
  ])("%s", async (_, text, reason) => {
    place.write("bad.csv", text)
    const flags = ["--candidate", "six.json", "--from", "2024-01-01", "--until", "2025-01-01", "--out", "bad.ndjson"]
    const { code, stderr } = await place.run(["simulate", "--events", "bad.csv", ...flags])
    expect(code).toBe(2)
    expect(stderr).toContain(`bad.csv: ${reason}`)
    expect(stderr).not.toContain("ann")
  })

  it("of Parquet with an expiry in another spelling, which would be passed over", async () => {
    const flags = ["--candidate", "six.json", "--from", "2024-01-01", "--until", "2025-01-01", "--out", "bad.ndjson"]
    expect(await place.run(["simulate", "--events", "respelled.parquet", ...flags])).toMatchObject({
      code: 2,
      stderr:
        "respelled.parquet: column expiration date: is expirationDate in another spelling: rename it to expirationDate\n",
    })
  })

  it("that is no Parquet at all, or is not there", async () => {
    place.write("no.parquet", line())
    const flags = ["--candidate", "six.json", "--from", "2024-01-01", "--until", "2025-01-01"]
    const no = await place.run(["simulate", "--events", "no.parquet", ...flags])
    expect(no).toMatchObject({ code: 2, stdout: "" })
    expect(no.stderr).toContain("no.parquet: not Parquet that can be read")
    const none = await place.run(["simulate", "--events", "none.parquet", ...flags])
    expect(none).toMatchObject({ code: 2, stderr: "none.parquet: no such file\n" })
    expect(place.temporaryFiles()).toEqual([])
  })
})

it("refuses what is not a store", async () => {
  const flags = ["--candidate", "six.json", "--from", "2024-01-01", "--until", "2025-01-01"]
  for (const [url, reason] of [
    ["sqlite:none.db", "no such file"],
    ["sqlite:events.csv", "not"],
    ["memory:", "expected sqlite:PATH"],
  ] as const) {
    const { code, stderr } = await place.run(["simulate", "--store", url, ...flags])
    expect(code).not.toBe(0)
    expect(stderr).toContain(reason)
  }
})
