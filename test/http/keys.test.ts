/**
 * The key file of the service: when it is made, when a start is refused, and what happens when it is taken away.
 */
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { childEnv } from "../support/childEnv.ts"
import * as TestKeys from "../support/keys.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import * as Programs from "../support/programs.ts"
import { folder, start, startEmpty } from "../support/server.ts"
import { isLong } from "../support/long.ts"

let postgres: Postgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

const folders: Array<string> = []
const place = (): string => {
  const made = folder()
  folders.push(made)
  return made
}
afterEach(() => folders.splice(0).forEach((each) => rmSync(each, { recursive: true, force: true })))

/** Starts the server, which is expected to end by itself. */
const refused = (cwd: string, env: Readonly<Record<string, string>>) => {
  const options = { cwd, env: { ...childEnv, PORT: "0", ...env }, encoding: "utf8", timeout: 50_000 } as const
  const { status, stderr, stdout } = spawnSync(process.execPath, [Programs.server], options)
  expect(stdout).toBe("")
  return { status, stderr }
}

describe("on SQLite", () => {
  test("the first start makes a key file next to the ledger, for its owner alone, and says where; the next one uses it", async () => {
    const file = join(place(), "ledger.db")
    const first = await startEmpty({ ASSENT_STORE: `sqlite:${file}` })
    const made = readFileSync(`${file}.keys`, "utf8")
    expect(statSync(`${file}.keys`).mode & 0o777).toBe(0o600)
    expect(first.log()).toContain("a key file was made")
    expect(first.log()).toContain(`${file}.keys`)
    await first.end("SIGTERM")
    const second = await start({ file })
    expect(second.log()).not.toContain("a key file was made")
    // Until the keys are kept somewhere else, each start warns.
    expect(second.log()).toContain("the keys are next to the ledger")
    expect(readFileSync(`${file}.keys`, "utf8")).toBe(made)
    await Promise.all([first.stop(), second.stop()])
  })

  test.runIf(isLong)("keys that were moved away are named, and there is no warning", async () => {
    const file = join(place(), "ledger.db")
    const first = await startEmpty({ ASSENT_STORE: `sqlite:${file}` })
    await first.end("SIGTERM")
    const elsewhere = join(place(), "assent.keys")
    renameSync(`${file}.keys`, elsewhere)
    const missing = refused(place(), { ASSENT_STORE: `sqlite:${file}` })
    expect(missing).toEqual({
      status: 78,
      stderr: expect.stringContaining("no such key file, and the ledger is not empty"),
    })
    expect(existsSync(`${file}.keys`)).toBe(false)
    const second = await start({ file, env: { ASSENT_KEYS: elsewhere, ASSENT_STORE: `sqlite:${file}` } })
    expect(second.log()).not.toContain("keys")
    await Promise.all([first.stop(), second.stop()])
  })

  test.runIf(isLong)("a file that every user may use is warned of, with the command that mends it", async () => {
    const keys = TestKeys.file()
    const made = join(place(), "assent.keys")
    writeFileSync(made, readFileSync(keys))
    chmodSync(made, 0o644)
    const env = { ASSENT_STORE: `sqlite:${join(place(), "ledger.db")}`, ASSENT_KEYS: made }
    const open = await startEmpty(env)
    await open.end("SIGTERM")
    expect(open.log()).toContain(`every user may use the key file, which opens the ledger: chmod o= ${made}`)
    chmodSync(made, 0o640)
    const closed = await start({ env })
    expect(closed.log()).not.toContain("every user")
    await Promise.all([open.stop(), closed.stop()])
  })

  test("a file that is named and not there is not made, and the ledger neither", () => {
    const cwd = place()
    const { status, stderr } = refused(cwd, { ASSENT_STORE: "sqlite:ledger.db", ASSENT_KEYS: "assent.keys" })
    expect(status).toBe(78)
    expect(stderr).toContain(
      "assent.keys: no such key file: put the file back with which the ledger was made; " +
        "only for a new ledger make one with `assent keys create --keys assent.keys`",
    )
    expect(readdirSync(cwd)).toEqual([])
  })

  test.runIf(isLong)(
    "keys of another ledger, and a file without keys, are refused with the reason; nothing is changed",
    async () => {
      const file = join(place(), "ledger.db")
      const first = await startEmpty({ ASSENT_STORE: `sqlite:${file}` })
      await first.stop()
      const env = { ASSENT_STORE: `sqlite:${file}`, ASSENT_KEYS: TestKeys.file() }
      expect(refused(place(), env)).toEqual({
        status: 78,
        stderr: expect.stringContaining(`ASSENT_KEYS: ${env.ASSENT_KEYS}: these are not the keys of the ledger`),
      })
      const empty = join(place(), "empty")
      writeFileSync(empty, "")
      expect(refused(place(), { ...env, ASSENT_KEYS: empty })).toEqual({
        status: 78,
        stderr: expect.stringContaining(`${empty}: is not a key file`),
      })
      expect(readFileSync(empty, "utf8")).toBe("")
    },
  )

  test("a refusal by e-mail is recorded and answered while the key file is away, and known people are found", async () => {
    const file = join(place(), "ledger.db")
    const server = await startEmpty({ ASSENT_STORE: `sqlite:${file}` })
    const { apiKey, consentTypes, organization, project } = server.banner()
    const path = `/privacy-v1/organizations/${organization}/projects/${project}`
    const headers = { "x-api-key": apiKey }
    const say = (email: string, more: object = {}) =>
      server.request("POST", `${path}/consent-events`, {
        headers,
        json: {
          items: [
            { email, consentType: consentTypes[1], consentState: "declined", consentAction: "user_click", ...more },
          ],
        },
      })
    const first = await say("jo@example.com", { externalId: "first" })
    renameSync(`${file}.keys`, `${file}.away`)
    const again = await say("jo@example.com")
    const other = await say("mo@example.com", { externalId: "second" })
    expect([first.status, again.status, other.status]).toEqual([201, 201, 201])
    expect(again.json.items[0].concordId).toBe(first.json.items[0].concordId)
    const asked = await server.request("GET", `${path}/consent-state?email=mo@example.com`, { headers })
    expect(asked.status).toBe(200)
    // Once the file is back it is used, without a restart. What was left out stays missing.
    renameSync(`${file}.away`, `${file}.keys`)
    await say("lo@example.com", { externalId: "third" })
    const { items } = (await server.request("GET", `${path}/consent-events`, { headers })).json
    const externalIds = items.map((item: { readonly externalId?: string }) => item.externalId)
    expect(externalIds.toSorted()).toEqual(["first", "third", undefined, undefined])
    await server.stop()
  })
})

