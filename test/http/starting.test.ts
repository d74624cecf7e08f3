/**
 * A server that cannot start says why in one line, and ends with 78 if a setting is to blame, else with 1. A second
 * server on one SQLite file does not start.
 */
import { spawn } from "node:child_process"
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { childEnv } from "../support/childEnv.ts"
import * as TestKeys from "../support/keys.ts"
import * as Programs from "../support/programs.ts"
import { folder, start, startEmpty } from "../support/server.ts"
import { isLong } from "../support/long.ts"

const directory = folder()
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Runs a server, or a command, until it ends by itself; returns the last line that it wrote. */
const run = (
  env: Readonly<Record<string, string>>,
  program = Programs.server,
  ...args: ReadonlyArray<string>
): Promise<readonly [code: number | null, said: string]> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: directory,
      env: { ...childEnv, NO_COLOR: "1", ASSENT_STORE: "memory:", PORT: "0", ...env },
    })
    let said = ""
    for (const output of [child.stdout, child.stderr]) output.on("data", (data: Buffer) => (said += data.toString()))
    child.once("close", (code) => resolve([code, said.trimEnd().split("\n").at(-1)!]))
  })

describe.runIf(isLong)("a port or an address that cannot be used", () => {
  const taken = createServer()
  afterAll(() => taken.close())
  const port = (): number => (taken.address() as AddressInfo).port

  test("is named with the cause and the setting that mends it", async () => {
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve))
    const inUse = (name: string) =>
      `assent: cannot serve: ${name}: port ${port()} is in use on 127.0.0.1 (EADDRINUSE): ${name}=${port() + 1}, or ` +
      `${name}=0 for any free port`
    const address =
      "assent: cannot serve: HOST: 192.0.2.1 is no address of this machine (EADDRNOTAVAIL): HOST=127.0.0.1, or 0.0.0.0 for all"
    const [main, metrics, elsewhere] = await Promise.all([
      run({ PORT: String(port()) }),
      run({ ASSENT_METRICS_PORT: String(port()), ASSENT_LOG_LEVEL: "error" }),
      run({ HOST: "192.0.2.1" }),
    ])
    expect(main).toEqual([1, inUse("PORT")])
    expect(metrics).toEqual([1, inUse("ASSENT_METRICS_PORT")])
    expect(elsewhere).toEqual([1, address])
  })
})

test.runIf(isLong)("a file that is no ledger, and keys that are no key file, are settings: 78", async () => {
  const path = join(directory, "notes.db")
  writeFileSync(path, "notes ".repeat(100))
  mkdirSync(join(directory, "keys"))
  const [store, keys] = await Promise.all([
    run({ ASSENT_STORE: `sqlite:${path}` }),
    run({ ASSENT_STORE: `sqlite:${join(directory, "a.db")}`, ASSENT_KEYS: join(directory, "missing.keys") }),
  ])
  expect(store).toEqual([
    78,
    `assent: cannot serve: ASSENT_STORE: ${path}: the file is not a database (SQLITE_NOTADB): name a ledger, or a file ` +
      "that does not exist yet",
  ])
  expect([keys[0], keys[1]]).toEqual([
    78,
    expect.stringContaining(`assent: cannot serve: ASSENT_KEYS: ${join(directory, "missing.keys")}: no such key file`),
  ])
})

describe("ASSENT_DEMONSTRATION=off", () => {
  const off = (path: string) => ({ ASSENT_STORE: `sqlite:${path}`, ASSENT_DEMONSTRATION: "off" })
  const refusal = (path: string) =>
    `assent: cannot serve: ASSENT_STORE: sqlite:${path}: there is no ledger, and ASSENT_DEMONSTRATION is off: name the ` +
    "ledger, restore a backup, or set a new one up with `assent bootstrap`"

  test("refuses a path at which nothing is, and an empty file, and makes nothing", async () => {
    const own = join(directory, "production")
    mkdirSync(own)
    const [missing, empty] = [join(own, "typing-error.db"), join(own, "cut.db")]
    writeFileSync(empty, "")
    expect(await run({ ...off(missing), ASSENT_LOG_LEVEL: "error" })).toEqual([78, refusal(missing)])
    expect(await run({ ...off(empty), ASSENT_LOG_LEVEL: "error" })).toEqual([78, refusal(empty)])
    expect(readdirSync(own).filter((name) => name.endsWith(".keys"))).toEqual([])
    expect(readdirSync(own).filter((name) => name.startsWith("typing-error"))).toEqual([])
  })

  test.runIf(isLong)("serves a ledger that is there, and a demonstration elsewhere is told to the log", async () => {
    const path = join(directory, "there.db")
    const first = await startEmpty({ ASSENT_STORE: `sqlite:${path}` })
    await first.stop()
    expect(first.output()).toContain("the store was empty, and a demonstration was set up in it")
    const second = await start({ env: off(path) })
    await second.stop()
    expect(second.output()).toContain("1 project, 0 events")
    expect(second.output()).not.toContain("demonstration")
  })
})

test("a store in memory is said to be forgotten", async () => {
  const server = await startEmpty({ ASSENT_STORE: "memory:" })
  await server.stop()
  expect(server.output()).toContain(
    "/docs)\nledger: memory:, 1 project, 0 events; it is forgotten when this process ends\n",
  )
})

test.runIf(isLong)(
  "a second server on one SQLite file is refused; commands work beside it; after a kill the next one starts",
  async () => {
    const file = join(directory, "one", "assent.db")
    const server = await startEmpty({}, { file })
    const env = { ASSENT_STORE: `sqlite:${file}`, ...TestKeys.environment(`sqlite:${file}`) }
    try {
      const [second, exported] = await Promise.all([run(env), run(env, Programs.command, "export")])
      expect(second).toEqual([
        1,
        `assent: cannot serve: ASSENT_STORE: ${file}: another server has this ledger (SQLITE_BUSY): stop it, or give this ` +
          "one a file of its own; several servers share a ledger in PostgreSQL",
      ])
      expect(exported[0], exported[1]).toBe(0)
      expect((await server.request("GET", "/readyz")).status).toBe(200)
      const { apiKey, consentTypes, organization, project } = server.banner()
      const items = ["accepted", "declined"].map((consentState) => ({
        userId: "u",
        consentType: consentTypes[0],
        consentState,
        consentAction: "user_click",
      }))
      const path = `/privacy-v1/organizations/${organization}/projects/${project}/consent-events`
      const recorded = await server.request("POST", path, { headers: { "x-api-key": apiKey }, json: { items } })
      expect(recorded.status, recorded.text).toBe(201)
      await server.end("SIGKILL")
      const next = await start({ file })
      await next.stop()
      // The size of the ledger is on the second line, whether the store was empty or not.
      expect(server.output()).toContain(`/docs)\nledger: sqlite:${file}, 1 project, 0 events\n`)
      expect(next.output()).toContain(`/docs)\nledger: sqlite:${file}, 1 project, 2 events\n`)
      expect(readdirSync(join(directory, "one"))).toContain("assent.db.server")
    } finally {
      await server.stop()
    }
  },
)
