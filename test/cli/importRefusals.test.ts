/**
 * `assent import` over refusals: what a dry run says of answers, rows that are left out, dates that are replaced, and
 * files that have grown.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { beforeAll, describe, expect, test } from "vitest"
import { isLong } from "../support/long.ts"
import { linesOf, workplace } from "./run.ts"

const { copyLedger, folder, run, write } = workplace()

let newsletter: string
beforeAll(async () => {
  const { stdout } = await run(["bootstrap", "--store", "sqlite:empty.db", "--json"])
  newsletter = JSON.parse(stdout).consentTypes.find(({ label }: { label: string }) => label === "newsletter").id
})

let stores = 0
const newStore = (): string => {
  const name = `refusals${stores++}.db`
  copyLedger("empty.db", name)
  return `sqlite:${name}`
}

/** Imports CSV whose rows are about the newsletter. */
const importInto = async (store: string, content: string, mapping: object, ...flags: ReadonlyArray<string>) => {
  write("rows.csv", content)
  write("mapping.json", JSON.stringify({ consentType: { value: newsletter }, ...mapping }))
  const args = ["import", "rows.csv", "--store", store, "--map", "mapping.json", "--rejected", "rejected.ndjson"]
  const { code, stderr, stdout } = await run([...args, "--json", ...flags])
  return { code, stderr, tally: stdout === "" ? undefined : JSON.parse(stdout) }
}

const rejections = () => linesOf(readFileSync(join(folder, "rejected.ndjson"), "utf8"))

/** The events of a store, as the state, the date and whether it was dated by the import. */
const eventsOf = async (store: string) => linesOf((await run(["export", "--store", store])).stdout)

const statuses = async (store: string) => {
  write("events.ndjson", (await run(["export", "--store", store])).stdout)
  return linesOf((await run(["decisions", "--events", "events.ndjson"])).stdout)
    .map(({ permitted, status }) => `${status} ${permitted}`)
    .toSorted()
}

const dated = { consentDate: { value: "2026-05-01T00:00:00Z" } }
const list = "email\nann@example.com\nbob@example.com\ncid@example.com\n"

describe("a list without dates over two refusals", () => {
  const refused = async () => {
    const store = newStore()
    const noes = "email,consentState,consentDate\nann@example.com,declined,2026-01-01T00:00:00Z\n"
    await importInto(store, `${noes}bob@example.com,declined,2026-01-02T00:00:00Z\n`, {})
    return store
  }
  const accepted = { consentState: { value: "accepted" }, ...dated }

  test("a dry run says that they would no longer stand, and names the rows and the consent type alone", async () => {
    const store = await refused()
    const { code, tally } = await importInto(store, list, accepted, "--dry-run")
    expect(code).toBe(0)
    expect(tally).toMatchObject({ recorded: 3, rejected: 0 })
    expect(tally.answers).toEqual({
      changed: 3,
      refusalsOverturned: 2,
      examples: [
        { line: 2, consentType: newsletter },
        { line: 3, consentType: newsletter },
      ],
    })
    const { stdout } = await run(["import", "rows.csv", "--store", store, "--map", "mapping.json", "--dry-run"])
    expect(stdout).toMatch(/refusals that would no longer stand +2/)
    expect(stdout).toMatch(new RegExp(`line 3 +${newsletter}`))
    expect(stdout).not.toContain("@")
  })

  test("--keep-refusals leaves these rows out, and names them; nothing else is wrong", async () => {
    const store = await refused()
    const foretold = await importInto(store, list, accepted, "--keep-refusals", "--dry-run")
    expect(foretold.tally.answers).toEqual({ changed: 1, refusalsOverturned: 0, examples: [] })
    const { code, tally } = await importInto(store, list, accepted, "--keep-refusals")
    expect(code).toBe(0)
    expect(tally).toMatchObject({ recorded: 1, rejected: 2, faults: { refusal_kept: 2 } })
    expect(rejections().map(({ code, field, line }) => [line, field, code])).toEqual([
      [2, "consentState", "refusal_kept"],
      [3, "consentState", "refusal_kept"],
    ])
    expect(await statuses(store)).toEqual(["given true", "refused false", "refused false"])
    // The rows that were left out are looked at again, and recorded without the flag.
    const again = await importInto(store, list, accepted, "--keep-refusals")
    expect(again.tally).toMatchObject({ recorded: 0, recordedBefore: 1, rejected: 2 })
    expect((await importInto(store, list, accepted)).tally).toMatchObject({ recorded: 2, recordedBefore: 1 })
  })

  test.runIf(isLong)("a history in which a yes follows a no of the same file is recorded whole", async () => {
    const store = await refused()
    const rows = "email,consentState,consentDate\ndee@example.com,declined,2026-01-01T00:00:00Z\n"
    const history = `${rows}dee@example.com,accepted,2026-02-01T00:00:00Z\n`
    const { tally } = await importInto(store, history, {}, "--keep-refusals")
    expect(tally).toMatchObject({ recorded: 2, rejected: 0 })
  })
})