describe("on PostgreSQL", () => {
  test("a start without a key file is refused with the command that makes one, and makes no table", async () => {
    const store = await postgres.database()
    const { status, stderr } = refused(place(), { ASSENT_STORE: store })
    expect(status).toBe(78)
    expect(stderr).toContain("make one with `assent keys create --keys FILE`, and name it with ASSENT_KEYS")
    const tables = await postgres.administer(
      "SELECT count(*)::int AS count FROM pg_tables WHERE schemaname = 'public'",
      new URL(store).pathname.slice(1),
    )
    expect(tables).toEqual([{ count: 0 }])
  })

  test.runIf(isLong)("two servers share one key file; what one writes the other reads", async () => {
    const env = { ASSENT_STORE: await postgres.database() }
    const first = await startEmpty(env)
    const second = await start({ env })
    const { apiKey, organization } = first.banner()
    const made = await second.request("POST", "/privacy-v1/organizations", {
      headers: { "x-api-key": apiKey },
      json: { name: "Other", primaryDomain: "other.example", privacyPolicyUrl: "https://other.example/p" },
    })
    expect(made.status).toBe(201)
    const { apiKey: owner, id } = made.json
    expect(id).not.toBe(organization)
    const asked = await first.request("GET", `/privacy-v1/organizations/${id}/projects`, {
      headers: { "x-api-key": owner.secret },
    })
    expect(asked.status).toBe(200)
    await Promise.all([first.stop(), second.stop()])
  })
})
