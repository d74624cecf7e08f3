/**
 * The first minutes: what a start prints, the requests that it prints and the README shows, and the address in a
 * browser.
 */
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { beforeAll, describe, expect, test } from "vitest"
import * as Demonstration from "../../apps/server/Demonstration.ts"
import { start, startEmpty, type Banner } from "../support/server.ts"
import { served } from "../support/served.ts"

const run = promisify(execFile)

const server = served(startEmpty)
let banner: Banner
beforeAll(() => {
  banner = server.banner()
})

/** The blocks of README's section "Run it", in order, each with its language. */
const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8")
const section = /^## Run it$([^]*?)^## /m.exec(readme)![1]!
const blocks = [...section.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language, text]) => ({
  language,
  text: text!,
}))
const blocksOf = (language: string) => blocks.filter((block) => block.language === language).map(({ text }) => text)

/** What bash prints for commands, with the real curl: one JSON answer after another. */
const paste = async (commands: string): Promise<ReadonlyArray<unknown>> => {
  const { stdout } = await run("bash", ["-c", commands])
  // Each answer is indented and ends its line, so that the next one begins at the margin.
  return stdout.split(/(?<=^\}\n)/m).map((text) => JSON.parse(text))
}

/** Whether an answer has everything that a shortened one shows. Ids are shown by their beginning: `01a2…`. */
const shows = (shown: unknown, answer: unknown): boolean => {
  if (Array.isArray(shown)) {
    return Array.isArray(answer) && shown.every((each) => answer.some((other) => shows(each, other)))
  }
  if (typeof shown === "object" && shown !== null) {
    const members = Object.entries(shown)
    return (
      typeof answer === "object" &&
      members.every(([name, value]) => shows(value, (answer as typeof shown)[name as keyof typeof shown]))
    )
  }
  return shown === "01a2…" ? /^[0-9a-f-]{36}$/.test(String(answer)) : shown === answer
}

test("it names the address, the reference, the ledger, the ids, the key and one consent type of each category", () => {
  const { apiKey, consentTypes, organization, project } = banner
  expect(server.output()).toContain(
    `Assent listens on ${server.url} (reference: ${server.url}/docs)\nledger: sqlite:${server.file}, 1 project, 0 events\n`,
  )
  for (const id of [organization, project, ...consentTypes]) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  expect(consentTypes).toHaveLength(4)
  for (const category of ["disclosure", "communication", "privacy_setting", "custom"]) {
    expect(server.output()).toMatch(new RegExp(`  ${category} / \\w+ / \\w+\n`))
  }
  expect(apiKey.length).toBeGreaterThanOrEqual(43)
  expect(server.output()).toContain("Another API key: npm run -s assent -- key --role owner")
})

describe("The requests of the demonstration", () => {
  test("are those of the README, after the same variables", () => {
    const [variables, requests] = blocksOf("sh").slice(-2)
    expect(requests).toBe(`${Demonstration.requests}\n`)
    expect(variables!.replaceAll(/=\S+/g, "=")).toBe(
      `${Demonstration.variables({ url: "", apiKey: "", organization: "", project: "" })}\n`,
    )
    expect(banner.commands.replaceAll(/^(export .*)$/gm, (line) => line.replaceAll(/=\S+/g, "="))).toBe(
      `${variables!.replaceAll(/=\S+/g, "=")}\n${requests}`,
    )
  })

  test("work when they are pasted into bash, and answer what the README shows", async () => {
    const answers = await paste(banner.commands)
    expect(answers).toHaveLength(4)
    const [yes, no, now, before] = answers
    expect([yes, no]).toMatchObject([
      { items: [{ consentState: "accepted" }] },
      { items: [{ consentState: "declined" }] },
    ])
    const shown = blocksOf("json").map((text) => JSON.parse(text))
    expect(shown).toHaveLength(2)
    expect(shows(shown[0], now), JSON.stringify(now)).toBe(true)
    expect(shows(shown[1], before), JSON.stringify(before)).toBe(true)
    // The refusal wins, the yes is named with the reason why it lost, and April is as it was.
    expect(shown[0].items[0]).toMatchObject({
      status: "withdrawn",
      permitted: false,
      because: { rule: "refusal", lost: [{ consentState: "accepted" }] },
    })
    expect(shown[1].items[0]).toMatchObject({ status: "given", permitted: true, because: { lost: [] } })
  })
})

