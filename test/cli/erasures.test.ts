/**
 * A person that was erased stays erased, wherever the ledger is taken: by an export that was made before the erasure,
 * by one after it, and by a move (law X9). And `assent people data`.
 */
import { copyFileSync, existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, test } from "vitest"
import { isLong } from "../support/long.ts"
import * as Markers from "../support/markers.ts"
import { linesOf, workplace } from "./run.ts"

const { copyLedger, folder, run, write } = workplace()

const words = { ann: Markers.make(), annOnce: Markers.make(), bob: Markers.make() }

let newsletter: string
let store: string
let ann: string
let before: string
let after: string
let erasure: { readonly id: string }

const succeed = async (args: ReadonlyArray<string>): Promise<string> => {
  const { code, stderr, stdout } = await run(args)
  expect([args[0], code, code === 0 ? "" : stderr]).toEqual([args[0], 0, ""])
  return stdout
}

let stores = 0
/** A new store, with the catalog and the keys of an organization's key each time. */
const newStore = (): string => {
  const name = `ledger${stores++}.db`
  copyLedger("empty.db", name)
  return `sqlite:${name}`
}

const pathOf = (url: string): string => join(folder, url.slice("sqlite:".length))

/** Where the external ids of Ann are in the files of a store. */
const tracesOf = async (url: string): Promise<ReadonlyArray<Markers.Trace>> => {
  const { inFiles } = Markers.search({ ann: words.ann, annOnce: words.annOnce })
  return (await Promise.all(["", "-wal", "-shm"].map((suffix) => inFiles(pathOf(url) + suffix)))).flat()
}

const dataOf = async (url: string, ...args: ReadonlyArray<string>) =>
  JSON.parse(await succeed(["people", "data", "--store", url, ...args]))

beforeAll(async () => {
  const stdout = await succeed(["bootstrap", "--store", "sqlite:empty.db", "--json"])
  newsletter = JSON.parse(stdout).consentTypes.find(({ label }: { label: string }) => label === "newsletter").id
  store = newStore()
  const row = (userId: string, externalId: string, consentState: string, month: string) =>
    JSON.stringify({
      userId,
      consentType: newsletter,
      consentState,
      externalId,
      consentDate: `2024-${month}-01T00:00:00Z`,
    })
  const rows = [
    row("ann", words.ann, "accepted", "01"),
    row("bob", words.bob, "accepted", "02"),
    row("ann", words.annOnce, "declined", "03"),
    JSON.stringify({
      userId: "ann",
      consentType: newsletter,
      consentState: "viewed",
      consentDate: "2024-04-01T00:00:00Z",
    }),
  ]
  write("rows.ndjson", rows.join("\n"))
  await succeed(["import", "rows.ndjson", "--store", store])
  before = await succeed(["export", "--store", store])
  write("before.ndjson", before)
  ann = String(linesOf(before).find(({ externalId }) => externalId === words.ann)!["concordId"])
  await succeed(["erase", "--store", store, "--concord-id", ann, "--confirm", ann])
  after = await succeed(["export", "--store", store, "--erasures", "erasures.ndjson"])
  ;[erasure] = (await dataOf(store, "--concord-id", ann)).erasures
})

describe("assent people data", () => {
  test("writes everything about the person that an identifier names, to standard output or a file", async () => {
    const data = await dataOf(store, "--user-id", "bob")
    expect(data.personalData).toMatchObject([{ kind: "event", data: { externalId: words.bob } }])
    expect(data.projects[0].events).toMatchObject([{ externalId: words.bob }])
    await succeed(["people", "data", "--store", store, "--user-id", "bob", "--out", "bob.json"])
    const written = JSON.parse(readFileSync(join(folder, "bob.json"), "utf8"))
    expect({ ...written, readAt: "", projects: [] }).toEqual({ ...data, readAt: "", projects: [] })
  })

  test("ends with 2 and writes nothing where nothing is held, and refuses several identifiers", async () => {
    const nothing = await run(["people", "data", "--store", store, "--user-id", "no one", "--out", "none.json"])
    expect([nothing.code, nothing.stdout, existsSync(join(folder, "none.json"))]).toEqual([2, "", false])
    const unknown = await run(["people", "data", "--store", store, "--concord-id", newsletter])
    expect([unknown.code, unknown.stdout]).toEqual([2, ""])
    const two = await run(["people", "data", "--store", store, "--user-id", "bob", "--email", "b@example.com"])
    expect([two.code, two.stderr]).toEqual([2, expect.stringContaining("give exactly one of --user-id")])
  })

  test("of a person that was erased shows the erasure and events without personal data", async () => {
    const data = await dataOf(store, "--concord-id", ann)
    expect([data.identifiers, data.personalData]).toEqual([[], []])
    const events: ReadonlyArray<object> = data.projects[0].events
    expect(events).toMatchObject([{ erased: true }, { erased: true }, { consentState: "viewed" }])
    expect(data.erasures).toMatchObject([{ reason: "request", members: [ann] }])
  })
})