describe("a file that has grown", () => {
  const header = "email,consentState,consentDate\n"
  const ann = "ann@example.com,accepted,2026-01-01T00:00:00Z\n"
  const bob = "bob@example.com,declined,2026-01-02T00:00:00Z\n"
  const cid = "cid@example.com,accepted,2026-01-03T00:00:00Z\n"

  test("records the new rows alone, wherever they stand; a row more often than before once more", async () => {
    const store = newStore()
    const recorded = async (...rows: ReadonlyArray<string>) => {
      const { recorded, recordedBefore } = (await importInto(store, header + rows.join(""), {})).tally
      return [recorded, recordedBefore]
    }
    expect(await recorded(ann, bob)).toEqual([2, 0])
    expect(await recorded(ann, bob, cid)).toEqual([1, 2])
    expect(await recorded("dee@example.com,declined,2026-01-04T00:00:00Z\n", cid, bob, ann)).toEqual([1, 3])
    expect(await recorded(ann, ann, bob)).toEqual([1, 2])
    expect(await recorded(ann, bob, ann)).toEqual([0, 3])
    expect((await eventsOf(store)).length).toBe(5)
  })

  test("is known as a block from then on, without a look at its people", async () => {
    const store = newStore()
    await importInto(store, header + ann, {})
    await importInto(store, header + ann + bob, {})
    const database = new DatabaseSync(join(folder, store.slice("sqlite:".length)))
    const answers = database.prepare("SELECT answer FROM idempotency").all()
    database.close()
    expect(answers.map(({ answer }) => JSON.parse(String(answer)).without)).toEqual([[], []])
  })

  test("records nothing twice of refusals whose dates were replaced or missing", async () => {
    const store = newStore()
    const zero = "eve@example.com,declined,1970-01-01T00:00:00Z\n"
    const undated = "fay@example.com,declined,\n"
    const first = await importInto(store, header + zero + undated, {}, "--accept-replaced-dates")
    expect(first.tally).toMatchObject({ recorded: 2, replacedDates: 1 })
    const second = await importInto(store, header + cid + zero + undated, {}, "--accept-replaced-dates")
    expect(second.tally).toMatchObject({ recorded: 1, recordedBefore: 2 })
  })

  test.runIf(isLong)(
    "claims an identifier that a row has more than before, and the refusal is of that one, too",
    async () => {
      const store = newStore()
      const no = "declined,2024-01-01T00:00:00Z\n"
      await importInto(store, `userId,consentState,consentDate\na1,${no}`, {})
      const grown = `userId,email,consentState,consentDate\na1,a1@example.com,${no}`
      expect((await importInto(store, grown, {})).tally).toMatchObject({ recorded: 1, recordedBefore: 0 })
      const older = "email,consentState,consentDate\na1@example.com,accepted,2023-01-01T00:00:00Z\n"
      await importInto(store, older, {})
      expect(await statuses(store)).toEqual(["withdrawn false"])
    },
  )

  test.runIf(isLong)("over a mapping that reads rows otherwise records them with their new meaning", async () => {
    const store = newStore()
    await importInto(store, header + ann, {})
    const expiring = { expirationDate: { value: "2027-01-01T00:00:00Z" } }
    expect((await importInto(store, header + cid + ann, expiring)).tally).toMatchObject({ recorded: 2 })
    expect((await importInto(store, header + ann + cid, expiring)).tally).toMatchObject({ recorded: 0 })
  })
})

