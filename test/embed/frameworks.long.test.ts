/**
 * The examples of Express, Fastify, Hono and Next.js: programs that record and ask, over real sockets and a file that
 * is there again when they are started again; and the handler as Next.js, Bun and Node's own server call it.
 */
import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { getRequestListener } from "@hono/node-server"
import { describe, expect, test, vi } from "vitest"
import npmPackage from "../../package.json" with { type: "json" }
import { childEnv } from "../support/childEnv.ts"
import { folder, openAt } from "./opened.ts"

const examples = join(import.meta.dirname, "../../examples/")
const app = (name: string): string => join(examples, `${name}/app.ts`)
const files = folder()

/** Starts an example, and returns its address and the function that stops it. */
const start = async (name: string) => {
  const env = { ...childEnv, PORT: "0", LEDGER: `sqlite:${join(files, `${name}.db`)}` }
  const child = spawn(process.execPath, [app(name)], { env, stdio: ["ignore", "pipe", "pipe"] })
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  let errors = ""
  child.stderr.on("data", (text) => (errors += text))
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (text) => resolve(String(text)))
    child.once("close", () => reject(new Error(errors)))
  })
  const { port } = JSON.parse(line) as AddressInfo
  const stop = () => {
    child.kill("SIGTERM")
    return ended
  }
  return { url: `http://127.0.0.1:${port}`, stop }
}

const send = async (url: string, body?: object) => {
  const headers = { "content-type": "application/json", connection: "close" }
  const answer = await fetch(url, body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) })
  return { status: answer.status, text: await answer.text() }
}

describe.each(["express", "fastify", "hono"])("the example of %s", (name) => {
  test("records and asks in at most 12 lines", () => {
    // The last paragraph listens, and stops.
    const [imports, records] = readFileSync(app(name), "utf8").split("\n\n", 2)
    expect(`${imports}\n${records}`.split("\n").length).toBeLessThanOrEqual(12)
  })

  test("records, asks, refuses, and finds its ledger when it is started again", async () => {
    const first = await start(name)
    const newsletter = `${first.url}/newsletter`
    const yes = await send(newsletter, { email: "jo@example.com", consentState: "accepted" })
    expect([yes.status, JSON.parse(yes.text)]).toMatchObject([200, [{ label: "newsletter", consentState: "accepted" }]])
    expect(JSON.parse((await send(`${newsletter}/jo@example.com`)).text)).toMatchObject([{ permitted: true }])
    const wrong = await send(newsletter, { email: "nobody", consentState: "accepted" })
    expect([wrong.status, wrong.text.includes("/email")]).toEqual([422, true])
    await send(newsletter, { email: "jo@example.com", consentState: "declined" })
    if (name === "hono") expect((await send(`${first.url}/consent/livez`)).status).toBe(200)
    expect(await first.stop()).toBe(0)
    const second = await start(name)
    const asked = await send(`${second.url}/newsletter/jo@example.com`)
    expect(JSON.parse(asked.text)).toMatchObject([{ status: "withdrawn", permitted: false }])
    expect(await second.stop()).toBe(0)
  })
})

test("the example of Next.js is not bundled, opens nothing when its routes are loaded, and records, asks, refuses and serves", async () => {
  // Next.js loads routes in other processes when it builds, and in development for a path with parameters.
  const path = join(files, "next.db")
  vi.stubEnv("LEDGER", `sqlite:${path}`)
  const config = (await import(`${examples}next/next.config.mjs`)) as { readonly default: object }
  expect(config.default).toEqual({ serverExternalPackages: [npmPackage.name] })
  const newsletter = await import("../../examples/next/app/newsletter/route.ts")
  const api = await import("../../examples/next/app/consent/[...path]/route.ts")
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(existsSync(path)).toBe(false)
  const post = (body: object) =>
    newsletter.POST(new Request("http://localhost/newsletter", { method: "POST", body: JSON.stringify(body) }))
  expect((await post({ email: "jo@example.com", consentState: "declined" })).status).toBe(200)
  const wrong = await post({ email: "nobody", consentState: "accepted" })
  expect([wrong.status, await wrong.json()]).toMatchObject([422, { violations: [{ pointer: "/email" }] }])
  const asked = await newsletter.GET(new Request("http://localhost/newsletter?email=jo%40example.com"))
  expect(await asked.json()).toMatchObject([{ status: "refused" }])
  expect((await api.GET(new Request("http://localhost/consent/livez"))).status).toBe(200)
  const { consent } = await import("../../examples/next/consent.ts")
  await (await consent()).close()
})

describe("the handler", () => {
  test("is a route of Next.js, and the fetch of Bun and Deno", async () => {
    await using ledger = await openAt({ url: "memory:", options: {} }, { http: { basePath: "/api/consent" } })
    const { secret } = await ledger.createKey({ name: "shop", role: "limited" })
    // app/api/consent/[...path]/route.ts: Next.js calls the method of a request with a second argument.
    type Route = (request: Request, context: { readonly params: Promise<object> }) => Promise<Response>
    const route: { readonly GET: Route; readonly POST: Route } = { GET: ledger.handler, POST: ledger.handler }
    const scope = `/privacy-v1/organizations/${ledger.organizationId}/projects/${ledger.projectId}`
    const url = `https://shop.example/api/consent${scope}`
    const headers = { "x-api-key": secret, "content-type": "application/json" }
    const item = { email: "jo@example.com", category: "communication", subcategory: "email", label: "newsletter" }
    const body = JSON.stringify({ items: [{ ...item, consentState: "accepted", consentAction: "user_click" }] })
    const context = { params: Promise.resolve({}) }
    const recorded = await route.POST(new Request(`${url}/consent-events`, { method: "POST", headers, body }), context)
    expect(recorded.status).toBe(201)
    const asked = new Request(`${url}/consent-decisions?email=jo%40example.com`, { headers })
    expect(await (await route.GET(asked, context)).json()).toMatchObject({ items: [{ status: "given" }, {}] })
    // export default { fetch }
    const exported: { readonly fetch: (request: Request) => Promise<Response> } = { fetch: ledger.handler }
    expect((await exported.fetch(new Request("http://localhost/api/consent/livez"))).status).toBe(200)
    expect((await exported.fetch(new Request("http://localhost/livez"))).status).toBe(404)
  })

  test("is mounted in a server of Node, over a real socket", async () => {
    await using ledger = await openAt({ url: "memory:", options: {} })
    const server = createServer(getRequestListener(ledger.handler)).listen(0, "127.0.0.1")
    await new Promise((resolve) => server.once("listening", resolve))
    const { port } = server.address() as AddressInfo
    const page = await fetch(`http://127.0.0.1:${port}/openapi.json`)
    expect([page.status, ((await page.json()) as { readonly openapi: string }).openapi]).toEqual([200, "3.1.0"])
    await new Promise((resolve) => server.close(resolve))
  })
})
