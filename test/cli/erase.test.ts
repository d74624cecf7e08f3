/** `assent erase` and `assent scrub`. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, test } from "vitest"
import { workplace } from "./run.ts"

const { copyLedger, folder, run, write } = workplace()

let newsletter: string
beforeAll(async () => {
  const { stdout } = await run(["bootstrap", "--store", "sqlite:empty.db", "--json"])
  newsletter = JSON.parse(stdout).consentTypes.find(({ label }: { label: string }) => label === "newsletter").id
})

let stores = 0

/** A new store in which people have a yes each. */
const storeWith = async (people: ReadonlyArray<object>): Promise<string> => {
  const name = `ledger${stores++}.db`
  copyLedger("empty.db", name)
  const yes = { consentType: newsletter, consentState: "accepted", consentDate: "2024-01-31T00:00:00Z" }
  write("people.ndjson", people.map((person) => JSON.stringify({ ...person, ...yes })).join("\n"))
  const { code, stderr } = await run(["import", "people.ndjson", "--store", `sqlite:${name}`])
  expect([code, stderr]).toEqual([0, ""])
  return `sqlite:${name}`
}

const erase = async (store: string, args: ReadonlyArray<string>, stdin = "") => {
  const given = ["erase", ...args, "--store", store, "--erasure-log", "erasures.ndjson"]
  const { code, stderr, stdout } = await run([...given, "--json"], { stdin })
  return { code, stderr, outcome: stdout === "" ? undefined : JSON.parse(stdout) }
}

describe("assent erase", () => {
  test("counts first, and erases when the person's own id confirms it", async () => {
    const store = await storeWith([{ userId: "ann", email: "ann@example.com" }, { userId: "bob" }])
    const first = await erase(store, ["--email", "-"], "ann@example.com\n")
    expect(first).toMatchObject({ code: 2, stderr: "", outcome: { members: 1, identifiers: 2, events: 1 } })
    const { concordId } = first.outcome
    const dry = await erase(store, ["--concord-id", concordId, "--confirm", concordId, "--dry-run"])
    expect([dry.code, dry.outcome]).toEqual([2, first.outcome])
    const erased = await erase(
      store,
      ["--email", "-", "--confirm", concordId, "--reason", "court"],
      "ann@example.com\n",
    )
    expect(erased).toMatchObject({
      code: 0,
      stderr: "",
      outcome: { members: [concordId], reason: "court", isScrubbed: true, destroyed: { aliases: 2 } },
    })
    expect(await erase(store, ["--email", "ann@example.com"])).toMatchObject({ code: 2, outcome: undefined })
    const again = await erase(store, ["--concord-id", concordId, "--confirm", concordId])
    expect([again.code, again.outcome.id]).toEqual([0, erased.outcome.id])
    const log = readFileSync(join(folder, "erasures.ndjson"), "utf8")
    expect(log).toContain(erased.outcome.id)
    expect(log).not.toContain("example.com")
  })

  test("says what of a person an older backup still shows, because a destroyed epoch does not take the identifiers", async () => {
    const store = await storeWith([{ email: "zoe@example.com" }])
    const { outcome } = await erase(store, ["--email", "zoe@example.com"])
    const named = ["--concord-id", outcome.concordId, "--confirm", outcome.concordId]
    const { stdout } = await run(["erase", ...named, "--store", store, "--erasure-log", "erasures.ndjson"])
    expect(stdout).not.toContain("no backup shows it")
    expect(stdout).toContain("if a running server or assent keys rotate ends the epoch of its key in time")
    expect(stdout).toContain("its identifiers still name the person")
  })

  test("says which path cannot be a log of erasures, and what to do", async () => {
    const missing = join(folder, "missing", "x.ndjson")
    const { code, stderr } = await run(["scrub", "--store", "sqlite:empty.db", "--erasure-log", missing])
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`--erasure-log, or ASSENT_ERASURE_LOG: ${missing}: there is no`),
    ])
    const ofFolder = await run(["scrub", "--store", "sqlite:empty.db", "--erasure-log", folder])
    expect([ofFolder.code, ofFolder.stderr]).toEqual([
      2,
      expect.stringContaining("this is a folder: name a file in it"),
    ])
  })

  test("refuses another id as confirmation, and people that are not there", async () => {
    const store = await storeWith([{ userId: "ann" }, { userId: "bob" }])
    const [ann, bob] = await Promise.all(["ann", "bob"].map((userId) => erase(store, ["--user-id", userId])))
    const wrong = ["--confirm", bob!.outcome.concordId]
    expect(await erase(store, ["--user-id", "ann", ...wrong])).toMatchObject({ code: 2, outcome: undefined })
    const id = ann!.outcome.concordId as string
    expect(await erase(store, ["--concord-id", id, ...wrong])).toMatchObject({ code: 2, outcome: undefined })
    const never = "0197afff-ffff-7fff-8fff-ffffffffffff"
    expect(await erase(store, ["--concord-id", never, "--confirm", never])).toMatchObject({
      code: 2,
      outcome: undefined,
    })
    expect((await erase(store, ["--user-id", "ann"])).outcome).toEqual(ann!.outcome)
  })

  test("--retention erases no one where no project has a period, and says so", async () => {
    const store = await storeWith([{ userId: "ann" }])
    expect(await erase(store, ["--retention", "--dry-run"])).toMatchObject({
      code: 0,
      outcome: { isDryRun: true, guests: 0, people: 0, examined: 0 },
    })
    const text = await run(["erase", "--retention", "--store", store])
    expect([text.code, text.stdout]).toEqual([0, expect.stringContaining("people who were identified")])
    expect(text.stderr).toContain("no log of erasures is named (ASSENT_ERASURE_LOG)")
  })
})

