/** `assent people rename` and `assent people release`. */
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { beforeAll, describe, expect, test } from "vitest"
import { workplace } from "./run.ts"

const { copyLedger, folder, run, write } = workplace()

let newsletter: string
beforeAll(async () => {
  const { stdout } = await run(["bootstrap", "--store", "sqlite:empty.db", "--json"])
  newsletter = JSON.parse(stdout).consentTypes.find(({ label }: { label: string }) => label === "newsletter").id
})

let stores = 0
/** A new store in which people have a yes each; returns its URL. */
const storeWith = async (people: ReadonlyArray<object>): Promise<string> => {
  const store = `sqlite:ledger${stores++}.db`
  copyLedger("empty.db", store.slice("sqlite:".length))
  const rows = people.map((person) =>
    JSON.stringify({
      ...person,
      consentType: newsletter,
      consentState: "accepted",
      consentDate: "2024-01-31T00:00:00Z",
    }),
  )
  write("people.ndjson", rows.join("\n"))
  const { code, stderr } = await run(["import", "people.ndjson", "--store", store])
  expect([code, stderr]).toEqual([0, ""])
  return store
}

/** The facts of a store, by kind. */
const facts = (store: string): ReadonlyArray<Record<string, string>> => {
  const database = new DatabaseSync(join(folder, store.slice("sqlite:".length)), { readOnly: true })
  try {
    return database
      .prepare("SELECT body FROM person_fact")
      .all()
      .map(({ body }) => JSON.parse(String(body)))
  } finally {
    database.close()
  }
}

const people = async (command: "release" | "rename", store: string, args: ReadonlyArray<string>, stdin = "") => {
  const { code, stderr, stdout } = await run(["people", command, ...args, "--store", store, "--json"], { stdin })
  return { code, stderr, outcome: stdout === "" ? undefined : JSON.parse(stdout) }
}

describe("assent people rename", () => {
  test("renames the accounts of a file, rejects single rows with their lines, and may be run again", async () => {
    const store = await storeWith([{ userId: "1" }, { userId: "2" }, { userId: "9" }])
    write("accounts.csv", "userId,newUserId,note\n1,2,a\n2,3,b\nnever,4,c\n9,,d\n9,3,e\n")
    const args = ["accounts.csv", "--rejected", "rejected.ndjson"]
    const dry = await people("rename", store, [...args, "--dry-run"])
    expect([dry.code, dry.outcome]).toMatchObject([
      2,
      { dryRun: true, rows: 5, renamed: 2, renamedBefore: 0, rejected: 3 },
    ])
    expect(facts(store)).toEqual([])
    write("accounts.csv", "userId,newUserId,note\n1,2,a\n2,3,b\nnever,4,c\n9,,d\n")
    const first = await people("rename", store, ["accounts.csv"])
    expect([first.code, first.outcome]).toMatchObject([2, { rows: 4, renamed: 2, rejected: 2 }])
    expect(first.stderr.split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(/^line 4: userId: identifier_unknown: /),
      expect.stringMatching(/^line 5: newUserId: /),
    ])
    expect(first.stderr).not.toContain("never")
    expect(facts(store).map(({ kind }) => kind)).toEqual(["renamed", "renamed"])
    const again = await people("rename", store, ["accounts.csv"])
    expect(again.outcome).toMatchObject({ renamed: 0, renamedBefore: 2, rejected: 2 })
    expect(facts(store)).toHaveLength(2)
  })

  test("takes blocks of 1,000 rows, and NDJSON from standard input", async () => {
    const ids = Array.from({ length: 1001 }, (_, n) => `u${n}`)
    const store = await storeWith(ids.map((userId) => ({ userId })))
    const rows = ids.map((userId) => JSON.stringify({ userId, newUserId: `new-${userId}` }))
    const { code, outcome } = await people("rename", store, ["-"], rows.join("\n"))
    expect([code, outcome]).toMatchObject([0, { rows: 1001, renamed: 1001, rejected: 0 }])
  })

  test("needs both columns, before the first row", async () => {
    const store = await storeWith([{ userId: "1" }])
    write("accounts.csv", "userId,newuserid\n1,2\n")
    const { code, stderr } = await people("rename", store, ["accounts.csv"])
    expect([code, stderr]).toEqual([2, expect.stringContaining("the file has no column newUserId; nothing was read")])
    expect(facts(store)).toEqual([])
  })
})

describe("assent people release", () => {
  test("frees an identifier, from a flag or from standard input; a second time it names no one", async () => {
    const store = await storeWith([{ userId: "1", email: "ann@example.com" }])
    for (const [args, stdin] of [
      [["--email", "-"], "Ann@example.com\r\n"],
      [["--user-id", "1"], ""],
    ] as const) {
      const first = await people("release", store, [...args, "--reason", "closed"], stdin)
      expect([first.code, first.stderr]).toEqual([0, ""])
      expect(first.outcome).toEqual({
        id: expect.any(String),
        concordId: expect.any(String),
        dateCreated: expect.stringMatching(/Z$/),
      })
      const second = await people("release", store, [...args, "--reason", "closed"], stdin)
      expect([second.code, second.outcome]).toEqual([2, undefined])
      expect(second.stderr).toContain("names no one")
    }
    const released = facts(store)
    expect(released).toMatchObject([
      { kind: "released", identifier: { kind: "email" } },
      { kind: "released", identifier: { kind: "userId" } },
    ])
    const { stdout } = await run(["people", "data", "--store", store, "--concord-id", released[0]!["survivor"]!])
    expect(JSON.parse(stdout).personalData).toMatchObject([
      { kind: "fact", data: { reason: "closed" } },
      { kind: "fact", data: { reason: "closed" } },
    ])
  })

  test("refuses several identifiers or none, one that cannot be read, and another person's", async () => {
    const store = await storeWith([{ userId: "1" }, { userId: "2" }])
    const stranger = "0197aaaa-0000-7000-8000-00000000abcd"
    for (const [args, message] of [
      [[], "exactly one of"],
      [["--user-id", "1", "--email", "a@example.com"], "exactly one of"],
      [["--email", "nonsense"], "cannot be read"],
      [["--user-id", "1", "--concord-id", stranger], "not that person"],
    ] as const) {
      const { code, stderr } = await people("release", store, [...args, "--reason", "closed"])
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
      expect(stderr).not.toContain("nonsense")
    }
    for (const reason of ["", " ", "\u00A0\t"]) {
      const { code, stderr } = await people("release", store, ["--user-id", "1", "--reason", reason])
      expect([code, stderr]).toEqual([2, expect.stringContaining("1 to 256 characters, not white space alone")])
    }
    expect(facts(store)).toEqual([])
  })
})
