/** The scratch file of a dry run is removed in the end, and a missing place for it is reported as that. */
import { mkdirSync, readdirSync, statSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { mountSmall, run as runTool } from "../support/tools.ts"
import { workplace } from "./run.ts"

const { folder, run, start, write } = workplace()
const dryRun = ["--store", "sqlite:x.db", "--dry-run"]

let newsletter: string
beforeAll(async () => {
  const { stdout } = await run(["bootstrap", "--store", "sqlite:x.db", "--json"])
  newsletter = JSON.parse(stdout).consentTypes.find(({ label }: { label: string }) => label === "newsletter").id
})

const rows = (count: number): string => {
  const row = { consentType: newsletter, consentState: "accepted", consentDate: "2024-01-31T00:00:00Z" }
  return Array.from({ length: count }, (_, n) => `${JSON.stringify({ userId: `user-${n}`, ...row })}\n`).join("")
}

test("What a killed dry run leaves is removed by the next one; what belongs to others stays.", async () => {
  const temporary = join(folder, "scratch")
  mkdirSync(temporary)
  const env = { TMPDIR: temporary }
  const child = start(["import", "-", ...dryRun], { env })
  const ended = new Promise((resolve) => child.on("close", resolve))
  const mine = (name: string) => name.startsWith(`assent-dry-run-${child.pid}-${hostname()}-`)
  await expect.poll(() => readdirSync(temporary).filter(mine), { timeout: 60_000 }).toHaveLength(1)
  const [left] = readdirSync(temporary)
  expect(statSync(join(temporary, left!)).mode & 0o777).toBe(0o700)
  child.kill("SIGKILL")
  await ended
  expect(readdirSync(temporary)).toEqual([left])
  // Folders of a running process, of another machine, and with a name that only looks like that of a dry run.
  const others = [
    `assent-dry-run-${process.pid}-${hostname()}-aaaaaa`,
    `assent-dry-run-${child.pid}-other.${hostname()}-aaaaaa`,
    `assent-dry-run-0-${hostname()}-aaaaaa`,
    "assent-dry-run-notes",
  ]
  for (const name of others) mkdirSync(join(temporary, name))
  write("rows.ndjson", rows(1))
  expect(await run(["import", "rows.ndjson", ...dryRun], { env })).toMatchObject({ code: 0 })
  expect(readdirSync(temporary).toSorted()).toEqual(others.toSorted())
})

test("A missing folder for temporary files is reported as that.", async () => {
  write("rows.ndjson", rows(1))
  const nowhere = join(folder, "nowhere")
  const { code, stderr } = await run(["import", "rows.ndjson", ...dryRun], { env: { TMPDIR: nowhere } })
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `error: temporary file in ${nowhere}: no such folder; TMPDIR chooses another folder\n`,
  })
})

test("A full disk for temporary files is reported as that, and not as a full ledger.", async ({
  onTestFinished,
  skip,
}) => {
  const small = join(folder, "small")
  mkdirSync(small)
  onTestFinished(() => void runTool("umount", small))
  if (!mountSmall(small, 3)) skip()
  write("rows.ndjson", rows(12_000))
  const { code, stderr } = await run(["import", "rows.ndjson", ...dryRun], { env: { TMPDIR: small } })
  expect(code).toBe(1)
  expect(stderr).toContain(
    `error: temporary file in ${small}: database or disk is full; TMPDIR chooses another folder\n`,
  )
  expect(readdirSync(small)).toEqual([])
})
