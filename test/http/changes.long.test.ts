/**
 * Readers of the change feed in numbers, readers that take nothing, and readers of a replica: none of them keeps a
 * request from being worked on.
 */
import { Agent, request as httpRequest } from "node:http"
import { connect } from "node:net"
import { afterAll, beforeAll, expect, test } from "vitest"
import { eventually, type Server, start } from "../support/server.ts"
import { asOwner, other, foreign, privacy, record, secretOf, startWorld, yes } from "./world.ts"

let server: Server
let replica: Server
beforeAll(async () => {
  server = await startWorld()
  replica = await start({ file: server.file, env: { ASSENT_REPLICA: "on" } })
})
afterAll(async () => {
  await replica.end("SIGTERM")
  await server.stop()
})

const path = `${privacy()}/changes`

const now = async (from: Server = server): Promise<string> =>
  (await from.request("GET", `${path}?after=now`, { headers: asOwner })).json.mark

// Mutants: a reader that waits keeps its place; no bound.
test("of 600 requests that wait, 512 wait, the others are answered at once, and all else is worked on", async () => {
  const agent = new Agent({ keepAlive: false, maxSockets: Infinity })
  const mark = await now()
  const answers: Array<{ readonly count: number; readonly retryAfter: string | undefined }> = []
  const wait = () =>
    new Promise<void>((resolve, reject) => {
      const options = {
        port: server.port,
        host: "127.0.0.1",
        path: `${path}?after=${mark}&wait=60`,
        headers: asOwner,
        agent,
      }
      const sent = httpRequest(options, (response) => {
        let text = ""
        response.on("data", (chunk: Buffer) => (text += chunk.toString()))
        response.on("end", () => {
          answers.push({ count: JSON.parse(text).count, retryAfter: response.headers["retry-after"] })
          resolve()
        })
      })
      sent.on("error", reject).end()
    })
  const all = Promise.all(Array.from({ length: 600 }, wait))
  await eventually(() => answers.length === 88, "88 answers")
  expect(new Set(answers.map(({ count, retryAfter }) => `${count} ${retryAfter}`))).toEqual(new Set(["0 1"]))
  // Of another organization, while they wait.
  const headers = { "x-api-key": secretOf(other, "owner") }
  const question = await server.request("GET", `${privacy(foreign)}/consent-decisions?userId=x`, { headers })
  expect(question.status).toBe(200)
  expect(answers).toHaveLength(88)
  expect((await record(server, [yes({ userId: "ends all waits" })])).status).toBe(201)
  await all
  expect(answers.slice(88).map(({ count }) => count)).toEqual(Array.from({ length: 512 }, () => 1))
  agent.destroy()
}, 120_000)

test("a reader that takes nothing is cut", async () => {
  for (let n = 0; n < 40; n++) {
    await record(
      server,
      Array.from({ length: 1000 }, (_, at) => yes({ userId: `much ${n} ${at}` })),
    )
  }
  const socket = connect(server.port, "127.0.0.1")
  socket.pause()
  socket.write(
    `GET ${path}?limit=1000 HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\nx-api-key: ${asOwner["x-api-key"]}\r\n\r\n`,
  )
  const closed = new Promise((resolve) => socket.once("close", () => resolve("closed")))
  const late = new Promise((resolve) => setTimeout(() => resolve("still there"), 90_000))
  // What is in the buffers of the system is read at the end, when the connection is gone.
  setTimeout(() => socket.resume(), 85_000)
  socket.on("error", () => {})
  let bytes = 0
  socket.on("data", (chunk) => (bytes += chunk.length))
  expect(await Promise.race([closed, late])).toBe("closed")
  expect(bytes).toBeLessThan(40_000 * 400)
}, 150_000)

test("a reader of a replica is woken by what its primary records, and waits for a mark that the replica has not", async () => {
  const waiting = replica.request("GET", `${path}?after=${await now(replica)}&wait=60`, { headers: asOwner })
  const recorded = await record(server, [yes({ userId: "seen by the replica" })])
  expect((await waiting).json.items).toMatchObject([{ event: recorded.json.items[0].id }])
  await record(server, [yes({ userId: "known to the primary" })])
  const ahead = await replica.request("GET", `${path}?after=${await now()}`, { headers: asOwner })
  expect([ahead.status, ahead.json.items]).toEqual([200, []])
})
