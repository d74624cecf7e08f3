/**
 * Which ledger a command works on: that of the flag, else of the environment, as for the service. Before it writes, it
 * prints which.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import * as Store from "../../apps/Store.ts"
import { linesOf, workplace } from "./run.ts"

const { folder, run, write } = workplace()
const env = { ASSENT_STORE: "sqlite:environment.db" }

test("A ledger is named by where it is, never by how to log in.", () => {
  const redacted = "postgres://db.example:5433/assent"
  for (const secret of ["me:Zq7@", "me:Zq7@Zq7@", "me:Zq7%2FZq7@", ""]) {
    for (const query of ["", "?password=Zq7"]) {
      expect(Store.redact(`postgres://${secret}db.example:5433/assent${query}`)).toBe(redacted)
    }
  }
  expect(Store.redact("postgres://me:Zq7/Zq7@db/assent")).not.toContain("Zq7")
  expect(Store.redact("sqlite:./data/assent.db")).toBe("sqlite:./data/assent.db")
})

describe("the ledger that the environment names", () => {
  test("is set up, written to, exported, verified and simulated; before it is written to that is said", async () => {
    const said = "ASSENT_STORE names the ledger: sqlite:environment.db\n"
    const made = await run(["bootstrap", "--json"], { env })
    const keysMade =
      "environment.db.keys: a key file was made; keep a copy of it apart from the ledger and its backups\n"
    expect([made.code, made.stderr]).toEqual([0, `${said}${keysMade}`])
    const { consentTypes, projectId } = JSON.parse(made.stdout)
    const row = { userId: "ann", consentType: consentTypes[0].id, consentState: "declined", consentDate: "2024-01-31" }
    write("rows.ndjson", JSON.stringify({ ...row, consentDate: "2024-01-31T00:00:00Z" }))
    const taken = await run(["import", "rows.ndjson"], { env })
    expect([taken.code, taken.stderr]).toEqual([0, said])
    expect(taken.stdout).toMatch(/^recorded +1$/m)
    expect(taken.stdout).toContain(`\nledger sqlite:environment.db, project ${projectId}\n`)
    expect(linesOf((await run(["export"], { env })).stdout)).toMatchObject([{ consentState: "declined" }])
    expect((await run(["verify"], { env })).stdout).toContain("1 event of 1 person")
    const rules = ["--candidate", "pack:cnil@2020-09", "--from", "2026-01-01", "--until", "2026-01-03", "--json"]
    expect(JSON.parse((await run(["simulate", ...rules], { env })).stdout)).toMatchObject({ population: { people: 1 } })
  })

  test("is not that of a command whose flag names another, whatever the environment says", async () => {
    const made = await run(["bootstrap", "--store", "sqlite:flag.db"], { env: { ASSENT_STORE: "none at all" } })
    expect([made.code, made.stderr]).toEqual([0, expect.stringMatching(/^flag\.db\.keys: a key file was made;.*\n$/)])
    expect(existsSync(join(folder, "flag.db"))).toBe(true)
    write("events.ndjson", "")
    const rules = ["--candidate", "pack:cnil@2020-09", "--from", "2026-01-01", "--until", "2026-01-03", "--json"]
    const simulated = await run(["simulate", "--events", "events.ndjson", ...rules], { env })
    expect(JSON.parse(simulated.stdout)).toMatchObject({ population: { people: 0 } })
  })

  test.each([
    [
      "an export onto it is refused by its name",
      "sqlite:flag.db",
      ["export", "--out", "flag.db"],
      /--out: is the file that ASSENT_STORE names/,
    ],
    ["none at all is reported, not guessed", "", ["verify"], /--store, or ASSENT_STORE: expected sqlite:PATH/],
    [
      "what is wrong with it is not repeated",
      "postgress://me:Zq7@db",
      ["verify"],
      /^error: ASSENT_STORE: expected sqlite:PATH/,
    ],
    ["and of a flag neither", "", ["verify", "--store", "postgress://me:Zq7@db"], /--store: expected sqlite:PATH/],
  ])("%s", async (_name, store, args, said) => {
    const { code, stderr, stdout } = await run(args, { env: { ASSENT_STORE: store } })
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringMatching(said)])
    expect(stderr).not.toContain("Zq7")
  })
})
