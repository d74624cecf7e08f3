/**
 * Nothing personal stays behind, shown by search: after an erasure, no file of the store, no log, metric or trace, not
 * the erasure log and no dump holds a value that named or described the person, in any form. And nothing of it was ever
 * written in clear, because it is encrypted before it is stored.
 *
 * Names that a company chooses itself are not personal, and are not searched for.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { scrape } from "../http/logLines.ts"
import { makeSigner, publish } from "../http/identityTokens.ts"
import { addressSetting, dataOf, type MarkedPerson, recordPerson } from "../http/markedPerson.ts"
import { acme, asOwner, startWorld, startWorldOn } from "../http/world.ts"
import { type Collector, sentTo, startCollector } from "../support/collector.ts"
import { type Installed, startInstalled } from "../support/installedPostgres.ts"
import { isLong } from "../support/long.ts"
import * as Markers from "../support/markers.ts"
import { eventually, type Server } from "../support/server.ts"

/** A running server with its store, as the search sees it. */
interface Place {
  readonly server: Server
  /** Folders and files of the store, with what the operating system keeps next to them. */
  readonly files: () => ReadonlyArray<string>
  /** Everything in the store as a dump. */
  readonly dump: () => string
  /** Writes the tables again, because free space in the pages of PostgreSQL keeps bytes after a VACUUM. */
  readonly rewrite: () => void
  /** The bytes of a column, each value. */
  readonly bytesOf: (table: string, column: string) => ReadonlyArray<Uint8Array>
  readonly stop: () => Promise<void>
}

let collector: Collector
let installed: Installed | undefined
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "assent-stays-"))
  collector = await startCollector()
  if (isLong) installed = await startInstalled()
}, 120_000)
afterAll(async () => {
  installed?.stop()
  await collector.stop()
  rmSync(folder, { recursive: true, force: true })
})

const settings = (erasureLog: string) => ({
  ...addressSetting,
  ...sentTo(collector),
  ASSENT_ERASURE_LOG: erasureLog,
  ASSENT_METRICS_PORT: "0",
  ASSENT_LOG_LEVEL: "debug",
  ASSENT_LOG_FORMAT: "json",
})

const withDatabase = <A>(file: string, use: (database: DatabaseSync) => A): A => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return use(database)
  } finally {
    database.close()
  }
}

/** Every row as `.dump` of the sqlite3 shell writes it. */
const dumpOf = (database: DatabaseSync): string => {
  const tables = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").all()
  return tables
    .flatMap(({ name, sql }) => {
      const columns = database.prepare(`SELECT name FROM pragma_table_info('${String(name)}')`).all()
      const quoted = columns.map((column) => `quote("${String(column["name"])}")`).join(" || ',' || ")
      return [
        String(sql),
        ...database
          .prepare(`SELECT ${quoted} AS row FROM "${String(name)}"`)
          .all()
          .map(({ row }) => String(row)),
      ]
    })
    .join("\n")
}

const onSqlite = async (erasureLog: string): Promise<Place> => {
  const server = await startWorld(settings(erasureLog))
  return {
    server,
    files: () => [dirname(server.file)],
    dump: () => withDatabase(server.file, dumpOf),
    rewrite: () => {},
    bytesOf: (table, column) =>
      withDatabase(server.file, (database) =>
        database
          .prepare(`SELECT "${column}" AS value FROM "${table}"`)
          .all()
          .map(({ value }) => value as Uint8Array),
      ),
    stop: () => server.stop(),
  }
}

const onPostgres = async (erasureLog: string): Promise<Place> => {
  const own = installed!
  const url = (role: string) => `postgres://${role}@127.0.0.1:${own.port}/stays`
  own.rows("CREATE ROLE assent LOGIN", `postgres://postgres@127.0.0.1:${own.port}/postgres`)
  own.rows("CREATE DATABASE stays OWNER assent", `postgres://postgres@127.0.0.1:${own.port}/postgres`)
  const server = await startWorldOn(url("assent"), settings(erasureLog))
  return {
    server,
    files: () => {
      own.rows("CHECKPOINT", url("postgres"))
      return [own.folder]
    },
    dump: () => own.run('pg_dump "$URL"', { URL: url("postgres") }),
    rewrite: () => void own.rows("VACUUM FULL", url("postgres")),
    bytesOf: (table, column) =>
      own.rows(`SELECT encode(${column}, 'hex') FROM ${table}`, url("postgres")).map((hex) => Buffer.from(hex, "hex")),
    stop: () => server.stop(),
  }
}

const concerned = [
  "alias.hash",
  "former_alias.hash",
  "external_id.hash",
  "person_key.wrapped",
  "personal_data.encrypted",
]

