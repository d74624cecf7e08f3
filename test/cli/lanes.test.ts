/**
 * `assent bootstrap`: the number of lanes of a new store is that of the flag, else of the environment, and never
 * changes.
 */
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Option } from "effect"
import { describe, expect, test } from "vitest"
import * as WholeNumber from "../../apps/WholeNumber.ts"
import { workplace } from "./run.ts"

const { folder, run } = workplace()

/** The numbers of lanes of the organization and of the project of a store. */
const lanesOf = (file: string): ReadonlyArray<unknown> => {
  const database = new DatabaseSync(join(folder, file), { readOnly: true })
  try {
    return database
      .prepare("SELECT body FROM catalog_entry WHERE kind IN ('organizations', 'projects')")
      .all()
      .map(({ body }) => JSON.parse(String(body)).lanes)
  } finally {
    database.close()
  }
}

test("Only plain whole numbers of the range count.", () => {
  const { expected, read } = WholeNumber.between(1, 256)
  expect(expected).toBe("a whole number from 1 to 256")
  for (const [text, number] of [
    ["1", 1],
    ["16", 16],
    ["016", 16],
    ["256", 256],
  ] as const) {
    expect(read(text)).toEqual(Option.some(number))
  }
  for (const text of ["", " ", "0", "257", "0x10", "1e2", "16.0", "-1", "+1", "1 ", "1\n", "١", "9".repeat(400)]) {
    expect(read(text), text).toEqual(Option.none())
  }
})

describe("the lanes of a new store are", () => {
  const expected = "a whole number from 1 to 256"

  test.each([
    ["those of the environment", "3", [], 3],
    ["16 where it says nothing", "", [], 16],
    ["those of the flag, which wins", "none at all", ["--lanes", "2"], 2],
  ])("%s", async (_name, environment, flags, lanes) => {
    const store = `sqlite:${lanes}.db`
    const made = await run(["bootstrap", "--store", store, "--json", ...flags], { env: { ASSENT_LANES: environment } })
    const keysMade = `${lanes}.db.keys: a key file was made; keep a copy of it apart from the ledger and its backups\n`
    expect(made).toMatchObject({ code: 0, stderr: keysMade })
    expect(lanesOf(`${lanes}.db`)).toEqual([lanes, lanes])
  })

  test.each([
    ["in the environment", "0x10", [], `ASSENT_LANES: expected ${expected}`],
    ["in the flag", "3", ["--lanes", "1e2"], expected],
  ])("never another spelling %s", async (_name, environment, flags, said) => {
    const { code, stderr, stdout } = await run(["bootstrap", "--store", "sqlite:none.db", ...flags], {
      env: { ASSENT_LANES: environment },
    })
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(said)])
  })
})
