/** A clock that was ahead for a while: what is published afterwards, and the warning of the server. */
import { afterAll, expect, test } from "vitest"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Server, start, startEmpty } from "../support/server.ts"

const folder = mkdtempSync(join(tmpdir(), "assent-clock-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const hour = 3_600_000
const file = join(folder, "ledger.db")

/** An environment in which the clock of a process is ahead. */
const ahead = (millis: number): Readonly<Record<string, string>> => {
  const script = `const now = Date.now; Date.now = () => now() + ${millis}`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` }
}

const warnings = (server: Server): number => server.log().split("ahead of this server's clock").length - 1

/** Waits until the server has logged a number of warnings. */
const untilWarned = async (server: Server) => {
  for (let tries = 0; tries < 200 && warnings(server) === 0; tries++) await new Promise((end) => setTimeout(end, 50))
}

// Kills: ConsentTypes.faultsOf compares publishedAt with the last instant of the project in place of the clock.
test("what is published after the clock was ahead is raised to the last instant of the project, and answered so", async () => {
  const first = await startEmpty({ ASSENT_STORE: `sqlite:${file}`, ...ahead(hour) })
  const { apiKey, consentTypes, organization, project } = first.banner()
  const path = `/privacy-v1/organizations/${organization}/projects/${project}/consent-types/${consentTypes[0]}`
  const headers = { "x-api-key": apiKey }
  const made = await first.request("PATCH", path, { headers, json: { name: "While it was ahead" } })
  expect(made.json).toMatchObject({ version: 2 })
  expect(warnings(first)).toBe(0)
  await first.stop()

  const server = await start({ file })
  await untilWarned(server)
  expect(warnings(server)).toBe(1)
  const last = Date.parse(made.json.dateUpdated)
  const soon = new Date(Date.now() + hour / 2).toISOString()
  const published = await server.request("PATCH", path, { headers, json: { name: "Published now" } })
  expect(published.status, published.text).toBe(200)
  // It is not in force yet, and the answer does not say that it is.
  expect(published.json).toMatchObject({ name: "Privacy policy", version: 1 })
  const scheduled = await server.request("PATCH", path, { headers, json: { name: "Scheduled", publishedAt: soon } })
  expect(scheduled.status, scheduled.text).toBe(200)
  const instants = scheduled.json.versions.map(({ publishedAt }: { publishedAt: string }) => Date.parse(publishedAt))
  expect(instants[2]).toBeGreaterThanOrEqual(last)
  expect(instants[3]).toBeGreaterThanOrEqual(instants[2])
  const past = { name: "In the past", publishedAt: new Date(Date.now() - 1000).toISOString() }
  const refused = await server.request("PATCH", path, { headers, json: past })
  expect([refused.status, refused.json.errors[0].code]).toEqual([422, "published_in_past"])
  expect(warnings(server)).toBe(1)
  await server.stop()
})
