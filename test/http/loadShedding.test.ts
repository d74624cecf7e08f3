/** The places of requests that are worked on: given up during a wait, and taken again. */
import { once } from "node:events"
import { Agent, type IncomingMessage, request as httpRequest, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, expect, test } from "vitest"
import * as ConcurrencyLimit from "../../adapters/http/server/ConcurrencyLimit.ts"
import * as LoadShedding from "../../adapters/http/server/LoadShedding.ts"
import * as NodeServer from "../../adapters/http/server/NodeServer.ts"
import { eventually } from "../support/server.ts"

let server: Server
const agent = new Agent({ keepAlive: true, maxSockets: 1000 })
const waiting: Array<{ readonly response: ServerResponse; readonly takeAgain: () => void }> = []

beforeEach(async () => {
  server = NodeServer.make({}, LoadShedding.make())
  const request = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === "/waits") waiting.push({ response, takeAgain: LoadShedding.giveUp(request) })
    else response.end("done")
  }
  NodeServer.register(server, [{ request }])
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
})
afterEach(() => {
  waiting.splice(0)
  server.closeAllConnections()
  server.close()
})

const get = (path: string): Promise<number> =>
  new Promise((resolve) => {
    const { port } = server.address() as AddressInfo
    const sent = httpRequest({ port, host: "127.0.0.1", path, agent }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode!))
    })
    sent.on("error", () => resolve(0)).end()
  })

const wait = async (count: number): Promise<ReadonlyArray<Promise<number>>> => {
  const answers = Array.from({ length: count }, () => get("/waits"))
  await eventually(() => waiting.length === count, "the requests wait")
  return answers
}

test("requests that have given up their places leave room for others, and are answered", async () => {
  const answers = await wait(ConcurrencyLimit.highest + 50)
  expect(await get("/")).toBe(200)
  for (const { response, takeAgain } of waiting) {
    takeAgain()
    response.end("waited")
  }
  expect(new Set(await Promise.all(answers))).toEqual(new Set([200]))
})

test("requests that have taken their places again take them from others, once", async () => {
  await wait(ConcurrencyLimit.highest)
  for (const { takeAgain } of waiting) {
    takeAgain()
    takeAgain()
  }
  expect(await get("/")).toBe(503)
  for (const { response } of waiting) response.end("waited")
  await eventually(() => waiting.every(({ response }) => response.closed), "all are answered")
  await new Promise((resolve) => setTimeout(resolve, ConcurrencyLimit.recoveryMillis))
  expect(await get("/")).toBe(200)
})