describe("refusals whose dates cannot be recorded", () => {
  const rows = (count: number, wrong: number) =>
    `userId,consentState,consentDate\n${Array.from({ length: count }, (_, index) => {
      const date = index >= count - wrong ? "1970-01-01T00:00:00Z" : "2026-01-01T00:00:00Z"
      return `u${index},declined,${date}\n`
    }).join("")}`

  test("stop an import before its first row where they are more than 1 %, unless they are accepted", async () => {
    const store = newStore()
    const stopped = await importInto(store, rows(300, 4), {})
    expect([stopped.code, stopped.tally]).toEqual([2, undefined])
    expect(stopped.stderr).toContain("4 of 300 refusals have a consentDate that cannot be recorded")
    expect(await eventsOf(store)).toEqual([])
    const foretold = await importInto(store, rows(300, 4), {}, "--dry-run")
    expect([foretold.code, foretold.tally.replacedDates]).toEqual([2, 4])
    expect(foretold.stderr).toContain("--accept-replaced-dates")
    const accepted = await importInto(store, rows(300, 4), {}, "--accept-replaced-dates")
    expect(accepted.tally).toMatchObject({ recorded: 300, replacedDates: 4 })
    expect((await eventsOf(store)).length).toBe(300)
  })

  test.runIf(isLong)("do not count if their row is refused, because it is of a type that does not exist", async () => {
    const unmapped = { consentType: { column: "type", values: { known: newsletter } } }
    const content = "userId,type,consentState,consentDate\nu1,gone,declined,1970-01-01T00:00:00Z\n"
    const absent = { consentType: { value: "00000000-0000-4000-8000-000000000001" } }
    expect((await importInto(newStore(), content, unmapped)).tally).toMatchObject({ rejected: 1 })
    expect((await importInto(newStore(), content, absent)).tally).toMatchObject({ rejected: 1 })
  })

  test("are recorded as of now and counted where they are no more than that", async () => {
    const { code, tally } = await importInto(newStore(), rows(300, 3), {})
    expect([code, tally.recorded, tally.replacedDates]).toEqual([0, 300, 3])
  })

  test.runIf(isLong)(
    "stop an import from standard input at the first block in which they are more than that",
    async () => {
      const store = newStore()
      const args = ["import", "-", "--format", "csv", "--store", store, "--map", "mapping.json", "--json"]
      write("mapping.json", JSON.stringify({ consentType: { value: newsletter } }))
      const { code, stderr } = await run(args, { stdin: rows(1200, 13) })
      expect([code, stderr]).toEqual([2, expect.stringContaining("13 of 1200 refusals")])
      expect((await eventsOf(store)).length).toBe(1000)
    },
  )
})

describe("the share of replaced dates is that of all refusals that were read,", () => {
  const header = "userId,consentState,consentDate\n"
  const some = Array.from({ length: 300 }, (_, index) => `u${index},declined,2026-01-01T00:00:00Z\n`).join("")
  const wrong = (name: string) => `${name},declined,0001-01-01T00:00:00Z\n`
  const read = async (store: string, content: string, ...flags: ReadonlyArray<string>) => {
    write("mapping.json", JSON.stringify({ consentType: { value: newsletter } }))
    const args = ["import", "-", "--format", "csv", "--store", store, "--map", "mapping.json", "--json"]
    return await run([...args, ...flags], { stdin: content })
  }

  test.each([["a file"], ["standard input"]])("also of those that are known: %s", async (how) => {
    const store = newStore()
    await importInto(store, header + some, {})
    const take = (content: string, ...flags: ReadonlyArray<string>) =>
      how === "a file" ? importInto(store, content, {}, ...flags) : read(store, content, ...flags)
    expect([(await take(header + some + wrong("z"), "--dry-run")).code, (await eventsOf(store)).length]).toEqual([
      0, 300,
    ])
    expect([(await take(header + some + wrong("z"))).code, (await eventsOf(store)).length]).toEqual([0, 301])
    const more = header + some + ["a", "b", "c", "d"].map(wrong).join("")
    for (const flags of [["--dry-run"], []]) {
      const { code, stderr } = await take(more, ...flags)
      expect([code, stderr]).toEqual([2, expect.stringContaining("4 of 304 refusals")])
    }
    expect((await eventsOf(store)).length).toBe(301)
  })

  test.runIf(isLong)("and standard input is judged block by block, also by a dry run; a file as a whole", async () => {
    const all = Array.from({ length: 11 }, (_, index) => wrong(`a${index}`)).join("")
    const content = `${header}${all}${["u", "v", "w", "x", "y"].map((each) => some.replaceAll(/^u/gm, each)).join("")}`
    expect((await importInto(newStore(), content, {}, "--dry-run")).code).toBe(0)
    for (const flags of [["--dry-run"], []]) {
      const { code, stderr } = await read(newStore(), content, ...flags)
      expect([code, stderr]).toEqual([2, expect.stringContaining("11 of 1000 refusals")])
    }
    expect((await importInto(newStore(), content, {})).code).toBe(0)
  })
})

test("The tally counts what refusals are recorded as for further people.", async () => {
  const store = newStore()
  const yes = "accepted,2026-01-01T00:00:00Z\n"
  const content = `userId,phoneNumber,consentState,consentDate\nold,+12025550143,${yes}new,,${yes}`
  const { tally } = await importInto(store, `${content}new,+12025550143,declined,2026-02-01T00:00:00Z\n`, {})
  expect(tally).toMatchObject({ recorded: 3, alsoRecorded: 1 })
  expect((await eventsOf(store)).length).toBe(4)
})