describe("an export from before an erasure, restored with the erasures", () => {
  let restored: string
  const restore = async (into: string, ...args: ReadonlyArray<string>) =>
    JSON.parse(await succeed(["import", "before.ndjson", "--restore", "--store", into, "--json", ...args]))

  beforeAll(async () => {
    restored = newStore()
    expect(await restore(restored, "--erasures", "erasures.ndjson")).toMatchObject({ recorded: 4, rejected: 0 })
  })

  // Mutant: the lines of erased people keep their personal data.
  test("says what the erased ledger says, byte for byte, and has nothing of the person in its files", async () => {
    expect(await succeed(["export", "--store", restored])).toBe(after)
    expect(await tracesOf(restored)).toEqual([])
    expect(await dataOf(restored, "--concord-id", ann)).toMatchObject({
      personalData: [],
      erasures: [erasure && { id: erasure.id }],
    })
    await succeed(["verify", "--store", restored])
  })

  test.runIf(isLong)("carries the erasure on, with its id and its instant", async () => {
    await succeed(["export", "--store", restored, "--out", "again.ndjson", "--erasures", "again-erasures.ndjson"])
    const text = (name: string) => readFileSync(join(folder, name), "utf8")
    expect(text("again-erasures.ndjson")).toBe(text("erasures.ndjson"))
  })

  test.runIf(isLong)("is known when it is restored again, with the erasures or without", async () => {
    const again = { recorded: 0, recordedBefore: 4, rejected: 0 }
    expect(await restore(restored, "--erasures", "erasures.ndjson")).toMatchObject(again)
    expect(await restore(restored)).toMatchObject(again)
    expect(await tracesOf(restored)).toEqual([])
  })

  // Mutant: only the people of the file are erased, and not those that the ledger has erased already.
  test("drops the personal data of everyone that the ledger has erased, also without the file", async () => {
    const other = newStore()
    write("none.ndjson", "")
    await succeed(["import", "none.ndjson", "--restore", "--store", other, "--erasures", "erasures.ndjson"])
    expect(await restore(other)).toMatchObject({ recorded: 4, rejected: 0 })
    expect(await succeed(["export", "--store", other])).toBe(after)
    expect(await tracesOf(other)).toEqual([])
  })

  test.runIf(isLong)("erases no one in a dry run", async () => {
    const other = newStore()
    expect(await restore(other, "--erasures", "erasures.ndjson", "--dry-run")).toMatchObject({ recorded: 4 })
    await succeed(["export", "--store", other, "--erasures", "dry.ndjson"])
    expect(readFileSync(join(folder, "dry.ndjson"), "utf8")).toBe("")
  })

  test.runIf(isLong)("is refused with a file that was changed or does not exist, and nothing is recorded", async () => {
    const [first, ...rest] = readFileSync(join(folder, "erasures.ndjson"), "utf8").split("\n")
    write("changed.ndjson", [first!.replace(ann, newsletter), ...rest].join("\n"))
    write("lacking.ndjson", rest.join("\n"))
    const other = newStore()
    for (const file of ["changed.ndjson", "lacking.ndjson", "missing.ndjson"]) {
      const args = ["import", "before.ndjson", "--restore", "--store", other, "--erasures", file]
      const { code, stderr } = await run(args)
      const reason = file === "missing.ndjson" ? /missing\.ndjson: no such file/ : /line 1: was changed/
      expect([file, code, stderr]).toEqual([file, 2, expect.stringMatching(reason)])
      expect(stderr).not.toContain(newsletter)
    }
    expect(await succeed(["export", "--store", other])).toBe("")
    const { code, stderr } = await run(["import", "rows.ndjson", "--store", other, "--erasures", "erasures.ndjson"])
    expect([code, stderr]).toEqual([2, expect.stringContaining("--erasures goes with --restore")])
  })
})

test.runIf(isLong)("an export from after the erasure has nothing of the person, and is restored as it is", async () => {
  expect(Markers.search({ ann: words.ann, annOnce: words.annOnce }).inBytes("the export", after)).toEqual([])
  write("after.ndjson", after)
  const other = newStore()
  await succeed(["import", "after.ndjson", "--restore", "--store", other])
  expect(await succeed(["export", "--store", other])).toBe(after)
})

test("a move carries erasures, keys and personal data: the same key file opens them", async () => {
  await succeed(["move", "--from", store, "--to", "sqlite:moved.db"])
  copyFileSync(join(folder, `${store.slice("sqlite:".length)}.keys`), join(folder, "moved.db.keys"))
  expect(await succeed(["export", "--store", "sqlite:moved.db"])).toBe(after)
  const without = ({ readAt: _readAt, projects: _projects, ...data }: Record<string, unknown>) => data
  for (const args of [
    ["--user-id", "bob"],
    ["--concord-id", ann],
  ]) {
    expect(without(await dataOf("sqlite:moved.db", ...args))).toEqual(without(await dataOf(store, ...args)))
  }
  expect(await tracesOf("sqlite:moved.db")).toEqual([])
})
