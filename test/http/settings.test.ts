/** Settings: all errors are printed at once, by the names of the variables, before anything is started. */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, expect, test } from "vitest"
import * as Settings from "../../apps/server/Settings.ts"
import { childEnv } from "../support/childEnv.ts"
import { folder, start } from "../support/server.ts"
import * as TestKeys from "../support/keys.ts"
import * as Programs from "../support/programs.ts"
import { isLong } from "../support/long.ts"
import { linesOf } from "./logLines.ts"

const root = join(import.meta.dirname, "../..")

const folders: Array<string> = []
afterEach(() => folders.splice(0).forEach((each) => rmSync(each, { recursive: true, force: true })))

/** Runs the server in an empty folder until it ends by itself. */
const run = (env: Readonly<Record<string, string>>, ...parameters: ReadonlyArray<string>) => {
  const cwd = folder()
  folders.push(cwd)
  const options = {
    cwd,
    env: { ...childEnv, PORT: "0", ...env },
    encoding: "utf8",
    timeout: 50_000,
  } as const
  return { cwd, ...spawnSync(process.execPath, [Programs.server, ...parameters], options) }
}

const password = "hunter2-zq7"

/** One value that cannot be used for each variable. */
const wrong: Readonly<Record<string, string>> = {
  HOST: "not an address",
  PORT: "80a",
  ASSENT_STORE: `postgress://jo:${password}@db/assent`,
  ASSENT_KEYS: "a folder/",
  ASSENT_ERASURE_LOG: "a folder/",
  ASSENT_SCRIPT_FOLDER: "a folder/",
  ASSENT_KEYS_KEPT: "PT12H",
  ASSENT_REPLICA: "yes",
  ASSENT_DEMONSTRATION: "no",
  ASSENT_LANES: "257",
  ASSENT_REEVALUATION_RATE: "0",
  ASSENT_WEBHOOK_ALLOW: "10.0.0.0/33",
  ASSENT_WEBHOOK_PROXY: `https://jo:${password}@proxy`,
  ASSENT_WEBHOOK_DISABLE: "PT1M",
  ASSENT_SMTP_URL: `smtp://jo:${password}@db/assent`,
  ASSENT_MAIL_FROM: "jo",
  ASSENT_MAIL_RETURN_PATH: "Jo <jo@example.com>",
  ASSENT_PUBLIC_URL: "https://example.com?x",
  ASSENT_CLAMD: "3310",
  ASSENT_STATE_MAX_AGE: "1.5",
  ASSENT_GEOGRAPHY_HEADER: "cf region",
  ASSENT_ADDRESS_HEADER: "x forwarded for",
  ASSENT_RATE_LIMIT_KEY: "many",
  ASSENT_RATE_LIMIT_SESSION: "-1",
  ASSENT_RATE_LIMIT_VISITOR: "items=600 items=700",
  ASSENT_RATE_LIMIT_ADDRESS: "rows=600",
  ASSENT_RATE_LIMIT_PROJECT: "items=0",
  ASSENT_RATE_LIMIT_ORGANIZATION: "bytes=1000000000",
  ASSENT_RATE_LIMIT_VISIT: "requests=60",
  ASSENT_LOG_LEVEL: "loud",
  ASSENT_LOG_FORMAT: "xml",
  ASSENT_METRICS_PORT: "65536",
  ASSENT_METRICS_HOST: "::1 ",
  OTEL_EXPORTER_OTLP_ENDPOINT: `jo:${password}@collector`,
  OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
  OTEL_TRACES_SAMPLER_ARG: "2",
}

