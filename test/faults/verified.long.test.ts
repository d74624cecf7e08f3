/**
 * `verify` on ledgers that were tampered with: every change in a checked table is found, and named by its place.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Effect, Exit } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as Sql from "../../adapters/postgres/Sql.ts"
import type { Finding } from "../../core/integrity/Findings.ts"
import { type ColumnName, type Kind, type Row, type TableName, tables } from "../../core/ports/LedgerRows.ts"
import { rowsOf, verify, verifying } from "../support/checking.ts"
import { fillLedger } from "../support/filled.ts"
import { isLong } from "../support/long.ts"
import { type Postgres, startPostgres, synced } from "../support/postgres.ts"
import { change, isRow, ofPostgres, ofSqlite, type Tampering } from "../support/tampering.ts"

// The same numbers in every run, so that a failure repeats.
let seed = 7
const random = (below: number): number => {
  seed = (seed * 48_271) % 2_147_483_647
  return seed % below
}

/** The number of changes of each column; bytes of a file are flipped 60 times as often. */
const rounds = Number(process.env["ASSENT_TEST_ROUNDS"] ?? 1)

let postgres: Postgres
let folder: string
let files = 0
beforeAll(async () => {
  // Reads pages with a wrong checksum, as a server without checksums does.
  postgres = await startPostgres([...synced, "-c", "ignore_checksum_failure=on"])
  folder = mkdtempSync(join(tmpdir(), "assent-verify-"))
})
afterAll(async () => {
  await postgres.stop()
  rmSync(folder, { recursive: true })
})

/** A ledger, and how to tamper with it. */
interface Patient {
  readonly url: string
  readonly tampering: Tampering
}

const pathOf = (url: string): string => url.slice("sqlite:".length)

const stores = {
  sqlite: {
    make: async () => `sqlite:${join(folder, `${++files}.db`)}`,
    copy: async (url: string): Promise<Patient> => {
      const path = join(folder, `${++files}.db`)
      copyFileSync(pathOf(url), path)
      return { url: `sqlite:${path}`, tampering: ofSqlite(path) }
    },
  },
  postgres: {
    make: () => postgres.database(),
    copy: async (url: string): Promise<Patient> => {
      const copied = await postgres.copy(url)
      return { url: copied, tampering: ofPostgres(copied) }
    },
  },
}

/** Whether a finding names a place. */
const isAt =
  (place: Partial<Finding>) =>
  (finding: Finding): boolean =>
    Object.entries(place).every(([name, value]) => finding[name as keyof Finding] === value)

const headPlace = (
  { consent_state, consent_type, lane, person }: Row<"head">,
  table: "head" | "joined_head" = "head",
): Partial<Finding> => ({
  table,
  lane,
  person,
  consentType: consent_type,
  consentState: consent_state,
})

/** A lane that no project has. */
const nowhere = 4096 * 77

const states = ["accepted", "declined", "implied", "viewed"]

/** Another value that the column could have. */
const other = (table: TableName, column: string, kind: Kind, value: unknown): number | string => {
  if (column === "lane" || column === "event_lane") return nowhere
  if (column === "position") return Number(value) + 100_000
  // Far away, because a change of another lane may have raised the lane by one.
  if (column === "last_recorded_at") return Number(value) + (random(2) === 0 ? 100_000 : -100_000)
  // The person may already have heads of all four states.
  if (column === "consent_state" && (table === "head" || table === "joined_head")) return "another"
  if (column === "consent_state") return states[(states.indexOf(String(value)) + 1) % 4]!
  if (column === "consent_action") return value === "import" ? "implied" : "import"
  // 0 would stand for any version, as in rows that were written before versions were noted.
  if (table === "used_type" && column === "version") return Number(value) + 1
  if (kind.startsWith("whole")) return value === null ? 1 : Number(value) + (random(2) === 0 ? 1 : -1)
  if (value === null) return kind.startsWith("bytes") ? "ab".repeat(32) : "other"
  const text = String(value)
  // Changes a body inside the id of the event, where it is ASCII.
  const index = column === "body" ? text.indexOf('"concordId":"') + 13 + random(8) : text.length - 1 - random(8)
  return text.slice(0, index) + (text[index] === "1" ? "2" : "1") + text.slice(index + 1)
}

/** The place that a finding must name after a change of a row. */
const expected = (table: TableName, column: string, row: never): Partial<Finding> => {
  switch (table) {
    case "event": {
      const { lane, position }: Row<"event"> = row
      return { table: "event", lane, position }
    }
    case "head":
      return headPlace(row)
    case "joined_head":
      return headPlace(row, table)
    case "lane_head": {
      const { lane, next_position }: Row<"lane_head"> = row
      // A lane without events needs no row: it is marked with its first event.
      if (column === "lane" && next_position === 0) return { table: "lane_head", lane: nowhere }
      return column === "next_position" ? { lane } : { table: "lane_head", lane }
    }
    case "external_id": {
      const { event_lane, position }: Row<"external_id"> = row
      return { table: "external_id", lane: event_lane, position }
    }
    default: {
      const { consent_type, lane }: Row<"used_type"> = row
      return { table: "used_type", lane, consentType: consent_type }
    }
  }
}

