/**
 * `assent follow`: the changes of a project as lines, from a store that a server has and from the server itself; with a
 * state file each line once, and again only what was not kept.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { isLong } from "../support/long.ts"
import { eventually, type Server, startEmpty } from "../support/server.ts"
import { workplace } from "./run.ts"

const { folder, run, start } = workplace()

let server: Server
let project: string
beforeAll(async () => {
  server = await startEmpty()
  const { organization, project: id } = server.banner()
  project = `/privacy-v1/organizations/${organization}/projects/${id}`
})
afterAll(() => server.stop())

const record = async (...userIds: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const { apiKey, consentTypes } = server.banner()
  const items = userIds.map((userId) => ({
    userId,
    consentType: consentTypes[0],
    consentState: "declined",
    consentAction: "user_click",
  }))
  const answer = await server.request("POST", `${project}/consent-events`, {
    headers: { "x-api-key": apiKey },
    json: { items },
  })
  return answer.json.items.map(({ id }: { readonly id: string }) => id).toSorted()
}

/** The ways to read: the store, or the service. */
const ways = {
  "--store": () => ({ flags: ["--store", `sqlite:${server.file}`], env: {} as Record<string, string> }),
  "--url": () => ({ flags: ["--url", server.url], env: { ASSENT_API_KEY: server.banner().apiKey } }),
}

const eventsOf = (text: string): ReadonlyArray<string> =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === "consent.recorded")
    .map(({ event }) => event)
    .toSorted()

describe.each(Object.entries(ways))("assent follow %s", (name, way) => {
  // Mutant: the state is written before the lines.
  test("with a state file writes each change once, over several runs", async () => {
    const { env, flags } = way()
    const state = `state ${name.slice(2)}`
    const once = () => run(["follow", ...flags, "--once", "--state", state], { env })
    const first = await record(`a ${name}`, `b ${name}`)
    const before = await once()
    expect(before).toMatchObject({ code: 0, stderr: "" })
    expect(eventsOf(before.stdout)).toEqual(expect.arrayContaining([...first]))
    const second = await record(`c ${name}`)
    expect(eventsOf((await once()).stdout)).toEqual(second)
    expect((await once()).stdout).toBe("")
    expect(readFileSync(join(folder, state), "utf8")).toMatch(/^[\w-]{50,200}\n$/)
  })

  test.skipIf(name === "--url" && !isLong)(
    "writes what is recorded while it waits, keeps the mark, and ends on SIGTERM",
    async () => {
      const { env, flags } = way()
      const state = `waiting ${name.slice(2)}`
      const child = start(["follow", ...flags, "--after", "now", "--state", state], { env })
      let text = ""
      child.stdout!.on("data", (chunk: Buffer) => (text += chunk.toString()))
      await eventually(() => {
        try {
          return readFileSync(join(folder, state), "utf8").length > 0
        } catch {
          return false
        }
      }, "a state")
      const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)))
      const ids = await record(`w ${name}`)
      await eventually(() => text.endsWith("\n"), "a line")
      child.kill("SIGTERM")
      expect([await ended, eventsOf(text)]).toEqual([130, ids])
      const after = await run(["follow", ...flags, "--once", "--state", state], { env })
      expect([after.code, after.stdout]).toEqual([0, ""])
    },
  )

  test("takes types, and adds decisions", async () => {
    const { env, flags } = way()
    await record(`d ${name}`)
    const none = await run(["follow", ...flags, "--once", "--types", "decision.*,person.erased"], { env })
    expect([none.code, eventsOf(none.stdout)]).toEqual([0, []])
    const asked = await run(["follow", ...flags, "--once", "--include", "decision"], { env })
    const lines = asked.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
    const events = lines.filter(({ type }) => type === "consent.recorded")
    expect(events.map(({ decision }) => decision.status)).toEqual(events.map(() => "refused"))
  })

  test("refuses a mark that it does not know, and types that there are not", async () => {
    const { env, flags } = way()
    expect(await run(["follow", ...flags, "--once", "--after", "nonsense"], { env })).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("the mark is not known"),
    })
    expect((await run(["follow", ...flags, "--types", "nonsense"], { env })).code).toBe(2)
  })
})

test.each([
  ["nowhere/state", /--state: nowhere\/state: there is no such folder/],
  ["spoilt.state", /--state: spoilt\.state: .*name another file, or take it away/],
])("refuses the state file %s before it writes a line", async (state, message) => {
  writeFileSync(join(folder, "spoilt.state"), "not a mark\n")
  await record("for a state that is refused")
  expect(await run(["follow", ...ways["--store"]().flags, "--once", "--state", state])).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(message),
  })
})

test("a reader that closes standard output ends it without a message", async () => {
  const child = start(["follow", ...ways["--store"]().flags])
  let errors = ""
  child.stderr!.on("data", (chunk: Buffer) => (errors += chunk.toString()))
  const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)))
  await new Promise((resolve) => child.stdout!.once("data", resolve))
  child.stdout!.destroy()
  await record("after the reader has gone")
  expect([await ended, errors]).toEqual([0, ""])
})

test("without an API key, --url says which variable holds it", async () => {
  expect(await run(["follow", "--url", server.url])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("ASSENT_API_KEY"),
  })
})