/** A PostgreSQL server has 60 MB of files, which are searched in the long tests. */
const places: ReadonlyArray<readonly [name: string, begin: (erasureLog: string) => Promise<Place>]> = [
  ["SQLite", onSqlite],
  ...(isLong ? [["PostgreSQL", onPostgres] as const] : []),
]

describe.each(places)("%s:", (name, begin) => {
  let place: Place
  let person: MarkedPerson
  let bystander: MarkedPerson
  let erasureLog: string
  /** Hashes and keys that the store holds of the person alone. */
  const hashes: Record<string, Uint8Array> = {}

  /** Where the values of a person are, everywhere that the process writes to. */
  const traces = async (markers: Markers.Markers): Promise<ReadonlyArray<Markers.Trace>> => {
    const { inBytes, inFiles } = Markers.search(markers)
    const metrics = await scrape(place.server)
    return [
      ...(await Promise.all([...place.files(), erasureLog].map(inFiles))).flat(),
      ...inBytes("the dump", place.dump()),
      ...inBytes("the output", place.server.output()),
      ...inBytes("the metrics", metrics),
      ...inBytes("the traces", collector.received().join("\n")),
    ]
  }

  beforeAll(async () => {
    erasureLog = join(folder, `${name}.log`)
    place = await begin(erasureLog)
    const signer = await makeSigner()
    await publish(place.server, [signer.publicKey])
    bystander = await recordPerson(place.server, signer)
    const before = new Map(concerned.map((each) => [each, place.bytesOf(...(each.split(".") as [string, string]))]))
    person = await recordPerson(place.server, signer)
    for (const each of concerned) {
      const known = new Set(before.get(each)!.map((bytes) => Buffer.from(bytes).toString("hex")))
      for (const [index, bytes] of place.bytesOf(...(each.split(".") as [string, string])).entries()) {
        if (!known.has(Buffer.from(bytes).toString("hex"))) hashes[`${each} ${index}`] = bytes
      }
    }
    const sent = collector.received().length
    await eventually(() => collector.received().length > sent, "traces are sent")
  }, 120_000)
  afterAll(() => place.stop())

  test("before the erasure, nothing is in clear anywhere", async () => {
    expect(await traces(person.words)).toEqual([])
  })

  test("the search finds what is there: the hashes and the encrypted data before the erasure", async () => {
    expect(Object.keys(hashes).length).toBeGreaterThan(10)
    const found = new Set((await traces(hashes)).map(({ marker }) => marker))
    expect(Object.keys(hashes).filter((hash) => !found.has(hash))).toEqual([])
    // Data in a file of the same folder are found in clear.
    const file = join(place.files()[0]!, "note.txt")
    writeFileSync(file, JSON.stringify(person.words))
    expect(new Set((await traces(person.words)).map(({ marker }) => marker))).toEqual(
      new Set(Object.keys(person.words)),
    )
    rmSync(file)
  })

  test("after it, nothing is anywhere: no value, no hash of one, no key, no encrypted data", async () => {
    const path = `/privacy-v1/organizations/${acme.id}/people/${person.concordId}/erasure`
    const json = { confirm: person.concordId, reason: "request" }
    const erased = await place.server.request("POST", path, { headers: asOwner, json })
    expect([erased.status, erased.json.isScrubbed], erased.text).toEqual([200, true])
    expect(await traces(person.words)).toEqual([])
    // No statement finds a hash, a key or encrypted data any more. Their bytes stay in free space of PostgreSQL's pages
    // until it is used again, and in its write-ahead log until that is recycled: docs/privacy.md says so.
    const isOfPostgres = ({ place: at }: Markers.Trace): boolean =>
      installed !== undefined && at.startsWith(installed.folder)
    expect((await traces(hashes)).filter((trace) => !isOfPostgres(trace))).toEqual([])
    place.rewrite()
    expect((await traces(hashes)).filter((trace) => !trace.place.includes("/pg_wal/"))).toEqual([])
    expect(readFileSync(erasureLog, "utf8")).toContain(person.concordId)
  })

  test("everything of anyone else is still there", async () => {
    const data = await dataOf(place.server, bystander.concordId)
    expect(bystander.shown.filter((word) => !data.text.includes(bystander.words[word]!))).toEqual([])
    expect(data.json.erasures).toEqual([])
  })

  test("what access showed of the person is gone from it", async () => {
    const data = await dataOf(place.server, person.concordId)
    expect(Markers.search(person.words).inBytes("the answer", data.text)).toEqual([])
    const events = data.json.projects.flatMap((project: { events: ReadonlyArray<object> }) => project.events)
    expect(events.map(({ erased }: { erased?: boolean }) => erased)).toEqual([true, true, true, true, true])
  })
})