const checked = ["event", "head", "joined_head", "lane_head", "external_id", "used_type"] as const
const columns = checked.flatMap((table) =>
  Object.entries(tables[table].columns)
    // A mark that is there without need is no fault. The hash of an external id is keyed, so it is not computed again.
    .filter(([column]) => column !== "has_joined" && column !== "has_erased" && column !== "hash")
    .map(([column, kind]) => ({ table, column, kind })),
)

/** The columns that are changed: one in five in a short run. */
const tried = isLong ? columns : columns.filter((_, index) => index % 5 === 0)

describe.each(Object.entries(stores))("verify on %s", (name, { copy, make }) => {
  let original: string
  let events: ReadonlyArray<Row<"event">>
  beforeAll(async () => {
    original = await make()
    await fillLedger(original)
    events = await rowsOf(original, "event")
  })

  test("finds nothing in an untouched ledger, and counts its rows", async () => {
    const report = await verify(original)
    expect(report.findings).toEqual([])
    expect(report).toMatchObject({ isWhole: true, found: 0, events: 424, people: 20 })
    expect(report).toMatchObject({ unknownKinds: 0, placeholders: [] })
    expect(report.tables.map(({ table }) => table)).toEqual(Object.keys(tables))
    expect(report.lanes.reduce((sum, lane) => sum + lane.events, 0)).toBe(424)
    expect(await verify((await copy(original)).url)).toEqual(report)
  })

  test.each(tried)("finds and names a change of $column in $table", async ({ column, kind, table }) => {
    const rows = await rowsOf(original, table)
    for (let round = 0; round < rounds; round++) {
      const row = rows[random(rows.length)]!
      const { tampering, url } = await copy(original)
      const value = other(table, column, kind, row[column as keyof typeof row])
      await change(tampering, table, row, column as ColumnName<typeof table>, value)
      const { findings, found, isWhole } = await verify(url)
      expect(isWhole).toBe(false)
      expect(found).toBe(findings.length)
      const place = expected(table, column, row as never)
      expect(findings.filter(isAt(place)), JSON.stringify([place, findings])).not.toEqual([])
      // No finding names a lane that the change does not touch.
      const lanes = new Set([place.lane, nowhere, "event_lane" in row ? row.event_lane : place.lane])
      expect(findings.filter(({ lane, table: at }) => at !== "store" && !lanes.has(lane))).toEqual([])
    }
  })

  const laneWith = (count: number) => {
    const byLane = Map.groupBy(events, ({ lane }) => lane)
    return [...byLane.values()].find((its) => its.length >= count)!
  }

  test("finds positions that were swapped, where they were recorded at different instants", async () => {
    const lane = laneWith(8)
    const [a, b] = [lane[1]!, lane.findLast(({ recorded_at }) => recorded_at > lane[1]!.recorded_at)!]
    const { tampering, url } = await copy(original)
    const at = (row: Row<"event">) => isRow(tampering, "event", row)
    await tampering.run(
      `UPDATE event SET position = 1000000 WHERE ${at(a)}; UPDATE event SET position = ${a.position} WHERE ${at(b)};
       UPDATE event SET position = ${b.position} WHERE lane = ${a.lane} AND position = 1000000`,
    )
    const { findings } = await verify(url)
    expect(findings.filter(isAt({ table: "event", lane: a.lane, position: b.position }))).not.toEqual([])
  })

  test("finds an event that was removed, in the middle of its lane and at its end", async () => {
    const lane = laneWith(4)
    for (const gone of [lane[1]!, lane.at(-1)!]) {
      const { tampering, url } = await copy(original)
      await tampering.run(`DELETE FROM event WHERE ${isRow(tampering, "event", gone)}`)
      const { findings } = await verify(url)
      const place = { table: "event" as const, lane: gone.lane, position: gone.position }
      expect(findings.filter(isAt({ ...place, what: `position ${gone.position} is missing` }))).toHaveLength(1)
    }
  })

  test("finds an event that is there again in another lane", async () => {
    const one = events[3]!
    const target = events.findLast(
      ({ lane }) => lane !== one.lane && Math.floor(lane / 4096) === Math.floor(one.lane / 4096),
    )!
    const { tampering, url } = await copy(original)
    const rest = Object.keys(tables.event.columns).filter((name) => name !== "lane" && name !== "position")
    await tampering.run(
      `INSERT INTO event (lane, position, ${rest.join(", ")})
       SELECT ${target.lane}, ${target.position + 1}, ${rest.join(", ")} FROM event WHERE ${isRow(tampering, "event", one)};
       UPDATE lane_head SET next_position = next_position + 1 WHERE lane = ${target.lane}`,
    )
    const { findings } = await verify(url)
    const place = { table: "event" as const, lane: target.lane, position: target.position + 1 }
    expect(findings.filter(isAt({ ...place, what: "is not in the lane of its person" }))).toHaveLength(1)
  })

  test("finds a head that was removed, and one that was added", async () => {
    const head = (await rowsOf(original, "head"))[11]!
    const removed = await copy(original)
    await removed.tampering.run(`DELETE FROM head WHERE ${isRow(removed.tampering, "head", head)}`)
    const ofHeads = (findings: ReadonlyArray<Finding>) => findings.filter(({ table }) => table === "head")
    expect(ofHeads((await verify(removed.url)).findings)).toEqual([
      { ...headPlace(head), what: `is missing: it is position ${head.position}` },
    ])
    const added = await copy(original)
    const person = "018d5d1e-0000-7000-8000-000000000000"
    const literal = added.tampering.literal("uuid", person)
    await added.tampering.run(
      `INSERT INTO head SELECT lane, ${literal}, consent_type, consent_state, consent_date, recorded_at, event_id, position
       FROM head WHERE ${isRow(added.tampering, "head", head)}`,
    )
    expect((await verify(added.url)).findings).toEqual([
      { ...headPlace({ ...head, person }), what: "the log has no such event" },
    ])
  })

  test("finds people who are counted as others than the facts say, and lanes of joined people that are not marked", async () => {
    const people = await rowsOf(original, "person")
    const survivor = people.find(({ learnt, person, survivor }) => person === survivor && learnt !== null)!
    const member = people.find((each) => each.survivor === survivor.person && each.person !== survivor.person)!
    const alone = people.find(({ learnt, survivor }) => learnt !== null && survivor === null)!
    for (const [row, column, value] of [
      [survivor, "survivor", null],
      [member, "survivor", null],
      [member, "survivor", alone.person],
      [alone, "survivor", survivor.person],
      [survivor, "learnt", survivor.learnt! - 1],
      [alone, "learnt", null],
    ] as const) {
      const { tampering, url } = await copy(original)
      await change(tampering, "person", row, column, value)
      const place = { table: "person" as const, lane: row.lane, person: row.person }
      expect((await verify(url)).findings.filter(isAt(place)), column).toHaveLength(1)
    }
    const { tampering, url } = await copy(original)
    await tampering.run("UPDATE lane_head SET has_joined = (1 = 0)")
    const marked = (await rowsOf(original, "lane_head")).filter(({ has_joined }) => has_joined)
    const lanes = (await verify(url)).findings.map(({ lane, table }) => [table, lane])
    expect(lanes.length).toBeGreaterThan(2)
    expect(marked.map(({ lane }) => ["lane_head", lane])).toEqual(expect.arrayContaining(lanes))
  })

  // What is checked is the same in both stores, and PostgreSQL takes long to copy a database for each fault.
  const isTried = name === "sqlite" || isLong

  test.runIf(isTried)("finds rows that are left of an erased person, and erasures that are not whole", async () => {
    const [erasure] = await rowsOf(original, "erasure")
    const { erasure_id, lane, person } = erasure!
    const sql = ({ literal }: Tampering, id: string) => literal("uuid", id)
    const place = { lane, person }
    const other = (await rowsOf(original, "person_key")).find((row) => row.person !== person)!.person
    for (const [statements, finding] of [
      ["UPDATE session SET person = ?", { table: "session", person }],
      ["UPDATE used_identity_token SET person = ?", { table: "used_identity_token", person }],
      ["UPDATE former_alias SET person = ?", { table: "former_alias", person }],
      ["UPDATE alias SET person = ? WHERE kind = 'userId'", { table: "alias", person }],
      ["UPDATE alias SET person = ? WHERE kind = 'contextId'", { table: "alias", person }],
      [`UPDATE person_key SET person = ?, lane = ${lane} WHERE person = @`, { table: "person_key", ...place }],
      [`UPDATE personal_data SET person = ?, lane = ${lane} WHERE person = @`, { table: "personal_data", ...place }],
      ["UPDATE external_id SET person = ?", { table: "external_id" }],
      ["UPDATE lane_head SET has_erased = (1 = 0)", { table: "lane_head" }],
      [`UPDATE erasure SET lane = ${nowhere}`, { table: "erasure", lane: nowhere, person }],
      ["UPDATE erasure SET body = '{'", { table: "erasure", ...place, what: "the body cannot be read" }],
      ["UPDATE erasure SET destroyed = ''", { table: "erasure", ...place, what: "the body cannot be read" }],
      ["UPDATE erasure SET person = @", { table: "erasure", what: "the body does not name the person" }],
      [
        `INSERT INTO erasure SELECT lane, @, erasure_id, recorded_at + 1, body, destroyed FROM erasure`,
        { table: "erasure", lane, what: "is not what the other rows of the erasure say" },
      ],
    ] as ReadonlyArray<readonly [string, Partial<Finding>]>) {
      const { tampering, url } = await copy(original)
      await tampering.run(statements.replaceAll("?", sql(tampering, person)).replaceAll("@", sql(tampering, other)))
      const { findings } = await verify(url)
      expect(findings.filter(isAt(finding)), statements).not.toEqual([])
    }
    const { tampering, url } = await copy(original)
    const members = JSON.stringify([person, other])
    await tampering.run(`UPDATE erasure SET body = '{"members":${members},"submitter":"","reason":"court"}'`)
    const what = `the erasure of ${other} with it is missing`
    expect((await verify(url)).findings, erasure_id).toEqual([{ table: "erasure", ...place, what }])
  })

  test.runIf(isTried)(
    "finds changes that are not where they were, and identity changes that no fact says",
    async () => {
      const changes = await rowsOf(original, "change")
      const last = changes.findLast(
        ({ before_position, lane, person }) =>
          person !== null && events.some((event) => event.lane === lane && event.position === before_position),
      )!
      const { lane } = last
      const ofChange = (position: number, what: string) => ({ table: "change", lane, position, what })
      const [noted] = await rowsOf(original, "people_change")
      const ofNoted = { table: "people_change", lane: noted!.lane, position: noted!.position }
      const unsaid = { ...ofNoted, what: "no fact or erasure says so" }
      const [feed] = await rowsOf(original, "lane_feed")
      const [scan] = await rowsOf(original, "due_scan")
      const ofScan = { table: "due_scan", lane: scan!.lane }
      const head = {
        table: "lane_head",
        lane,
        what: "last_recorded_at is neither that of the last event nor after a change",
      }
      const where = `WHERE lane = ${lane} AND number = ${last.number}`
      const whereNoted = `WHERE lane = ${noted!.lane} AND position = ${noted!.position}`
      for (const [statement, finding] of [
        [
          `DELETE FROM change ${where}`,
          { table: "lane_feed", lane, what: "next_number is not after the last change of the lane" },
        ],
        [
          `DELETE FROM change WHERE lane = ${lane} AND number = 0`,
          ofChange(1, "number 0 is missing, or this is no number"),
        ],
        [
          `UPDATE change SET before_position = 100000 ${where}`,
          ofChange(last.number, "before_position is behind the end of the lane"),
        ],
        [
          `UPDATE change SET before_position = -1 ${where}`,
          ofChange(last.number, "before_position is before that of the change before it"),
        ],
        [
          `UPDATE change SET recorded_at = 1 ${where}`,
          ofChange(last.number, "recorded_at is before that of the item before it"),
        ],
        [
          `UPDATE change SET recorded_at = recorded_at + 100000000 ${where}`,
          { table: "event", lane, what: "recorded_at is not after that of a change before it" },
        ],
        [`UPDATE change SET person = @ ${where}`, ofChange(last.number, "is not in the lane of its person")],
        [`UPDATE change SET body = '[]' ${where}`, ofChange(last.number, "the body cannot be read")],
        [`UPDATE change SET type = 'decision' ${where}`, ofChange(last.number, "is of no known type")],
        [
          `UPDATE change SET lane = ${nowhere} ${where}`,
          { table: "change", lane: nowhere, what: "is in a lane of no project" },
        ],
        [
          `DELETE FROM lane_feed WHERE lane = ${feed!.lane}`,
          { table: "lane_feed", lane: feed!.lane, what: "is missing" },
        ],
        ["UPDATE lane_feed SET incarnation = 0", { table: "lane_feed", lane, what: "incarnation is none" }],
        [`UPDATE lane_head SET last_recorded_at = last_recorded_at + 1 WHERE lane = ${lane}`, head],
        [`UPDATE lane_head SET last_recorded_at = last_recorded_at - 1 WHERE lane = ${lane}`, head],
        [
          `UPDATE due_scan SET state = '{' WHERE lane = ${scan!.lane}`,
          { ...ofScan, what: `${scan!.name}: the state cannot be read` },
        ],
        [`UPDATE due_scan SET lane = ${nowhere} WHERE lane = ${scan!.lane}`, { table: "due_scan", lane: nowhere }],
        [`UPDATE people_change SET member = @ ${whereNoted}`, unsaid],
        [`UPDATE people_change SET kind = 'shared' ${whereNoted}`, unsaid],
        [`UPDATE people_change SET recorded_at = recorded_at + 1 ${whereNoted}`, unsaid],
        [
          `UPDATE people_change SET position = position + 1000 ${whereNoted}`,
          { ...ofNoted, position: noted!.position + 1000, what: "the lane has not counted it" },
        ],
        [
          "UPDATE erasure SET recorded_at = recorded_at - 1",
          { table: "people_change", what: "no fact or erasure says so" },
        ],
      ] as ReadonlyArray<readonly [string, Partial<Finding>]>) {
        const { tampering, url } = await copy(original)
        const other = `018d5d1e-0000-7000-8000-00000000000${((lane + 1) % 16).toString(16)}`
        await tampering.run(statement.replace("@", tampering.literal("uuid", other)))
        expect((await verify(url)).findings.filter(isAt(finding)), statement).not.toEqual([])
      }
    },
  )

  test.runIf(isTried)(
    "finds personal data and keys that are in another lane, of another form or without each other",
    async () => {
      const [key] = await rowsOf(original, "person_key")
      const parts = await rowsOf(original, "personal_data")
      const part = parts.find(({ kind }) => kind === "session")!
      const ofKey = { table: "person_key", lane: key!.lane, person: key!.person }
      const ofPart = { table: "personal_data", lane: part.lane, person: part.person }
      const moved = { lane: nowhere, what: "is not in the lane of its person" }
      const form = "is not what was encrypted"
      const inClear = "has personal data in clear"
      const sealed = "has personal data that are not what was encrypted"
      for (const [statement, finding] of [
        [`UPDATE person_key SET lane = ${nowhere} WHERE person = @key`, { ...ofKey, ...moved }],
        ["UPDATE person_key SET epoch = 0 WHERE person = @key", { ...ofKey, what: "is not a wrapped key" }],
        ["UPDATE person_key SET wrapped = nonce FROM personal_data", { ...ofKey, what: "is not a wrapped key" }],
        ["DELETE FROM person_key WHERE person = @part", { ...ofPart, what: "its person has no key" }],
        [`UPDATE personal_data SET lane = ${nowhere} WHERE person = @part`, { ...ofPart, ...moved }],
        ["UPDATE personal_data SET kind = 'other' WHERE person = @part", { ...ofPart, what: "belongs to nothing" }],
        ["UPDATE personal_data SET id = nonce WHERE person = @part", { ...ofPart, what: "belongs to nothing" }],
        ["UPDATE personal_data SET nonce = encrypted WHERE person = @part", { ...ofPart, what: form }],
        ["UPDATE personal_data SET encrypted = nonce WHERE person = @part", { ...ofPart, what: form }],
        [`UPDATE session SET body = replace(body, '"domain":', '"ipAddress":')`, { table: "session", what: inClear }],
        ...(name === "sqlite"
          ? [[`UPDATE session SET body = '{}'`, { table: "session", what: "has no commitment" }] as const]
          : []),
        [`UPDATE session SET body = replace(body, '"nonce":"', '"nonce":"AAAA')`, { table: "session", what: sealed }],
        [`UPDATE session SET body = '{"commitment":"'`, { table: "session", what: "the body cannot be read" }],
      ] as ReadonlyArray<readonly [string, Partial<Finding>]>) {
        const { tampering, url } = await copy(original)
        const named = statement
          .replace("@key", tampering.literal("uuid", key!.person))
          .replace("@part", tampering.literal("uuid", part.person))
        await tampering.run(named)
        expect((await verify(url)).findings.filter(isAt(finding)), statement).not.toEqual([])
      }
    },
  )

  test.runIf(isTried)("finds addresses of no contact, contacts without one, and those of another form", async () => {
    const [row] = await rowsOf(original, "entry_private")
    const { entry } = row!
    const of = (what: string) => ({ table: "entry_private" as const, what: `entry ${entry}: ${what}` })
    for (const [statement, finding] of [
      ["DELETE FROM entry_private WHERE entry = @entry", of("has no address")],
      [`UPDATE entry_private SET lane = ${nowhere} WHERE entry = @entry`, of("is no contact of its organization")],
      ["UPDATE entry_private SET encrypted = nonce WHERE entry = @entry", of("is not what was encrypted")],
      [
        `UPDATE catalog_entry SET body = replace(body, '"family":"contact"', '"family":"origin"')`,
        of("is no contact of its organization"),
      ],
    ] as const) {
      const { tampering, url } = await copy(original)
      await tampering.run(statement.replace("@entry", tampering.literal("uuid", entry)))
      const { findings } = await verify(url)
      expect([statement, findings.filter(isAt(finding)).length > 0, findings]).toEqual([statement, true, findings])
    }
  })

  test.runIf(isTried)(
    "finds compliance requests that their facts do not make, gaps in the facts, and private rows of another form",
    async () => {
      const facts = await rowsOf(original, "compliance_fact")
      // The last fact of its lane.
      const ends = new Map(facts.map((fact) => [fact.lane, fact]))
      const last = [...ends.values()].find(({ kind }) => kind === "resolved")!
      const { lane, position, request } = last
      const [key] = await rowsOf(original, "request_key")
      const [ofFact, where] = [{ table: "compliance_fact", lane }, `WHERE lane = ${lane} AND position = ${position}`]
      const ofRequest = (what: string) => ({ table: "compliance_request", lane, what: `request ${request}: ${what}` })
      const follows = (columns: string) => ofRequest(`does not follow from its facts: ${columns}`)
      const set = (columns: string) => `UPDATE compliance_request SET ${columns} WHERE request = @request`
      const ofKey = (table: TableName, what: string) => ({
        table,
        lane: key!.lane,
        what: `request ${key!.request}: ${what}`,
      })
      const form = "is not what was encrypted"
      for (const [statement, finding] of [
        [`UPDATE compliance_fact SET lane = ${nowhere} ${where}`, { ...ofFact, lane: nowhere }],
        [`DELETE FROM compliance_fact ${where}`, { ...ofFact, table: "compliance_head" }],
        [`DELETE FROM compliance_fact ${where}`, follows("ordinal, status, resolution_status, state")],
        [
          `UPDATE compliance_fact SET position = position + 1 ${where}`,
          { ...ofFact, position: position + 1, what: `position ${position} is missing` },
        ],
        [
          `UPDATE compliance_fact SET ordinal = ordinal + 1 ${where}`,
          { ...ofFact, position, what: `the fact ${last.ordinal} of request ${request} is missing` },
        ],
        [`UPDATE compliance_fact SET body = '{' ${where}`, { ...ofFact, position, what: "the body cannot be read" }],
        [`UPDATE compliance_fact SET kind = 'noted' ${where}`, follows("status, resolution_status, state")],
        [`UPDATE compliance_fact SET day = '2024-01-01' ${where}`, follows("state")],
        [set("status = 'submitted'"), follows("status")],
        [set("request_date = request_date + 1"), follows("request_date")],
        [set("created_at = created_at + 1"), follows("created_at")],
        [set("domain = 'x'"), follows("domain")],
        [set("country = 'x'"), follows("country")],
        [set("regulation = 'x'"), follows("regulation")],
        [set("kind = 'delete'"), follows("kind")],
        [set("due_on = '2024-02-30'"), ofRequest("the due date is no date")],
        [set("sweep_on = '2024-02-30'"), ofRequest("the day on which it is to be swept is no date")],
        [set("state = replace(state, '\"calendar\":', '\"other\":')"), follows("state")],
        [set("state = '{'"), follows("state")],
        [
          "DELETE FROM compliance_request WHERE request = @request",
          { table: "compliance_request", lane, what: `request ${request} has facts, and is missing` },
        ],
        [
          `DELETE FROM compliance_fact WHERE request = @request`,
          ofRequest("is there without the fact that it was opened"),
        ],
        ["UPDATE compliance_head SET next_position = next_position + 1", { table: "compliance_head", lane }],
        ["DELETE FROM compliance_head", { table: "compliance_head", lane }],
        [
          `INSERT INTO compliance_head VALUES (${nowhere}, 1)`,
          { table: "compliance_head", lane: nowhere, what: "counts 1 facts, and there is none" },
        ],
        ["DELETE FROM request_key WHERE request = @key", ofKey("compliance_private", "has no key")],
        ["DELETE FROM compliance_private WHERE request = @key", ofKey("request_key", "opens nothing")],
        [
          `UPDATE compliance_private SET lane = ${nowhere} WHERE request = @key`,
          { ...ofKey("compliance_private", "there is no such request"), lane: nowhere },
        ],
        [
          `UPDATE request_key SET lane = ${nowhere} WHERE request = @key`,
          { ...ofKey("request_key", "there is no such request"), lane: nowhere },
        ],
        ["UPDATE request_key SET epoch = 0 WHERE request = @key", ofKey("request_key", "is not a wrapped key")],
        ["UPDATE compliance_private SET nonce = NULL WHERE request = @key", ofKey("compliance_private", form)],
        ["UPDATE compliance_private SET encrypted = nonce WHERE request = @key", ofKey("compliance_private", form)],
        [
          "UPDATE compliance_private SET email_hash = nonce WHERE request = @key",
          ofKey("compliance_private", "the hash of the address is none"),
        ],
      ] as ReadonlyArray<readonly [string, Partial<Finding>]>) {
        const { tampering, url } = await copy(original)
        const named = statement
          .replace("@request", tampering.literal("uuid", request))
          .replace("@key", tampering.literal("uuid", key!.request))
        await tampering.run(named)
        const { findings } = await verify(url)
        expect([statement, findings.filter(isAt(finding)).length > 0, findings]).toEqual([statement, true, findings])
      }
    },
  )

  test.runIf(isTried)("finds mails and files that are not as their requests say", async () => {
    const mails = await rowsOf(original, "outbox")
    const [waiting, sent] = ["waiting", "sent"].map((state) => mails.find((mail) => mail.state === state)!)
    const chunks = await rowsOf(original, "file_chunk")
    const second = chunks.find(({ ordinal }) => ordinal === 1)!
    const begun = (await rowsOf(original, "request_file")).find(({ is_attached }) => !is_attached)!
    const ofMail = ({ lane, mail }: Row<"outbox">, what: string) => ({
      table: "outbox",
      lane,
      what: `mail ${mail}: ${what}`,
    })
    const ofFile = ({ file, lane }: Pick<Row<"request_file">, "file" | "lane">, what: string) => ({
      table: "request_file",
      lane,
      what: `file ${file}: ${what}`,
    })
    const ofChunk = (ordinal: number, what: string) => ({
      table: "file_chunk",
      lane: second.lane,
      what: `chunk ${ordinal} of file ${second.file}: ${what}`,
    })
    const setWaiting = (columns: string) => `UPDATE outbox SET ${columns} WHERE mail = @waiting`
    const setSent = (columns: string) => `UPDATE outbox SET ${columns} WHERE mail = @sent`
    const form = "is not what was encrypted"
    const size = 262_144 + 7
    for (const [statement, finding] of [
      [setWaiting("state = 'lost'"), ofMail(waiting!, "has a state that mails do not have")],
      [setWaiting("nonce = NULL, encrypted = NULL"), ofMail(waiting!, "waits, and its words are missing")],
      [setWaiting("nonce = NULL"), ofMail(waiting!, form)],
      [setWaiting("encrypted = nonce"), ofMail(waiting!, form)],
      [setWaiting("ended_at = 1"), ofMail(waiting!, "its end does not agree with its state")],
      [setSent("ended_at = NULL"), ofMail(sent!, "its end does not agree with its state")],
      [setWaiting("recipient_hash = nonce"), ofMail(waiting!, "the hash of the address is none")],
      [
        setSent("nonce = recipient_hash, encrypted = recipient_hash"),
        ofMail(sent!, "is not sent any more, and its words are still there"),
      ],
      [setWaiting("request = mail"), ofMail(waiting!, "there is no such request")],
      [setSent(`lane = ${nowhere}`), { ...ofMail(sent!, "there is no such request"), lane: nowhere }],
      ["DELETE FROM request_key WHERE request = @request", ofMail(waiting!, "has no key")],
      ["DELETE FROM request_key WHERE request = @of", ofFile(second, "has no key")],
      [
        "DELETE FROM request_file WHERE file = @file",
        ofFile(second, "is missing, and a fact says that it is attached"),
      ],
      ["DELETE FROM request_file WHERE file = @file", ofChunk(1, "there is no such file")],
      [
        "UPDATE request_file SET is_attached = FALSE WHERE file = @file",
        ofFile(second, "is missing, and a fact says that it is attached"),
      ],
      ["UPDATE request_file SET is_attached = TRUE", ofFile(begun, "is attached, and no fact says so")],
      [
        `UPDATE request_file SET lane = ${nowhere} WHERE file = @file`,
        { ...ofFile(second, "there is no such request"), lane: nowhere },
      ],
      ["DELETE FROM file_chunk WHERE file = @file AND ordinal = 0", ofFile(second, "a chunk is missing")],
      [
        "DELETE FROM file_chunk WHERE file = @file AND ordinal = 1",
        ofFile(second, `has 262144 bytes, and ${size} by its fact`),
      ],
      ["UPDATE file_chunk SET encrypted = nonce WHERE file = @file AND ordinal = 1", ofChunk(1, form)],
      [
        `UPDATE file_chunk SET lane = ${nowhere} WHERE file = @file`,
        { ...ofChunk(0, "there is no such file"), lane: nowhere },
      ],
    ] as ReadonlyArray<readonly [string, Partial<Finding>]>) {
      const { tampering, url } = await copy(original)
      const ids = {
        waiting: waiting!.mail,
        sent: sent!.mail,
        request: waiting!.request,
        file: second.file,
        of: second.request,
      }
      const named = statement.replaceAll(/@(\w+)/g, (_, name: keyof typeof ids) => tampering.literal("uuid", ids[name]))
      await tampering.run(named)
      const { findings } = await verify(url)
      expect([statement, findings.filter(isAt(finding)).length > 0, findings]).toEqual([statement, true, findings])
    }
  })

  test("finds a catalog entry that is missing, cannot be read, or has no revision", async () => {
    for (const statement of [
      "DELETE FROM catalog_entry WHERE revision = 2",
      "UPDATE catalog_entry SET body = '{' WHERE revision = 2",
      "UPDATE catalog_head SET revision = revision + 1",
    ]) {
      const { tampering, url } = await copy(original)
      await tampering.run(statement)
      const { findings } = await verify(url)
      expect(findings[0]?.table, statement).toMatch(/^catalog/)
    }
  })

  test("lists the findings up to a limit and counts them all", async () => {
    const { tampering, url } = await copy(original)
    await tampering.run("UPDATE event SET submitter = 'other'")
    const report = await verify(url, 5)
    expect([report.findings.length, report.found]).toEqual([5, 424])
  })
})

