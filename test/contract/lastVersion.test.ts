/**
 * This version upgrades a ledger that version 0.1.0 has written: it answers the same bytes, answers repeated requests
 * as the first time, refuses a used identity token, verifies the ledger as whole, and exports the same lines.
 *
 * The server's clock begins at the instant at which the fixture was made, because sessions and identity tokens
 * expire. `test/fixtures/last-version/README.md` describes the files.
 */
import { copyFileSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { workplace } from "../cli/run.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { type Answer, type Server, start } from "../support/server.ts"

/** A request, and the answer of version 0.1.0 to it. */
interface Question {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly status: number
  readonly answer: string
  readonly positions?: string
  readonly replayed?: boolean
}

/** A table in a report of `assent verify --json`. */
interface TableReport {
  readonly table: string
  readonly rows: number
  readonly digest: string
}

/** The answers of version 0.1.0 from one of the two ledgers. */
interface Expected {
  /** When the ledger was complete. */
  readonly clock: string
  readonly questions: ReadonlyArray<Question>
  /** A file that was imported with the command line, the arguments, and the report. */
  readonly import: {
    readonly rows: string
    readonly mapping: object
    readonly arguments: ReadonlyArray<string>
    readonly answer: object
  }
  readonly verify: {
    readonly digest: string
    readonly lanes: ReadonlyArray<{ readonly lane: number; readonly digest: string; readonly events: number }>
    readonly tables: ReadonlyArray<TableReport>
  }
  /** The lines of `assent export`, by the id of the project. */
  readonly export: Readonly<Record<string, ReadonlyArray<string>>>
}

const fixtures = join(import.meta.dirname, "../fixtures/last-version")
const expected: Readonly<Record<"sqlite" | "postgres", Expected>> = JSON.parse(
  readFileSync(join(fixtures, "expected.json"), "utf8"),
)
const { folder, run, write } = workplace()

let postgres: Postgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

let files = 0
const copyFile = async (): Promise<string> => {
  const file = join(folder, `ledger-${files++}.db`)
  copyFileSync(join(fixtures, "ledger.db"), file)
  return `sqlite:${file}`
}

const loadDump = async (): Promise<string> => {
  const url = await postgres.database()
  const dump = readFileSync(join(fixtures, "ledger.sql"), "utf8")
  await postgres.administer(`SET ROLE assent; ${dump}`, new URL(url).pathname.slice(1))
  return url
}

const upgraded = async (url: string): Promise<string> => {
  const { code, stderr, stdout } = await run(["upgrade", "--store", url])
  expect([code, stdout, stderr]).toEqual([0, expect.stringContaining("upgraded, and everything"), expect.any(String)])
  return url
}

const openSqlite = async (): Promise<string> => upgraded(await copyFile())

const openPostgres = async (): Promise<string> => upgraded(await loadDump())

/** An environment in which the clock of a process begins at an instant. */
const clockFrom = (instant: string): Readonly<Record<string, string>> => {
  const script = `const now = Date.now; const offset = ${Date.parse(instant)} - now(); Date.now = () => now() + offset`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` }
}

/** The body of an answer, without the random id that every problem has. */
const bodyOf = ({ headers, text }: Answer): string =>
  headers["content-type"] === "application/problem+json"
    ? text.replace(/,"instance":"urn:uuid:[0-9a-f-]{36}"/, "")
    : text

const ask = async (server: Server, { body, headers, method, path }: Question) => {
  const answer = await server.request(method, path, { headers, ...(body !== undefined && { body }) })
  const positions = answer.headers["assent-positions"]
  return {
    status: answer.status,
    answer: bodyOf(answer),
    ...(positions !== undefined && { positions }),
    ...(answer.headers["idempotent-replayed"] === "true" && { replayed: true }),
  }
}

/** The tables that later versions have added, and the heads of lanes, which changes of the feed add to. */
const added: ReadonlySet<string> = new Set([
  ...["former_alias", "joined_head", "person_key", "personal_data", "erasure", "held_erasure"],
  ...["people_change", "lane_feed", "change", "due_scan", "lane_head"],
  ...["webhook_cursor", "parked", "dead_letter", "delivery"],
  ...["compliance_head", "compliance_fact", "compliance_request", "compliance_private", "request_key"],
  ...["outbox", "request_file", "file_chunk", "entry_private"],
  ...["consumer", "metric", "day_visitors"],
])

/**
 * A report without digests, because personal data are kept apart and each event is stored in another form; and without
 * the names of tables, because some were renamed.
 */
const countsOf = ({ digest: _digest, lanes, tables, ...report }: Expected["verify"]) => ({
  ...report,
  lanes: lanes.map(({ digest: _digest, ...lane }) => lane),
  tables: tables.flatMap(({ rows, table }) => (added.has(table) ? [] : [rows])).toSorted((a, b) => a - b),
})

/**
 * The positions that two answers have in common. An answer about joined people names other lanes than before: that of
 * the survivor, not of every member, and all lanes of the project.
 */
const inBoth = (one: unknown, other: unknown) => {
  const lanes = new Set(
    String(other ?? "")
      .split(", ")
      .map((position) => position.split("=")[0]!),
  )
  return String(one ?? "")
    .split(", ")
    .filter((position) => lanes.has(position.split("=")[0]!))
    .toSorted()
}

/**
 * The decisions without those about types that the last version did not list, because they were deleted after the
 * `knownAt` of the question: as known then, they are listed (semantics, section 3).
 */
const withoutDeleted = (answered: string, expected: string): string => {
  if (!answered.includes('"status":"unknown"')) return answered
  const told = new Set(JSON.parse(expected).items?.map(({ consentType }: { consentType: string }) => consentType))
  const { items, ...rest } = JSON.parse(answered)
  const listed = items.filter((item: Readonly<Record<string, unknown>>) => {
    return item["status"] !== "unknown" || told.has(String(item["consentType"]))
  })
  return JSON.stringify({ ...rest, count: listed.length, items: listed })
}

/**
 * An answer without what this version answers otherwise on purpose: each version of a consent type has an `id`, and the
 * type's own `requireReaccept` is always false, because it is a command (semantics, section 1). A decision that is
 * asked by an identifier says since when the identifier names the person, each decision names its type, and a project
 * has an `earliestConsentDate` and `appOrigins`. A person lists its identifiers, whose kinds are not known.
 */
const withoutIntended = (answered: string): string => {
  const answer = answered
    .replaceAll(/,"(namedSince|earliestConsentDate)":"[^"]*"|,"appOrigins":\[\]/g, "")
    .replaceAll(/("consentType":"[^"]*"),"category":"[^"]*","subcategory":\["[^"]*"\],"label":"[^"]*"(?=,"at":)/g, "$1")
    .replaceAll(/,"identifiers":\[(\{"since":"[^"]*"\},?)*\]/g, "")
  if (!answer.includes('"publishedAt":')) return answer
  return JSON.stringify(JSON.parse(answer), function (this: object, key, value: unknown) {
    const isOfVersion = "publishedAt" in this
    if (key === "id" && isOfVersion) return undefined
    return key === "requireReaccept" && !isOfVersion ? false : value
  })
}

describe.each([
  ["SQLite", expected.sqlite, openSqlite],
  ["PostgreSQL", expected.postgres, openPostgres],
] as const)(
  "a ledger of version 0.1.0 on %s",
  (_, { clock, export: exported, import: taken, questions, verify }, open) => {
    let store: string
    let server: Server
    beforeAll(async () => {
      store = await open()
      const file = store.startsWith("sqlite:") ? { file: store.slice("sqlite:".length) } : {}
      server = await start({ ...file, env: { ...clockFrom(clock), ASSENT_STORE: store } })
    })
    afterAll(() => server.stop())

    test("answers every question as that version did, and every repeated request as the first time", async () => {
      expect(questions.length).toBeGreaterThan(100)
      for (const question of questions) {
        const { body: _body, headers: _headers, method, path, ...answer } = question
        const { positions, ...given } = await ask(server, question)
        const { positions: before, ...rest } = answer
        const isOfPast = path.includes("consent-decisions") && path.includes("knownAt=")
        const told = isOfPast ? withoutDeleted(given.answer, answer.answer) : given.answer
        expect({ method, path, ...given, answer: withoutIntended(told) }).toEqual({
          method,
          path,
          ...rest,
          answer: withoutIntended(answer.answer),
        })
        expect([path, inBoth(positions, before)]).toEqual([path, inBoth(before, positions)])
      }
    })

    test("is whole, and holds the rows that it held; the questions have written nothing", async () => {
      await server.end("SIGTERM")
      const { code, stderr, stdout } = await run(["verify", "--store", store, "--json"])
      expect([code, stderr]).toEqual([0, ""])
      const { keys, placeholders, unknownKinds, ...report } = JSON.parse(stdout)
      const rowsOf = (name: string): number => report.tables.find(({ table }: TableReport) => table === name).rows
      expect(countsOf(report)).toEqual(countsOf(verify))
      expect(unknownKinds).toBe(rowsOf("alias"))
      expect(placeholders).toEqual([])
      // The upgrade gives keys to people, all of the current epoch. None is destroyed, so every backup can be read.
      expect(rowsOf("person_key")).toBeGreaterThan(0)
      expect(keys.epochs.at(-1).people).toBe(rowsOf("person_key"))
      expect(keys).not.toHaveProperty("backupsFrom")
    })

    test("exports the same bytes", async () => {
      for (const [project, lines] of Object.entries(exported)) {
        const { code, stderr, stdout } = await run(["export", "--store", store, "--project", project])
        expect([code, stderr]).toEqual([0, ""])
        expect(stdout).toBe(lines.map((line) => `${line}\n`).join(""))
      }
    })

    test("records no row again of a file that was imported into it", async () => {
      write("history.csv", taken.rows)
      write("mapping.json", JSON.stringify(taken.mapping))
      const { code, stdout } = await run([...taken.arguments, "--store", store])
      const { store: _store, ...answer } = JSON.parse(stdout)
      expect([code, answer]).toEqual([2, taken.answer])
    })
  },
)

test.each([
  ["sqlite", copyFile],
  ["postgres", loadDump],
])(
  "commands that only read a ledger on %s which is not upgraded say how to upgrade it, and change nothing",
  async (_, open) => {
    const store = await open()
    const window = ["--from", "2026-01-01", "--until", "2027-01-01"]
    for (const command of [
      ["verify", "--store", store],
      ["move", "--from", store, "--to", `sqlite:${join(folder, "copy.db")}`],
      ["simulate", "--store", store, "--candidate", "pack:cnil@2020-09", ...window],
    ]) {
      const { code, stderr } = await run(command)
      expect([command[0], code === 0, stderr]).toEqual([
        command[0],
        false,
        expect.stringMatching(/run `?assent upgrade/),
      ])
      expect(stderr).toContain("written by an earlier version of Assent")
    }
  },
)
