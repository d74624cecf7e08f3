/**
 * `assent import` and `assent export`: every format of rows, every fault with its line, and exports that are imported
 * again.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { gzipSync } from "node:zlib"
import { Result } from "effect"
import { beforeAll, describe, expect, test } from "vitest"
import * as Mapping from "../../adapters/files/Mapping.ts"
import { linesOf, workplace } from "./run.ts"

const { copyLedger, folder, run, write } = workplace()

let newsletter: string
beforeAll(async () => {
  const { stdout } = await run(["bootstrap", "--store", "sqlite:empty.db", "--json"])
  newsletter = JSON.parse(stdout).consentTypes.find(({ label }: { label: string }) => label === "newsletter").id
})

let stores = 0
/** A new store, with the same catalog each time. */
const newStore = (): string => {
  const name = `ledger${stores++}.db`
  copyLedger("empty.db", name)
  return `sqlite:${name}`
}

const row = (more: object = {}): object => ({
  userId: "ann",
  consentType: newsletter,
  consentState: "accepted",
  consentDate: "2024-01-31T00:00:00Z",
  ...more,
})

/** The events of a store as they are answered, by `consentDate`. */
const eventsOf = async (store: string): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const { code, stdout } = await run(["export", "--store", store])
  expect(code).toBe(0)
  return linesOf(stdout).toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
}

const placeOf = ({ consentDate, id }: { readonly [member: string]: unknown }) => `${String(consentDate)} ${String(id)}`

const importInto = async (
  store: string,
  content: string | Uint8Array,
  args: ReadonlyArray<string> = [],
  file = "rows.ndjson",
) => {
  write(file, content)
  const { code, stderr, stdout } = await run([
    "import",
    file,
    "--store",
    store,
    "--rejected",
    "rejected.ndjson",
    "--json",
    ...args,
  ])
  const isWritten = stdout !== ""
  return {
    code,
    stderr,
    tally: isWritten ? JSON.parse(stdout) : undefined,
    rejected: isWritten
      ? linesOf(readFileSync(join(folder, "rejected.ndjson"), "utf8")).map(
          ({ code, field, line }) => `${line} ${field} ${code}`,
        )
      : [],
  }
}

describe("NDJSON", () => {
  test("is taken in line by line: what is good recorded, what is not named by line, field and reason", async () => {
    const store = newStore()
    const deep = `{"userId":"deep","a":${"[".repeat(5000)}${"]".repeat(5000)}}`
    const lines: ReadonlyArray<string | Buffer> = [
      `\uFEFF${JSON.stringify(row())}`,
      "",
      "{",
      "[]",
      JSON.stringify(row({ userId: "\ud800" })),
      JSON.stringify(row({ consentState: "agreed", userId: 7 })),
      JSON.stringify(row({ consentDate: undefined })),
      `{"__proto__":{"userId":"nobody"},"consentType":"${newsletter}","consentState":"accepted","consentDate":"2024-01-31T00:00:00Z"}`,
      deep,
      JSON.stringify(row({ userId: "x".repeat(1024 * 1024) })),
      Buffer.from([...Buffer.from('{"userId":"'), 0xff, ...Buffer.from('"}')]),
      JSON.stringify(row({ userId: "a\u0000b" })),
      JSON.stringify({ ...row(), userId: undefined, UserID: "bob" }),
      `${JSON.stringify(row({ userId: "last", externalId: "x" }))}\r`,
      JSON.stringify(row({ userId: "last", externalId: "x" })),
    ]
    const bytes = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from("\n")]))
    const { code, rejected, tally } = await importInto(store, bytes)
    expect(rejected.filter((each) => !each.startsWith("9 "))).toEqual([
      "3  unreadable",
      "4  unreadable",
      "5 userId identifier_not_valid",
      "6 userId invalid",
      "6 consentState invalid",
      "7 consentDate missing",
      "8 concordId identifier_missing",
      "10  unreadable",
      "11  unreadable",
      "12 userId identifier_not_valid",
      "13 userId unknown",
    ])
    expect(code).toBe(2)
    expect(tally).toMatchObject({ dryRun: false, rows: 14, recorded: 2, recordedBefore: 1, rejected: 11 })
    expect(tally.faults).toMatchObject({ unreadable: 4, invalid: 1 })
    expect((await eventsOf(store)).map(({ consentAction, externalId }) => [consentAction, externalId])).toEqual([
      ["import", undefined],
      ["import", "x"],
    ])
    expect(new Set((await eventsOf(store)).map(({ concordId }) => concordId)).size).toBe(2)
  })

  test("shows the first faults where no file is asked for, never a value; exits with 2, or 0 where all is well", async () => {
    const store = newStore()
    write("bad.ndjson", `${JSON.stringify(row({ consentState: "Zq7mark", userId: "Zq7mark" }))}\n`.repeat(12))
    const bad = await run(["import", "bad.ndjson", "--store", store])
    expect(bad.code).toBe(2)
    expect(bad.stderr.match(/^line \d+: consentState: invalid: /gm)).toHaveLength(10)
    expect(bad.stderr + bad.stdout).not.toContain("Zq7mark")
    expect(bad.stdout).toMatch(/^rejected +12$/m)
    const good = await run(["import", "-", "--store", store], { stdin: JSON.stringify(row()) })
    expect([good.code, good.stderr]).toEqual([0, ""])
    expect(good.stdout).toMatch(/^recorded +1$/m)
  })
})

