/** The log on a terminal: a line a request, of 100 columns at most, in colours where they are wanted. */
import { spawn } from "node:child_process"
import { rmSync } from "node:fs"
import { HttpApi } from "effect/http-api"
import { describe, expect, test } from "vitest"
import { Api } from "../../adapters/http/api/Api.ts"
import type { LogEntry } from "../../adapters/http/server/RequestLog.ts"
import * as Colour from "../../apps/Colour.ts"
import * as PrettyLog from "../../apps/server/PrettyLog.ts"
import { childEnv } from "../support/childEnv.ts"
import * as Programs from "../support/programs.ts"
import { eventually, folder, freePort } from "../support/server.ts"

const at = new Date("2026-11-22T04:40:36.833Z")
const plain = { paint: (_: Colour.Colour, text: string) => text, columns: 100, showsIds: false }

const routes = (): ReadonlyArray<readonly [method: string, route: string]> => {
  const found: Array<readonly [string, string]> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint: { method, path } }) => void found.push([method, path]),
  })
  return found
}

const ids = {
  requestId: "01a2018e-5ca6-7335-979e-bef6c288431f",
  caller: "key",
  keyId: "0197a000-0000-7000-8000-000000000300",
  bytesIn: 136,
} as const

const entry = (fields: Partial<LogEntry>): LogEntry => ({
  ...ids,
  method: "GET",
  route: "/livez",
  status: 200,
  durationMs: 3.918,
  ...fields,
})

describe("the line of a request", () => {
  test("has time, status, method, route and duration, and no id", () => {
    expect(
      PrettyLog.request(at, entry({ method: "POST", route: "/site-v1/:projectId/session", status: 201 }), plain),
    ).toBe("04:40:36 201 POST   /site-v1/:projectId/session 3.9 ms")
  })

  // Mutant: the duration is left out of the columns that a route may take.
  test("fits 100 columns for every route, slow or refused, and a narrower terminal; two routes never look the same", () => {
    for (const columns of [80, 100, 240]) {
      const lines = routes().flatMap(([method, route]) =>
        [
          entry({ method, route }),
          entry({ method, route, status: 422, durationMs: 123_456.7, error: "identifier_missing,another_code_of_it" }),
          entry({ method, route, status: 503, error: "StoreUnavailable", reason: "disk I/O error ".repeat(20) }),
        ].map((each) => PrettyLog.request(at, each, { ...plain, columns }).split("\n")[0]!),
      )
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(Math.min(columns, 100))
      const slow = lines.filter((line) => line.includes(" 200 "))
      expect(new Set(slow).size).toBe(routes().length)
    }
  })

  test("of a failure keeps the whole reason, on a line of its own if it is long", () => {
    const reason = 'ASSENT_STORE: database "assent" on 127.0.0.1:5477: nothing listens (ECONNREFUSED)'
    const failed = entry({ route: "/readyz", status: 503, error: "StoreUnavailable", reason })
    expect(PrettyLog.request(at, failed, plain)).toBe(
      `04:40:36 503 GET    /readyz 3.9 ms StoreUnavailable\n    ${reason}`,
    )
    expect(PrettyLog.request(at, { ...failed, reason: "disk is full" }, plain)).toBe(
      "04:40:36 503 GET    /readyz 3.9 ms StoreUnavailable: disk is full",
    )
  })

  test("has the ids at the level debug, and the place of an unexpected failure on lines of its own", () => {
    expect(PrettyLog.request(at, entry({}), { ...plain, showsIds: true })).toBe(
      `04:40:36 200 GET    /livez 3.9 ms caller=key requestId=${ids.requestId} keyId=${ids.keyId} bytesIn=136`,
    )
    expect(PrettyLog.request(at, entry({ status: 500, error: "TypeError", stack: "at a\nat b" }), plain)).toBe(
      "04:40:36 500 GET    /livez 3.9 ms TypeError\n    at a\n    at b",
    )
  })

  test("holds nothing that a terminal would treat as a command", () => {
    const line = PrettyLog.request(at, entry({ error: "a\u001b[2Jb", status: 400 }), plain)
    expect(line).toBe("04:40:36 400 GET    /livez 3.9 ms a [2Jb")
  })
})

describe("colours", () => {
  const isOn = (isTTY: boolean, env: Readonly<Record<string, string>>): boolean => {
    const before = process.env
    process.env = env
    try {
      return Colour.isOn({ isTTY })
    } finally {
      process.env = before
    }
  }

  test.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
    [false, { FORCE_COLOR: "1" }, true],
    [true, { FORCE_COLOR: "0" }, false],
    [true, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
  ])("of a terminal (%s) with %j: %s", (isTTY, env, expected) => {
    expect(isOn(isTTY, env)).toBe(expected)
  })
})

test("a server on a terminal of 100 columns writes lines that fit, in colours, and at debug the ids", async () => {
  const cwd = folder()
  const port = await freePort()
  const env = { ...childEnv, TERM: "xterm", ASSENT_STORE: "memory:", PORT: String(port), ASSENT_LOG_LEVEL: "debug" }
  // `script` gives the server a terminal.
  const child = spawn(
    "script",
    ["-qfec", `stty cols 100; exec ${process.execPath} ${Programs.server} > /dev/null`, "/dev/null"],
    {
      cwd,
      env,
      stdio: ["ignore", "pipe", "ignore"],
    },
  )
  let screen = ""
  child.stdout.on("data", (data: Buffer) => (screen += data.toString()))
  try {
    const url = `http://127.0.0.1:${port}`
    const isUp = () =>
      fetch(`${url}/livez`).then(
        () => true,
        () => false,
      )
    while (!(await isUp())) await new Promise((resolve) => setTimeout(resolve, 50))
    await fetch(`${url}/nothing`)
    await eventually(() => screen.includes("404"), "both requests are logged")
    // The escape character is shown as `^`.
    const shown = screen.replaceAll("\u001b", "^")
    expect(shown).toMatch(/\^\[32m200\^\[0m GET {4}\/livez \^\[2m[\d.]+ ms\^\[0m .*requestId=[0-9a-f-]{36}/)
    expect(shown).toMatch(/\^\[33m404\^\[0m GET {4}\(not served\) /)
  } finally {
    child.kill("SIGTERM")
    rmSync(cwd, { recursive: true, force: true })
  }
})
