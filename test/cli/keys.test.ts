/**
 * `assent keys`, and the key file that commands open a ledger with.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { fillLedger } from "../support/filled.ts"
import * as TestKeys from "../support/keys.ts"
import { workplace } from "./run.ts"

const { folder, run } = workplace()
let made = 0
/** A folder of its own for a test, relative to that of the runs. */
const place = (): string => {
  const name = `place-${made++}`
  mkdirSync(join(folder, name))
  return name
}
const read = (path: string): string => readFileSync(join(folder, path), "utf8")

describe("assent keys create", () => {
  test("makes a file for its owner alone, and never replaces one", async () => {
    const path = `${place()}/assent.keys`
    expect(await run(["keys", "create", "--keys", path])).toEqual({
      code: 0,
      stdout: "",
      stderr: expect.stringContaining(`${path}: made; keep a copy of it apart from the ledger`),
    })
    expect(statSync(join(folder, path)).mode & 0o777).toBe(0o600)
    const content = read(path)
    const again = await run(["keys", "create"], { env: { ASSENT_KEYS: path } })
    expect(again).toEqual({ code: 2, stdout: "", stderr: expect.stringContaining(`${path}: there is a file already`) })
    expect(read(path)).toBe(content)
  })

  test.each([
    ["without a name", ["keys", "create"], "--keys, or ASSENT_KEYS: expected the path of a file"],
    ["in a folder that is not there", ["keys", "create", "--keys", "none/assent.keys"], "none/assent.keys"],
    ["with the name of a folder", ["keys", "create", "--keys", "none/"], "the path of a file"],
  ])("%s, fails with the reason", async (_, args, reason) => {
    const { code, stderr } = await run(args)
    expect(code).not.toBe(0)
    expect(stderr).toContain(reason)
  })
})

test("assent keys list shows epochs, and no key", async () => {
  const path = `${place()}/assent.keys`
  await run(["keys", "create", "--keys", path])
  const { root, epochs } = JSON.parse(read(path))
  const { stdout } = await run(["keys", "list", "--keys", path])
  expect(stdout).toContain(`1      ${epochs[0].beganAt}         there`)
  for (const secret of [root, epochs[0].key]) expect(stdout).not.toContain(secret)
  const asJson = await run(["keys", "list", "--keys", path, "--json"])
  expect(JSON.parse(asJson.stdout)).toEqual({ keys: path, epochs: [{ epoch: 1, beganAt: epochs[0].beganAt }] })
})

test.each([
  ["that is named", ["--keys", "missing.keys"], "missing.keys"],
  ["next to a SQLite file", ["--store", "sqlite:missing.db"], "missing.db.keys"],
])("assent keys list of a file %s and is not there ends with 2", async (_, args, path) => {
  const { code, stderr, stdout } = await run(["keys", "list", ...args], { env: { ASSENT_KEYS: "" } })
  expect([code, stdout]).toEqual([2, ""])
  expect(stderr).toContain(`error: ${path}: no such key file`)
})