describe("CSV", () => {
  const columns = ["userId", "consentType", "consentState", "consentDate", "externalId"]
  const head = columns.join(",")
  const csv = (...people: ReadonlyArray<string>) =>
    people.map((person) => `${person},${newsletter},accepted,2024-01-31T00:00:00Z,`)

  test("has quotes, line breaks in fields, CR LF and a byte order mark; a record is named by its first line", async () => {
    const store = newStore()
    const twoLines = csv('" lines"').map((row) => `${row}"two\r\nlines"`)
    const content = `\uFEFF${[head, ...csv('"a ""b"", c"'), ...twoLines, ...csv("plain"), "too,few", ...csv("")].join("\r\n")}`
    const { rejected, tally } = await importInto(store, content, [], "rows.csv")
    expect(rejected).toEqual(["6  unreadable", "7 concordId identifier_missing"])
    expect(tally).toMatchObject({ rows: 5, recorded: 3, rejected: 2 })
    // The quoted names are read as they are meant: rows in JSON with the same names are about the same people.
    const again = ['a "b", c', "lines", "plain"].map((userId) =>
      JSON.stringify(row({ userId, consentState: "declined" })),
    )
    await importInto(store, again.join("\n"))
    expect(new Set((await eventsOf(store)).map(({ concordId }) => concordId)).size).toBe(3)
  })

  test("may have another delimiter, be packed, or come from standard input", async () => {
    const store = newStore()
    const content = [head, ...csv("one", "two")].join("\n").replaceAll(",", ";")
    const packed = await importInto(store, gzipSync(content), ["--delimiter", ";"], "rows.csv.gz")
    expect([packed.code, packed.tally.recorded]).toEqual([0, 2])
    const { stdout } = await run(["import", "-", "--format", "csv", "--store", store, "--json"], {
      stdin: gzipSync([head, ...csv("three")].join("\n")),
    })
    expect(JSON.parse(stdout)).toMatchObject({ recorded: 1 })
  })

  test("that has nothing below its header, or nothing at all, is nothing", async () => {
    for (const content of ["", `${head}\n`]) {
      const { code, tally } = await importInto(newStore(), content, [], "rows.csv")
      expect([content, code, tally.rows]).toEqual([content, 0, 0])
    }
  })

  test.each([
    [
      "that is not UTF-8",
      () => Buffer.concat([Buffer.from(`${head}\n`), Buffer.from("m\u00fcller", "latin1"), Buffer.from("\n")]),
      /line 2: is not UTF-8/,
    ],
    ["that ends in half a character", () => Buffer.from(`${head}\nm\u00fc`).subarray(0, -1), /line 2: is not UTF-8/],
    [
      "with a header that names a column twice",
      () => `userId,userId\na,b\n`,
      /line 1: the header names a column twice/,
    ],
    ["with quotes that do not match", () => `${head}\n"a,b\n`, /a quoted field does not end/],
    ["with a quote inside a field", () => `${head}\na"b,c\n`, /line 2: a quote stands inside a field/],
    [
      "packed and damaged",
      () => gzipSync(`${head}\n${"a,b,c,d,e\n".repeat(1000)}`).fill(7, 30, 40),
      /the gzip data is damaged/,
    ],
    [
      "packed and cut short",
      () => gzipSync(`${head}\n${"a,b,c,d,e\n".repeat(1000)}`).subarray(0, -12),
      /the gzip data is damaged/,
    ],
  ])("%s is refused from there on", async (_, content, reason) => {
    const { code, stderr } = await importInto(newStore(), content(), [], "rows.csv")
    expect(code).toBe(2)
    expect(stderr).toMatch(reason)
    expect(stderr).toMatch(/nothing behind it was read/)
  })
})