test("verify on sqlite finds an index and a trigger that are gone, and a table that is not one of a ledger", async () => {
  const path = join(folder, `${++files}.db`)
  await fillLedger(`sqlite:${path}`, 1)
  const database = new DatabaseSync(path)
  database.exec("DROP INDEX event_date; DROP TRIGGER event_is_never_changed; CREATE TABLE mine (a)")
  database.close()
  const { findings } = await verify(`sqlite:${path}`)
  expect(findings.map(({ what }) => what)).toEqual([
    "the index event_date is missing",
    "the trigger event_is_never_changed is missing",
    "the table mine is no part of a ledger",
  ])
})

test("verify on postgres finds a row of the table of migrations that was edited, so that no server opens the database", async () => {
  const url = await postgres.database()
  await fillLedger(url, 1)
  await ofPostgres(url).run("UPDATE migration SET digest = name WHERE number = 1")
  const what = "migration 1 was edited after it was applied"
  expect((await verify(url)).findings).toEqual([{ table: "store", what }])
})

describe("bytes of the file itself that were flipped", () => {
  /** The rows of every table of a file, read without the code of the store; `undefined` if it cannot be read. */
  const dump = (path: string): ReadonlyMap<string, string> | undefined => {
    try {
      const db = new DatabaseSync(path, { readOnly: true })
      try {
        const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
        const tables = names.map(({ name }) => {
          const statement = db.prepare(`SELECT * FROM ${String(name)}`)
          statement.setReadBigInts(true)
          const hex = (value: unknown) =>
            value instanceof Uint8Array ? Buffer.from(value).toString("hex") : `${value}`
          const rows = statement.all().map((row) => Object.values(row).map(hex).join("|"))
          return [String(name), rows.toSorted().join("\n")] as const
        })
        return new Map([...tables, ["schema", JSON.stringify(db.prepare("SELECT sql FROM sqlite_schema").all())]])
      } finally {
        db.close()
      }
    } catch {
      return undefined
    }
  }

  test("are each found, unless they belong to no row; and bytes that are not checked change a digest", async () => {
    const original = join(folder, "flipped.db")
    await fillLedger(`sqlite:${original}`)
    const bytes = readFileSync(original)
    const whole = await verify(`sqlite:${original}`)
    const logical = dump(original)!
    const path = join(folder, "flip.db")
    let found = 0
    let unused = 0
    let inDigest = 0
    for (let round = 0; round < 60 * rounds; round++) {
      const offset = random(bytes.length)
      const flipped = Buffer.from(bytes)
      flipped[offset]! ^= 1 << random(8)
      writeFileSync(path, flipped)
      const exit = await verifying(`sqlite:${path}`)
      if (Exit.isFailure(exit)) {
        expect(String(exit.cause), `byte ${offset}`).toMatch(/NoLedger|StoreDamaged|StoreUnavailable/)
        found++
      } else if (!exit.value.isWhole) found++
      else if (JSON.stringify(exit.value) !== JSON.stringify(whole)) {
        // Only a table without a copy of its content elsewhere may differ; of an external id that is its hash.
        const differing = exit.value.tables.filter((tally, index) => tally.digest !== whole.tables[index]!.digest)
        const isCopied = (table: TableName) =>
          differing.some((tally) => tally.table === table) && table !== "external_id"
        expect(checked.filter(isCopied)).toEqual([])
        inDigest++
      } else {
        const now = dump(path)
        expect([...(now ?? [])], `byte ${offset}`).toEqual([...logical])
        unused++
      }
    }
    // Encrypted bytes, such as those of files, are many, and are in no other table.
    expect(found).toBeGreaterThan(10 * rounds)
    expect(found + inDigest + unused).toBe(60 * rounds)
  })
})

