/**
 * Compares the import of a file into a ledger on SQLite with bare statements that insert the rows that it has written:
 * into tables without indexes, several rows a statement, one transaction for each block. Every commit is synced.
 */
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeStream from "@effect/platform-node/NodeStream"
import { Context, Effect, Layer, Option } from "effect"
import * as Mapping from "../adapters/files/Mapping.ts"
import * as RowMapper from "../adapters/files/RowMapper.ts"
import * as RowReader from "../adapters/files/RowReader.ts"
import * as Connection from "../adapters/sqlite/Connection.ts"
import * as SqliteStore from "../adapters/sqlite/SqliteStore.ts"
import * as Crypto from "../apps/Crypto.ts"
import type { ProjectScope } from "../core/model/Catalog.ts"
import { maxItems } from "../core/ledger/Batch.ts"
import * as Ledger from "../core/Ledger.ts"
import * as DateCheck from "../core/transfer/DateCheck.ts"
import * as Intake from "../core/transfer/Intake.ts"
import * as Measure from "./measure.ts"
import * as TestKeys from "../test/support/keys.ts"
import * as Samples from "./samples.ts"

const rows = Number(process.env["BENCH_ROWS"] ?? 120_000)
const rounds = 3

/** Writes a file in which every person has two rows, far apart, with an account and an e-mail address. */
const writeRows = (path: string, scope: ProjectScope): void => {
  const next = Samples.maker(scope)
  const lines = Array.from({ length: rows }, (_, index) => {
    const { consentDate, consentState, consentType } = next(Date.UTC(2024, 0, 1) + index * 1000)
    const person = index % Math.ceil(rows / 2)
    const identifiers = { userId: `user-${person}`, email: `u${person}@example.com` }
    const item = { ...identifiers, consentType, consentState, consentDate: new Date(consentDate).toISOString() }
    return `${JSON.stringify(item)}\n`
  })
  writeFileSync(path, lines.join(""))
}

const read = (path: string) =>
  RowReader.read(NodeStream.fromReadable({ evaluate: () => createReadStream(path), onError: String }), {
    format: "ndjson",
  })

/** Imports a file as the command does: its dates are looked at first. */
const importFile = Effect.fnUntraced(function* (path: string, scope: ProjectScope, ledger: Ledger.Ledger["Service"]) {
  const { map } = RowMapper.make(Mapping.none, true)
  yield* DateCheck.run(read(path), { ...scope, map, report: () => Effect.void })
  const intake: Intake.Intake = {
    ...scope,
    submitter: scope.organization.id,
    isRestore: false,
    map: RowMapper.make(Mapping.none).map,
    acceptReplacedDates: true,
    report: () => Effect.void,
  }
  return yield* Intake.run(read(path), intake, ledger)
})

/** Makes a ledger and imports a file into it. Returns the seconds that the import took. */
const importing = (folder: string) =>
  Effect.gen(function* () {
    const store = SqliteStore.layer(join(folder, "ledger.db"))
    const opened = yield* Layer.build(
      Ledger.layer.pipe(Layer.provide(store), Layer.provide([Crypto.layer, TestKeys.layer])),
    )
    const ledger = Context.get(opened, Ledger.Ledger)
    yield* ledger.found
    const [projectId] = (yield* ledger.catalog).projects.keys()
    const scope = Option.getOrThrow(yield* ledger.projectScope(projectId!))
    const path = join(folder, "rows.ndjson")
    writeRows(path, scope)
    const started = performance.now()
    yield* importFile(path, scope, ledger)
    return (performance.now() - started) / 1000
  }).pipe(Effect.scoped)

const tables = ["event", "head", "alias", "person"]

/** How many rows a bare statement inserts. */
const rowsOfStatement = 50

/** Inserts the rows of a ledger into bare tables. Returns the seconds that it took. */
const inserting = (folder: string): number => {
  const ledger = new DatabaseSync(join(folder, "ledger.db"), { readOnly: true })
  const bare = Connection.open(join(folder, "bare.db"))
  const inserts = tables.map((table) => {
    const select = ledger.prepare(`SELECT * FROM ${table}`)
    select.setReturnArrays(true)
    const all = select.all() as unknown as ReadonlyArray<ReadonlyArray<SQLInputValue>>
    const names = select.columns().map(({ name }) => name)
    const row = `(${names.map(() => "?").join(", ")})`
    bare.exec(`CREATE TABLE ${table} (${names.join(", ")})`)
    const prepare = (count: number) =>
      bare.prepare(`INSERT INTO ${table} VALUES ${Array.from({ length: count }, () => row).join(", ")}`)
    return { all, many: prepare(rowsOfStatement), one: prepare(1) }
  })
  const blocks = Math.ceil(rows / maxItems)
  const started = performance.now()
  for (let block = 0; block < blocks; block++) {
    bare.exec("BEGIN")
    for (const { all, many, one } of inserts) {
      const end = Math.floor((all.length * (block + 1)) / blocks)
      let from = Math.floor((all.length * block) / blocks)
      for (; from + rowsOfStatement <= end; from += rowsOfStatement) {
        many.run(...all.slice(from, from + rowsOfStatement).flat())
      }
      for (; from < end; from++) one.run(...all[from]!)
    }
    bare.exec("COMMIT")
  }
  const seconds = (performance.now() - started) / 1000
  ledger.close()
  bare.close()
  return seconds
}

/** Runs and prints the comparison. The two take turns, because the speed of the machine varies. */
export const run = async (): Promise<void> => {
  const best = { importing: Infinity, inserting: Infinity }
  for (let round = 0; round < rounds; round++) {
    const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
    try {
      best.importing = Math.min(best.importing, await Effect.runPromise(importing(folder)))
      best.inserting = Math.min(best.inserting, inserting(folder))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  Measure.print(
    `SQLite, ${rows.toLocaleString("en")} rows from a file, in events`,
    [
      { name: "bare INSERTs into tables without indexes", perSecond: rows / best.inserting },
      { name: "import", perSecond: rows / best.importing },
    ],
    {},
  )
}
