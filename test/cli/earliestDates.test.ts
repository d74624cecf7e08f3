/** `assent import` of dates that other systems write for one that they do not know. */
import { beforeAll, expect, test } from "vitest"
import { linesOf, workplace } from "./run.ts"

const { run, write } = workplace()
const store = ["--store", "sqlite:ledger.db"]

let newsletter: string
beforeAll(async () => {
  const { stdout } = await run(["bootstrap", ...store, "--json"])
  newsletter = JSON.parse(stdout).consentTypes.find(({ label }: { label: string }) => label === "newsletter").id
})

/** Imports a file with a mapping, and returns the tally and the lines of the rejected rows. */
const importWith = async (file: string, mapping: object, ...flags: ReadonlyArray<string>) => {
  write("mapping.json", JSON.stringify({ consentType: { value: newsletter }, ...mapping }))
  const { code, stdout } = await run(["import", file, ...store, "--map", "mapping.json", "--json", ...flags])
  return { code, tally: stdout === "" ? undefined : JSON.parse(stdout) }
}

test("an unsubscribe at 0 seconds since 1970 counts from now, and a yes at 0 is rejected", async () => {
  write("list.csv", "email,opt_in_at,unsub_at\nzoe@example.com,1679000000,0\nyan@example.com,0,\n")
  const yes = await importWith("list.csv", {
    consentState: { value: "accepted" },
    consentDate: { column: "opt_in_at", as: "seconds" },
  })
  expect(yes.tally).toMatchObject({ recorded: 1, rejected: 1, faults: { consent_date_too_early: 1 } })
  write("list.csv", "email,opt_in_at,unsub_at\nzoe@example.com,1679000000,0\n")
  const unsubscribes = { consentState: { value: "declined" }, consentDate: { column: "unsub_at", as: "seconds" } }
  expect((await importWith("list.csv", unsubscribes)).code).toBe(2)
  const no = await importWith("list.csv", unsubscribes, "--accept-replaced-dates")
  expect([no.code, no.tally.recorded, no.tally.replacedDates]).toEqual([0, 1, 1])
  const { stdout } = await run(["export", ...store])
  const refusal = linesOf(stdout).find(({ consentState }) => consentState === "declined")
  expect(refusal).toMatchObject({
    claimedConsentDate: "1970-01-01T00:00:00.000Z",
    consentDate: refusal?.["dateCreated"],
  })
})

test("a column of a CSV file confirms dates in the first two months of 1970 with true", async () => {
  write("old.csv", "userId,consentState,consentDate,allowEarly\nan,accepted,1970-02-01T00:00:00Z,true\n")
  const { tally } = await importWith("old.csv", {})
  // The project takes no date before 1990, whatever the row says.
  expect(tally.faults).toEqual({ consent_date_too_early: 1 })
  write("wrong.csv", "userId,consentState,consentDate,allowEarly\nan,accepted,2020-02-01T00:00:00Z,yes\n")
  expect((await importWith("wrong.csv", {})).tally.faults).toEqual({ invalid: 1 })
})