describe("bytes of the pages of PostgreSQL that were flipped", () => {
  /**
   * The rows of the checked tables but for the hashes of external ids, read without the code of the store; `undefined`
   * if they cannot be read.
   */
  const dump = async (url: string): Promise<ReadonlyArray<unknown> | undefined> => {
    try {
      return await Effect.runPromise(
        Effect.gen(function* () {
          const sql = yield* Sql.connect(url)
          yield* Sql.query(sql, "SET enable_indexscan = off")
          return yield* Effect.forEach(checked, (table) => {
            const row = table === "external_id" ? "(t.lane, t.event_lane, t.position, t.person)" : "t"
            return Sql.query(sql, `SELECT ${row}::text AS row FROM ${table} t ORDER BY 1`)
          })
        }).pipe(Effect.scoped, Effect.provide(Reactivity.layer)),
      )
    } catch {
      return undefined
    }
  }

  test("are each found, unless they belong to no row", async () => {
    const original = await postgres.database()
    await fillLedger(original)
    const logical = await dump(original)
    let found = 0
    for (let round = 0; round < 10 * rounds; round++) {
      const url = await postgres.copy(original)
      const table = checked[round % checked.length]!
      const path = await postgres.fileOf(url, table)
      const bytes = readFileSync(path)
      const offset = random(bytes.length)
      bytes[offset]! ^= 1 << random(8)
      writeFileSync(path, bytes)
      const exit = await verifying(url)
      if (Exit.isSuccess(exit) && exit.value.isWhole) {
        expect(await dump(url), `byte ${offset} of ${table}`).toEqual(logical)
      } else {
        if (Exit.isFailure(exit)) expect(String(exit.cause), `byte ${offset} of ${table}`).toMatch(/StoreDamaged/)
        found++
      }
    }
    expect(found).toBeGreaterThan(rounds)
  })
})