describe("a mapping", () => {
  const foreign = [
    { id: 17, mail: "ann@example.com", when: 1706659200, opt: "Y", meta: { lang: "de", "a/b": "n1" }, v: "1" },
    { id: 18, mail: "bob@example.com", when: "2024-01-31 10:00", opt: "N", meta: {}, v: "1" },
    { id: 19, mail: "", when: "0x10", opt: "Q", meta: {}, v: "1" },
  ]
  const content = foreign.map((each) => JSON.stringify(each)).join("\n")

  test("makes members of columns, pointers, values, numbers, dates without an offset and constants", async () => {
    const store = newStore()
    const mapping = {
      userId: { column: "id", as: "text" },
      email: "mail",
      consentDate: { column: "when", as: "seconds" },
      consentState: { column: "opt", values: { Y: "accepted", N: "declined" } },
      consentType: { value: newsletter },
      externalId: "/meta/a~1b",
      version: "v",
      label: null,
    }
    write("mapping.json", JSON.stringify(mapping))
    const first = await importInto(store, content, ["--accept-replaced-dates", "--map", "mapping.json"])
    expect(first.rejected).toEqual(["3 consentState invalid", "3 consentDate invalid"])
    // The refusal is recorded all the same, as of the import.
    expect(first.tally).toMatchObject({ recorded: 2, leftOut: { consentDate: 1 } })
    write("mapping.json", JSON.stringify({ ...mapping, consentDate: { column: "when", offset: "+01:00" } }))
    const second = await importInto(store, content, ["--map", "mapping.json"])
    expect([second.tally.recorded, second.rejected]).toEqual([
      1,
      ["1 consentDate invalid", "3 consentState invalid", "3 consentDate invalid"],
    ])
    const [one, two, third] = (await eventsOf(store)).map(({ consentDate, consentState, externalId, version }) => [
      consentDate,
      consentState,
      externalId,
      version,
    ])
    expect(one).toEqual(["2024-01-31T00:00:00.000Z", "accepted", "n1", 1])
    expect(two).toEqual(["2024-01-31T09:00:00.000Z", "declined", undefined, 1])
    expect(third?.slice(1)).toEqual(["declined", undefined, 1])
  })

  test("that was wrong may be put right: run again, what the rows mean now is recorded, once", async () => {
    const store = newStore()
    const mapped = async (values: object) => {
      write("mapping.json", JSON.stringify({ consentState: { column: "consentState", values } }))
      const rows = [row(), row({ userId: "bob" })].map((each) => JSON.stringify(each)).join("\n")
      return (await importInto(store, rows, ["--map", "mapping.json"])).tally.recorded
    }
    expect(await mapped({ accepted: "viewed" })).toBe(2)
    expect(await mapped({ accepted: "declined" })).toBe(2)
    expect(await mapped({ accepted: "declined" })).toBe(0)
    expect(await mapped({ accepted: "viewed" })).toBe(0)
  })

  test.each([
    ["no object", [], ""],
    ["a misspelt word", { email: { column: "a", ofset: "Z" } }, "/email"],
    ["an unknown unit", { consentDate: { column: "a", as: "days" } }, "/consentDate"],
    ["an unknown offset", { consentDate: { column: "a", offset: "CET" } }, "/consentDate"],
    ["a number for a column", { email: 1 }, "/email"],
    ["a value that is no text", { email: { column: "a", values: { x: 1 } } }, "/email"],
  ])("has a place for what is wrong: %s", (_, written, place) => {
    const decoded = Mapping.decode(written)
    if (Result.isSuccess(decoded)) throw new Error("it was taken")
    expect(decoded.failure.map(({ pointer }) => pointer).every((pointer) => pointer.startsWith(place))).toBe(true)
    expect(decoded.failure.length).toBeGreaterThan(0)
  })

  test.each([
    ["not JSON", "{", /mapping\.json: not JSON/],
    ["an unknown member", '{"mail":"email"}', /mapping\.json: \/mail: no such member; there are/],
  ])("is refused as a whole where it is, or has, %s", async (_, text, reason) => {
    write("mapping.json", text)
    const { code, stderr } = await importInto("sqlite:empty.db", content, ["--map", "mapping.json"])
    expect([code, stderr]).toEqual([2, expect.stringMatching(reason)])
    expect(await eventsOf("sqlite:empty.db")).toEqual([])
  })
})

