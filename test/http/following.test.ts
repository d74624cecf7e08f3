/**
 * The example of docs/following.md: a mail system that obeys every no. It is a program of its own, next to a real
 * server; it is killed, and it must know what was recorded meanwhile before it mails again.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { childEnv } from "../support/childEnv.ts"
import { isLong } from "../support/long.ts"
import { served } from "../support/served.ts"
import { folder } from "../support/server.ts"
import { identify, personOf, publishedSigner, say } from "./identityTokens.ts"
import { acme, record, secretOf, shop, startWorld, types, visit, yes } from "./world.ts"

const program = join(import.meta.dirname, "../../examples/following/app.ts")
const files = folder()
const server = served(startWorld)
const signer = publishedSigner(server)
const headers = { "x-api-key": secretOf(acme, "owner") }

const children: Array<ChildProcess> = []
afterAll(() => children.forEach((child) => child.kill("SIGKILL")))

/** Starts the mail system, on the state that it had. */
const start = async () => {
  const own = { LEDGER: server.url, ORG: acme.id, PROJECT: shop.id, API_KEY: headers["x-api-key"] }
  const env = { ...childEnv, ...own, NEWSLETTER: types.newsletter.id, STATE: join(files, "mail.json"), PORT: "0" }
  const child = spawn(process.execPath, [program], { env, stdio: ["ignore", "pipe", "inherit"] })
  children.push(child)
  const line = await new Promise<string>((resolve) => child.stdout.once("data", (text) => resolve(String(text))))
  const url = `http://127.0.0.1:${JSON.parse(line).port}`
  const statusOf = async (concordId: string) => (await fetch(`${url}/${concordId}`)).status
  return {
    statusOf,
    /** Asks until it answers so. */
    until: async (concordId: string, status: number) => {
      while ((await statusOf(concordId)) !== status) await new Promise((again) => setTimeout(again, 5))
    },
    kill: () =>
      new Promise<void>((resolve) => {
        child.once("exit", () => resolve())
        child.kill("SIGKILL")
      }),
  }
}

/** Records an answer about the newsletter, and returns whose it is. */
const answer = async (email: string, more: object = {}): Promise<string> => {
  const { json, status } = await record(server, [yes({ email, ...more })])
  expect(status).toBe(201)
  return json.items[0].concordId
}

test("The example has at most 40 lines, without comments and blank lines", () => {
  const lines = readFileSync(program, "utf8").split("\n")
  expect(lines.filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length).toBeLessThanOrEqual(40)
})

test("A mail system obeys a withdrawal, a lapse, a join and an erasure, also what came while it was down", async () => {
  const first = await start()
  const ann = await answer("ann@example.com")
  const bob = await answer("bob@example.com")
  await first.until(ann, 200)
  await first.until(bob, 200)
  expect(await first.statusOf("0197afff-ffff-7fff-8fff-ffffffffffff")).toBe(403)
  await answer("ann@example.com", { consentState: "declined" })
  await first.until(ann, 403)
  expect(await first.statusOf(bob)).toBe(200)

  if (isLong) {
    const soon = new Date(Date.now() + 5_000).toISOString()
    const eve = await answer("eve@example.com", { expirationDate: soon })
    await first.until(eve, 200)
    await first.until(eve, 403)
  }

  await first.kill()
  await answer("bob@example.com", { consentState: "declined" })
  const second = await start()
  const answers = new Set<number>()
  while (!answers.has(403)) answers.add(await second.statusOf(bob))
  expect([...answers].filter((status) => status === 200)).toEqual([])

  const joe = await answer("joe@example.com")
  await second.until(joe, 200)
  const guest = await visit(server)
  await say(server, guest, types.newsletter.id, "declined")
  const token = await signer.token("joe@example.com")
  await identify(server, guest, { type: "email", value: "joe@example.com", token })
  await second.until(joe, 403)
  const { facts } = (await personOf(server, joe)).json
  const people = `/privacy-v1/organizations/${acme.id}/people`
  await server.request("DELETE", `${people}/${joe}/joins/${facts.at(-1).id}`, { headers })
  await second.until(joe, 200)
  const json = { confirm: joe, reason: "request" }
  expect((await server.request("POST", `${people}/${joe}/erasure`, { headers, json })).status).toBe(200)
  await second.until(joe, 403)
})