describe("assent erase --retention, which is about everyone,", () => {
  test.each([
    ["--email", "ann@example.com"],
    ["--user-id", "ann"],
    ["--concord-id", "0197afff-ffff-7fff-8fff-ffffffffffff"],
    ["--confirm", "0197afff-ffff-7fff-8fff-ffffffffffff"],
    ["--reason", "court"],
    ["--reason", "request"],
  ])("is refused with %s %s, before anything is opened", async (flag, value) => {
    for (const dry of [[], ["--dry-run"]]) {
      const { code, stderr, stdout } = await run([
        "erase",
        "--retention",
        flag,
        value,
        ...dry,
        "--store",
        "sqlite:none",
      ])
      expect([code, stdout]).toEqual([2, ""])
      expect(stderr).toContain(`error: ${flag}: --retention erases everyone whose retention is over: leave one out`)
    }
  })
})

test("assent scrub removes what deleted rows have left in the files", async () => {
  const store = await storeWith([{ userId: "ann" }])
  const { code, stderr, stdout } = await run(["scrub", "--store", store])
  expect([code, stderr, stdout]).toEqual([0, "", "nothing that was deleted is left in the files of the store\n"])
})

test("assent scrub finishes the erasures that are kept in the log", async () => {
  const store = await storeWith([{ userId: "ann" }])
  const log = ["--erasure-log", "scrubbed.ndjson"]
  const path = join(folder, "scrubbed.ndjson")
  const counted = await run(["erase", "--user-id", "ann", "--store", store, ...log, "--json"])
  const { concordId } = JSON.parse(counted.stdout)
  const confirmed = ["--concord-id", concordId, "--confirm", concordId]
  expect((await run(["erase", ...confirmed, "--store", store, ...log])).code).toBe(0)
  const whole = readFileSync(path, "utf8")
  const [begun, kept, done] = whole.split("\n")
  expect([kept, done].map((line) => JSON.parse(line!).entry.kind)).toEqual(["kept", "done"])
  writeFileSync(path, `${begun}\n`)
  expect((await run(["scrub", "--store", store, ...log])).code).toBe(0)
  expect(readFileSync(path, "utf8")).toBe(`${begun}\n`)
  writeFileSync(path, `${begun}\n${kept}\n`)
  expect((await run(["scrub", "--store", store])).code).toBe(0)
  expect(readFileSync(path, "utf8")).toBe(`${begun}\n${kept}\n`)
  expect((await run(["scrub", "--store", store, ...log])).code).toBe(0)
  expect(readFileSync(path, "utf8")).toBe(whole)
  writeFileSync(path, whole.replace("request", "court"))
  const refused = await run(["scrub", "--store", store, ...log])
  expect(refused.stderr).toContain("line 1 was changed")
  expect(refused.code).not.toBe(0)
})

describe("a command that opens a restored backup", () => {
  const ann = "ann@example.com"
  const restored = async (log: string) => {
    const store = await storeWith([{ userId: "ann", email: ann }, { userId: "bob" }])
    const path = store.slice("sqlite:".length)
    copyLedger(path, `backup-${path}`)
    const env = { ASSENT_ERASURE_LOG: log }
    const counted = await run(["erase", "--email", ann, "--store", store, "--json"], { env })
    const { concordId } = JSON.parse(counted.stdout)
    const args = ["erase", "--concord-id", concordId, "--confirm", concordId, "--json", "--store"]
    const { stdout } = await run([...args, store], { env })
    return { args, concordId, env, erased: JSON.parse(stdout), store: `sqlite:backup-${path}` }
  }
  const again = "people were erased again, because the store lacked erasures of the log of erasures: 1\n"

  test.each([
    ["export", ["export"]],
    ["people data", ["people", "data", "--email", ann]],
    ["a dry run of erase", ["erase", "--email", ann, "--dry-run"]],
    ["a dry run of import", ["import", "people.ndjson", "--dry-run"]],
    ["keys rotate", ["keys", "rotate"]],
  ])("erases again first, and says so: %s", async (_, args) => {
    const { env, store } = await restored(`${args.join("-")}.ndjson`)
    const { stderr, stdout } = await run([...args, "--store", store], { env })
    expect(stderr).toContain(again)
    if (args[0] !== "import") expect(stdout).not.toContain(ann)
    const after = await run(["people", "data", "--email", ann, "--store", store])
    expect([after.code, after.stdout]).toEqual([2, ""])
    expect((await run(["export", "--store", store], { env })).stderr).not.toContain("again")
  })

  test("answers an erasure as it was made, and not as another", async () => {
    const { args, env, erased, store } = await restored("same.ndjson")
    const { code, stdout } = await run([...args, store], { env })
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { id: erased.id, erasedAt: erased.erasedAt }])
  })

  test("ends with 1 if the log cannot be read, and shows nothing", async () => {
    const { env, store } = await restored("damaged.ndjson")
    writeFileSync(join(folder, "damaged.ndjson"), "{}\n")
    const { code, stderr, stdout } = await run(["export", "--store", store], { env })
    expect([code, stdout]).toEqual([1, ""])
    expect(stderr).toContain("the erasure log: line 1 was changed")
  })
})