describe("settings that cannot be used", () => {
  test("are printed all at once, each by its name, with what is expected and what was given; nothing is started", () => {
    expect(Object.keys(wrong)).toEqual(Object.values(Settings.table).map(({ variable }) => variable))
    const { cwd, status, stderr, stdout } = run(wrong)
    expect([status, stdout]).toEqual([78, ""])
    const lines = stderr.trimEnd().split("\n")
    expect(lines).toHaveLength(Object.keys(wrong).length + 2)
    expect(lines[0]).toBe(`assent: cannot serve: ${Object.keys(wrong).length} settings cannot be used`)
    for (const [n, { expected, isSecret, variable }] of Object.values(Settings.table).entries()) {
      expect(lines[n + 1]).toContain(`  ${variable}: expected ${expected}; given `)
      if (!isSecret) expect(lines[n + 1]).toContain(JSON.stringify(wrong[variable]))
    }
    expect(readdirSync(cwd)).toEqual([])
    // Values that may be secrets are not printed.
    expect(stderr).not.toContain(password)
    expect(stderr).not.toMatch(/jo:|@db|@collector/)
    expect(stderr).toContain("given postgress: and more that is not shown")
    expect(stderr).toContain("given something that is not shown")
  })

  test.each([
    ["sqlite:~/ledger.db", false],
    ["sqlite:$HOME/ledger.db", false],
    ["sqlite://./ledger.db", false],
    ["postgres://jo:a#b@db/assent", false],
    ["postgres://jo:a%23b@db/assent?sslmode=require", true],
    ["sqlite:///var/lib/ledger.db", true],
    ["sqlite:ledger~$.db", true],
  ])("include a store that means another one than it says: %s is read: %s", (url, isRead) => {
    expect(Settings.read({ ASSENT_STORE: url }).faults.map(({ variable }) => variable)).toEqual(
      isRead ? [] : ["ASSENT_STORE"],
    )
  })

  test("that clash are printed", () => {
    const { status, stderr } = run({ PORT: "4711", ASSENT_METRICS_PORT: "4711" })
    expect([status, stderr]).toEqual([
      78,
      expect.stringContaining("ASSENT_METRICS_PORT: expected another port than PORT"),
    ])
  })

  test("include a mail server without a sender", () => {
    const { faults } = Settings.read({ ASSENT_SMTP_URL: "smtp://localhost:25" })
    const expected = "the sender of mails, because ASSENT_SMTP_URL is set"
    expect(faults).toEqual([{ variable: "ASSENT_MAIL_FROM", expected, given: "nothing" }])
  })

  test.runIf(isLong)(
    "of a log of erasures where none can be name the variable, the path, the cause and what to do",
    () => {
      const made = folder()
      folders.push(made)
      const file = join(made, "file")
      writeFileSync(file, "")
      const missing = "there is no such folder: make the folder, or name another file"
      const paths: ReadonlyArray<readonly [string, string]> = [
        [join(made, "missing", "x.ndjson"), missing],
        [join(file, "x.ndjson"), missing],
        [made, "this is a folder: name a file in it"],
      ]
      for (const [path, fault] of paths) {
        const { status, stderr } = run({ ASSENT_STORE: "memory:", PORT: "0", ASSENT_ERASURE_LOG: path })
        expect([status, stderr.trimEnd()]).toEqual([78, `assent: cannot serve: ASSENT_ERASURE_LOG: ${path}: ${fault}`])
      }
    },
  )

  test.runIf(isLong)("do not include a log of erasures that was changed: the exit code is 1", () => {
    const made = folder()
    folders.push(made)
    const path = join(made, "erasures.ndjson")
    writeFileSync(path, "{}\n")
    const { status, stderr } = run({ ASSENT_STORE: "memory:", PORT: "0", ASSENT_ERASURE_LOG: path })
    expect([status, stderr]).toEqual([1, expect.stringContaining("the erasure log: line 1 was changed")])
  })

  test.runIf(isLong)("of OpenTelemetry's own are printed before anything is served, without their values", () => {
    const { status, stderr, stdout } = run({
      ASSENT_STORE: "memory:",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
      OTEL_EXPORTER_OTLP_TIMEOUT: password,
    })
    expect([status, stdout]).toEqual([78, ""])
    expect(stderr).toContain("cannot serve: OTEL_EXPORTER_OTLP_TIMEOUT cannot be used")
    expect(stderr).not.toContain(password)
  })
})

test.runIf(isLong)(
  "a database that cannot be reached is printed without its password, and the process ends with 1",
  () => {
    const store = `postgres://jo:${password}@127.0.0.1:9/assent`
    const { status, stderr } = run({ ASSENT_STORE: store, ...TestKeys.environment(store) })
    expect(status).toBe(1)
    expect(stderr).toContain('cannot serve: ASSENT_STORE: database "assent" on 127.0.0.1:9: nothing listens on')
    expect(stderr).not.toContain(password)
  },
)

test.each(["sqlite:none.db", "memory:"])(
  "a replica of %s, where no ledger is, is not served, and none is made",
  (store) => {
    const { cwd, status, stderr } = run({ ASSENT_STORE: store, ASSENT_REPLICA: "on" })
    expect([status, stderr]).toEqual([1, expect.stringContaining("a replica needs a ledger that is there")])
    expect(readdirSync(cwd)).toEqual([])
  },
)

test("a variable that is empty is one that is not set", () => {
  const empty = Object.fromEntries(Object.values(Settings.table).map(({ variable }) => [variable, ""]))
  expect(Settings.read(empty)).toEqual(Settings.read({}))
  expect(Settings.read({}).faults).toEqual([])
})

test("variables that look like Assent's but are not are warned of, with the one that is meant; their values are not printed", async () => {
  const env = { ASSENT_RATELIMIT_KEY: password, ASSENT_STOER: password, ASSENT_SOMETHING_ELSE: password, OTHER: "1" }
  const server = await start({ file: "memory:", env })
  try {
    await expect.poll(() => linesOf(server)).toHaveLength(3)
    expect(linesOf(server).map(({ level, message }) => [level, message])).toEqual([
      ["warn", "ASSENT_RATELIMIT_KEY is no setting, and sets nothing: do you mean ASSENT_RATE_LIMIT_KEY?"],
      ["warn", "ASSENT_STOER is no setting, and sets nothing: do you mean ASSENT_STORE?"],
      ["warn", "ASSENT_SOMETHING_ELSE is no setting, and sets nothing"],
    ])
    expect(server.output()).not.toContain(password)
  } finally {
    await server.stop()
  }
})

test("--help prints every setting with its default, and serves nothing; other arguments are refused", () => {
  const { cwd, status, stdout } = run(wrong, "--help")
  expect(status).toBe(0)
  for (const { byDefault, variable } of Object.values(Settings.table)) {
    expect(stdout).toMatch(new RegExp(`^  ${variable} .*${byDefault === undefined ? "" : `\\(${byDefault}\\)$`}`, "m"))
  }
  expect(existsSync(join(cwd, "data"))).toBe(false)
  expect(run({}, "--port", "1")).toMatchObject({ status: 64, stderr: expect.stringContaining("takes no arguments") })
})

test("the documentation has every setting, with its default and what it sets, and no other", () => {
  const text = readFileSync(join(root, "docs/operating.md"), "utf8")
  const [, section] = /^## Settings$([^]*?)^## /m.exec(text)!
  const rows = [...section!.matchAll(/^\| `(\w+)` +\| (.+?) +\| (.+?) +\|$/gm)].map(([, ...cells]) => cells)
  const wanted = Object.values(Settings.table).map(({ byDefault, sets, variable }) => [
    variable,
    byDefault === undefined ? "none" : `\`${byDefault}\``,
    sets,
  ])
  expect(rows).toEqual(wanted)
})