test("A dry run says what then happens, and records nothing.", async () => {
  const store = newStore()
  const content = [row(), row({ userId: "bob", consentState: "declined" }), row({ version: 9 })]
    .map((each) => JSON.stringify(each))
    .join("\n")
  const foreseen = await importInto(store, content, ["--dry-run"])
  expect(foreseen.tally).toMatchObject({ dryRun: true, recorded: 2, rejected: 1 })
  expect(await eventsOf(store)).toEqual([])
  const then = await importInto(store, content)
  const { answers, ...foretold } = foreseen.tally
  expect({ ...then.tally, dryRun: true }).toEqual(foretold)
  expect(answers).toEqual({ changed: 2, refusalsOverturned: 0, examples: [] })
  expect(then.rejected).toEqual(foreseen.rejected)
})

describe("what cannot be done is said plainly:", () => {
  test.each([
    ["no such store", ["--store", "sqlite:none.db"], 2, /--store: none\.db: no such file/],
    [
      "no such project",
      ["--project", "01980000-0000-7000-8000-000000000000"],
      2,
      /--project: the store has no such project; it has /,
    ],
    ["no such file", ["--map", "none.json"], 2, /none\.json: no such file/],
    ["a place that cannot be written to", ["--rejected", "none/r.ndjson"], 1, /none\/r\.ndjson: no such folder/],
    ["a submitter that is no UUID", ["--submitter", "me"], 2, /a UUID/],
    ["a mapping of an export", ["--restore", "--map", "m.json"], 2, /--map is of no use with --restore/],
  ])("%s", async (_, args, code, reason) => {
    write("rows.ndjson", JSON.stringify(row()))
    const ended = await run([
      "import",
      "rows.ndjson",
      ...(args[0] === "--store" ? [] : ["--store", "sqlite:empty.db"]),
      ...args,
    ])
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(reason)])
    expect(existsSync(join(folder, "none.db"))).toBe(false)
    expect(await eventsOf("sqlite:empty.db")).toEqual([])
  })
})