describe("a ledger with people", () => {
  test("is rotated: people's keys are wrapped by the new epoch, old epochs are destroyed, and verify says so", async () => {
    const ledger = `${place()}/ledger.db`
    const store = ["--store", `sqlite:${ledger}`]
    await fillLedger(`sqlite:${join(folder, ledger)}`)
    const before = JSON.parse((await run(["verify", ...store, "--json"])).stdout)
    expect(before).toMatchObject({ isWhole: true, keys: { epochs: [{ epoch: 1 }] } })
    const [{ people }] = before.keys.epochs
    expect(people).toBeGreaterThan(5)

    const rotated = JSON.parse((await run(["keys", "rotate", ...store, "--json"])).stdout)
    // Compliance requests have keys of their own.
    const keys = people + before.tables.find(({ table }: { table: string }) => table === "request_key").rows
    expect(keys).toBeGreaterThan(people)
    expect(rotated).toEqual({ epoch: 2, rewrapped: keys, destroyed: [] })
    // An epoch that ended a hundred days ago is destroyed, because no key is wrapped by it any more.
    const file = JSON.parse(read(`${ledger}.keys`))
    const ended = new Date(Date.now() - 100 * 86_400_000).toISOString()
    file.epochs = [file.epochs[0], { ...file.epochs[1], beganAt: ended }]
    writeFileSync(join(folder, `${ledger}.keys`), JSON.stringify(file))
    const text = (await run(["keys", "rotate", ...store, "--kept", "P101D"])).stdout
    expect(text).toBe(`epoch 3 began\n${keys} keys were wrapped by it\nthe key of no epoch was destroyed\n`)
    const last = await run(["keys", "rotate", ...store], { env: { ASSENT_KEYS_KEPT: "P99D" } })
    expect(last.stdout).toContain("destroyed the key of epoch 1\n")

    const after = JSON.parse((await run(["verify", ...store, "--json"])).stdout)
    expect(after).toMatchObject({
      isWhole: true,
      keys: {
        epochs: [{ people: 0, destroyedAt: expect.any(String) }, { people: 0 }, {}, { people }],
        backupsFrom: ended,
      },
    })
    expect((await run(["verify", ...store])).stdout).toContain(
      `with these keys backups since ${ended} can show personal data`,
    )
  })

  test("is not opened by other keys: verify finds what they do not open, and other commands say so", async () => {
    const where = place()
    const store = ["--store", `sqlite:${where}/ledger.db`]
    await fillLedger(`sqlite:${join(folder, where, "ledger.db")}`)
    const other = ["--keys", `${where}/other.keys`]
    await run(["keys", "create", ...other])
    const found = await run(["verify", ...store, ...other])
    expect(found.code).toBe(1)
    expect(found.stdout).toMatch(/catalog_entry: the keys do not open the key of organization [0-9a-f-]{36}/)
    expect(found.stdout).toMatch(/person_key: lane \d+, person [0-9a-f-]{36}: the keys do not open it/)
    const rotated = await run(["keys", "rotate", ...store, ...other])
    expect(rotated).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("these are not the keys of the ledger"),
    })
  })

  test("whose key file is missing is refused by every command that opens it, and no file is made", async () => {
    const where = place()
    const path = join(folder, where, "ledger.db")
    const store = ["--store", `sqlite:${where}/ledger.db`]
    await fillLedger(`sqlite:${path}`)
    renameSync(`${path}.keys`, `${path}.elsewhere`)
    for (const args of [["export"], ["keys", "rotate"], ["bootstrap"], ["import", "none.ndjson"]]) {
      const { code, stderr } = await run([...args, ...store])
      expect([code, stderr]).toEqual([2, expect.stringContaining("no such key file, and the ledger is not empty")])
    }
    expect(existsSync(`${path}.keys`)).toBe(false)
    const { code, stdout } = await run(["verify", ...store])
    expect([code, stdout]).toEqual([0, expect.stringContaining("no key file was found")])
    const exported = await run([
      "export",
      ...store,
      "--project",
      projectOf(stdout),
      "--keys",
      `${where}/ledger.db.elsewhere`,
    ])
    expect([exported.code, exported.stderr]).toEqual([0, ""])
  })
})

/** The id of a project in what verify printed. */
const projectOf = (text: string): string => /^[0-9a-f-]{36}/m.exec(text)![0]

test.each(["sqlite:ledger.db", "postgres://user@127.0.0.1:1/ledger"])(
  "%s with a key file that is not there is not opened",
  async (store) => {
    const { code, stderr } = await run(["bootstrap", "--store", store, "--keys", "none.keys"], {
      env: { ASSENT_KEYS: "" },
    })
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(
        "none.keys: no such key file: put the file back with which the ledger was made; only for a new ledger make one with",
      ),
    ])
    expect(existsSync(join(folder, "ledger.db"))).toBe(false)
  },
)

test("PostgreSQL needs a key file, and says how to make one", async () => {
  const { code, stderr } = await run(["bootstrap", "--store", "postgres://user@127.0.0.1:1/ledger"], {
    env: { ASSENT_KEYS: "" },
  })
  expect([code, stderr]).toEqual([2, expect.stringContaining("make one with `assent keys create --keys FILE`")])
})

test("no output of a command replaces a key file", async () => {
  const where = place()
  const store = ["--store", `sqlite:${where}/ledger.db`]
  await run(["bootstrap", ...store])
  TestKeys.write(join(folder, where, "named.keys"))
  for (const [out, keys] of [
    ["ledger.db.keys", []],
    ["ledger.db.keys.lock", []],
    ["named.keys", ["--keys", `${where}/named.keys`]],
  ] as const) {
    const { code, stderr } = await run(["export", ...store, ...keys, "--out", `${where}/${out}`])
    expect([code, stderr]).toEqual([2, expect.stringContaining("--out: is ")])
  }
})