describe("An answer", () => {
  const ask = (accept: string | undefined, path = "/livez") =>
    server.request("GET", path, { headers: accept === undefined ? {} : { accept } })

  test("is indented where the request asks for it, and has its bytes elsewhere", async () => {
    for (const accept of [
      undefined,
      "*/*",
      "application/json",
      "application/json; indent=9",
      "application/json; indent=0",
    ]) {
      expect((await ask(accept)).text).toBe('{"status":"ok"}')
    }
    const { headers, text } = await ask("application/json; indent=2")
    expect(text).toBe('{\n  "status": "ok"\n}\n')
    expect(headers).toMatchObject({
      "content-length": "21",
      "content-type": "application/json",
      "cache-control": "no-store",
    })
    expect((await ask("text/html, application/json;indent=1;q=0.5")).text).toBe('{\n "status": "ok"\n}\n')
    const refused = await ask("application/json; indent=2", "/none")
    expect([refused.status, refused.text]).toEqual([
      404,
      expect.stringMatching(/^\{\n {2}"statusCode": 404,\n[^]*\n\}\n$/),
    ])
  })

  test("that is indented has no ETag, which names the other bytes", async () => {
    const path = `/site-v1/${banner.project}/consent-state`
    const headers = { "x-session": banner.session }
    const plain = await server.request("GET", path, { headers })
    const indented = await server.request("GET", path, {
      headers: { ...headers, accept: "application/json; indent=2" },
    })
    expect([plain.headers.etag, indented.headers.etag]).toEqual([expect.any(String), undefined])
    expect(indented.json).toEqual(plain.json)
  })

  test("longer than 64 KiB is not indented", async () => {
    const { text } = await ask("application/json; indent=2", "/openapi.json")
    expect(text.length).toBeGreaterThan(65_536)
    expect(text).not.toContain("\n")
  })
})

describe("The address without a path", () => {
  test("leads a browser to the reference, and any other client to a 404 that names it", async () => {
    const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for (const method of ["GET", "HEAD"]) {
      const { headers, status } = await server.request(method, "/", { headers: { accept } })
      expect([status, headers.location]).toEqual([303, "/docs"])
    }
    expect((await server.request("GET", "/docs", { headers: { accept } })).headers["content-type"]).toMatch(
      /^text\/html/,
    )
    const others = [
      await server.request("GET", "/", { headers: { accept: "*/*" } }),
      await server.request("POST", "/", { headers: { accept }, json: {} }),
      await server.request("GET", "/?a=1", { headers: { accept } }),
      await server.request("GET", "/none", { headers: { accept } }),
    ]
    for (const { headers, status } of others) {
      expect([status, headers["content-type"]]).toEqual([404, "application/problem+json"])
    }
  })
})

test("a later start names the ledger and what it holds, and a ledger in memory that it is forgotten", async () => {
  const { apiKey, organization, project } = banner
  const events = `/privacy-v1/organizations/${organization}/projects/${project}/consent-events`
  const { total } = (await server.request("GET", events, { headers: { "x-api-key": apiKey } })).json
  const item = {
    userId: "ann",
    consentType: banner.consentTypes[0],
    consentState: "accepted",
    consentAction: "user_click",
  }
  const two = { items: [item, { ...item, consentState: "declined" }] }
  await server.request("POST", events, { headers: { "x-api-key": apiKey }, json: two })
  await server.end("SIGTERM")
  const [again, memory] = [await start({ file: server.file }), await start({ file: "memory:" })]
  try {
    expect(again.output()).toContain(`\nledger: sqlite:${server.file}, 1 project, ${total + 2} events\n`)
    expect(again.output()).not.toContain("API key")
    expect(memory.output()).toMatch(/\nledger: memory:, 1 project, 0 events; it is forgotten when this process ends\n/)
  } finally {
    await again.stop()
    await memory.stop()
  }
})