describe("an export", () => {
  /** A ledger with 1,200 events, some of them at the same instant. */
  const fill = async (): Promise<string> => {
    const store = newStore()
    const awkward = ['"', "\r", "\n", ",", "'", "=1+1", " spaced ", "\u2028", "\u{1F600}", "ünïcode"]
    const rows = Array.from({ length: 1200 }, (_, index) =>
      row({
        userId: `u${index % 40}`,
        consentState: ["accepted", "declined", "viewed", "implied"][index % 4],
        consentDate: new Date(Date.UTC(2024, 0, 1 + (index % 60))).toISOString(),
        ...(index % 3 === 0 && { expirationDate: "2030-01-01T00:00:00Z" }),
        ...(index % 2 === 0 && { externalId: `${awkward[index % awkward.length]}${index}` }),
      }),
    )
    expect((await importInto(store, rows.map((each) => JSON.stringify(each)).join("\n"))).tally.recorded).toBe(1200)
    return store
  }
  let store: string
  let whole: string
  beforeAll(async () => {
    store = await fill()
    whole = (await run(["export", "--store", store])).stdout
  })

  test.each(["ndjson", "csv"])(
    "as %s is taken back to a ledger that exports the same, byte for byte; twice is once",
    async (format) => {
      const out = `events.${format}`
      expect((await run(["export", "--store", store, "--out", out])).code).toBe(0)
      const other = newStore()
      const restore = async (...more: ReadonlyArray<string>) =>
        JSON.parse((await run(["import", out, "--restore", "--store", other, "--json", ...more])).stdout)
      expect(await restore("--dry-run")).toMatchObject({ recorded: 1200, rejected: 0 })
      expect(await eventsOf(other)).toEqual([])
      expect(await restore()).toMatchObject({ recorded: 1200, recordedBefore: 0, rejected: 0 })
      expect(await restore()).toMatchObject({ recorded: 0, recordedBefore: 1200, rejected: 0 })
      expect((await run(["export", "--store", other])).stdout).toBe(whole)
      expect(linesOf(whole)).toHaveLength(1200)
      const tables = (store: string) => {
        const database = new DatabaseSync(join(folder, store.slice("sqlite:".length)), { readOnly: true })
        const read = ["event", "head", "lane_head", "external_id"].map((table) =>
          database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2, 3`).all(),
        )
        const parts = database.prepare("SELECT lane, person, kind FROM personal_data ORDER BY 1, 2, 3").all()
        const commitments = new Set<string>()
        // Personal data are committed to again, so only the commitments and the leaf hashes differ.
        const events = read[0]!.map(({ body, ...columns }) => ({
          ...columns,
          leaf: undefined,
          body: String(body).replace(/(?<="commitment":")[\w-]{43}/, (commitment) => {
            commitments.add(commitment)
            return ""
          }),
        }))
        database.close()
        return { rows: [events, ...read.slice(1), parts], commitments }
      }
      const [before, after] = [tables(store), tables(other)]
      expect(after.rows).toEqual(before.rows)
      expect([before.commitments.size, after.commitments.size]).toEqual([600, 600])
      expect([...after.commitments].filter((commitment) => before.commitments.has(commitment))).toEqual([])
      expect((await run(["verify", "--store", other])).code).toBe(0)
    },
  )

  test.each(["a file", "standard input"])(
    "in another order, from %s, is taken back whole: what was recorded first goes in first",
    async (from) => {
      const shuffled = linesOf(whole)
        .toReversed()
        .map((event) => `${JSON.stringify(event)}\n`)
        .join("")
      write("shuffled.ndjson", shuffled)
      const other = newStore()
      const args = ["--restore", "--store", other, "--json"]
      const restored = await (from === "a file"
        ? run(["import", "shuffled.ndjson", ...args])
        : run(["import", "-", ...args], { stdin: shuffled }))
      expect(JSON.parse(restored.stdout)).toMatchObject({ recorded: 1200, rejected: 0 })
      expect(await eventsOf(other)).toEqual(await eventsOf(store))
    },
  )

  test("is of a person, or of a time by consentDate, without the end of the time", async () => {
    const [{ concordId }] = linesOf(whole) as [{ concordId: string }]
    const of = async (...args: ReadonlyArray<string>) =>
      linesOf((await run(["export", "--store", store, ...args])).stdout)
    const all = linesOf(whole)
    expect(await of("--concord-id", concordId.toUpperCase())).toEqual(
      all.filter((event) => event["concordId"] === concordId),
    )
    const inTime = all.filter(
      ({ consentDate }) => String(consentDate) >= "2024-01-05" && String(consentDate) < "2024-01-07",
    )
    expect(inTime).toHaveLength(40)
    expect(await of("--from", "2024-01-05", "--until", "2024-01-07")).toEqual(inTime)
  })

  test("is refused event by event where it does not fit, each with its reason", async () => {
    const isPlain = (event: object) => !("expirationDate" in event) && !("externalId" in event)
    const event = linesOf(whole).find(isPlain)!
    const unknown = "01980000-0000-7000-8000-000000000000"
    const bad = [
      { ...event, project: unknown },
      { ...event, consentType: unknown },
      { ...event, label: "other" },
      { ...event, dateCreated: "9000-01-01T00:00:00.000Z" },
      { ...event, consentDate: "2999-01-01T00:00:00.000Z" },
      { ...event, id: undefined },
      { ...event, consentState: "viewed", version: 9 },
    ]
    write("bad.ndjson", bad.map((each) => JSON.stringify(each)).join("\n"))
    const codesInto = async (store: string) => {
      await run(["import", "bad.ndjson", "--restore", "--store", store, "--rejected", "rejected.ndjson"])
      return linesOf(readFileSync(join(folder, "rejected.ndjson"), "utf8")).map(({ code, line }) => `${line} ${code}`)
    }
    const fresh = newStore()
    expect(await codesInto(fresh)).toEqual([
      "1 another_project",
      "2 unknown_consent_type",
      "3 consent_type_mismatch",
      "4 date_created_in_future",
      "5 invalid",
      "6 missing",
      "7 unknown_version",
    ])
    expect(await eventsOf(fresh)).toEqual([])
    // A refusal of any version may have been recorded.
    write("bad.ndjson", JSON.stringify({ ...event, consentState: "declined", version: 9 }))
    expect(await codesInto(fresh)).toEqual([])
    expect(await eventsOf(fresh)).toHaveLength(1)
    const withId = linesOf(whole).find(({ externalId }) => externalId !== undefined)!
    const taken = [
      { ...event, consentState: "viewed", consentDate: "2020-01-01T00:00:00.000Z" },
      { ...withId, id: "01980000-0000-7000-8000-000000000001", dateCreated: new Date().toISOString() },
      { ...event, id: "01980000-0000-7000-8000-000000000002", dateCreated: "2024-12-01T00:00:00.000Z" },
    ]
    write("bad.ndjson", taken.map((each) => JSON.stringify(each)).join("\n"))
    expect(await codesInto(store)).toEqual(["1 id_taken", "2 external_id_taken", "3 date_created_goes_back"])
    const [, , goesBack] = linesOf(readFileSync(join(folder, "rejected.ndjson"), "utf8"))
    expect(goesBack!["detail"]).toMatch(/a server has told of .*: take the export back into a copy of the store/)
    expect((await run(["export", "--store", store])).stdout).toBe(whole)
  })

  test("to a file that cannot be written to fails, and to one packed by its name is refused", async () => {
    mkdirSync(join(folder, "taken.ndjson"), { recursive: true })
    const unwritable = await run(["export", "--store", store, "--out", "taken.ndjson"])
    expect([unwritable.code, unwritable.stderr]).toEqual([1, expect.stringMatching(/taken\.ndjson: is a directory/)])
    expect((await run(["export", "--store", store, "--out", "e.csv.gz"])).code).toBe(2)
  })

  test("of a time that ends as it begins is refused, and no empty file is written", async () => {
    const args = ["--from", "2025-01-01T12:00:00+12:00", "--until", "2025-01-01", "--out", "none.ndjson"]
    const { code, stderr } = await run(["export", "--store", store, ...args])
    const reason = "--until: must be after --from, which is 2025-01-01T00:00:00.000Z"
    expect([code, stderr]).toEqual([2, expect.stringContaining(reason)])
    expect(existsSync(join(folder, "none.ndjson"))).toBe(false)
  })
})
