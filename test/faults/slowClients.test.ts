/** Slow clients: they are cut off, and until then no other request waits for them. */
import { once } from "node:events"
import { createServer, type Server as HttpServer, type ServerResponse } from "node:http"
import { connect, type AddressInfo, type Socket } from "node:net"
import { setTimeout as pause } from "node:timers/promises"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import * as Deadline from "../../adapters/http/server/Deadline.ts"
import * as ConcurrencyLimit from "../../adapters/http/server/ConcurrencyLimit.ts"
import * as NodeServer from "../../adapters/http/server/NodeServer.ts"
import { asOwner, privacy, record, startWorld, yes } from "../http/world.ts"
import type { Server } from "../support/server.ts"

const sockets: Array<Socket> = []
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()))

/** A connection that sends a text, and reads nothing until it is resumed. */
const say = async (port: number, text: string): Promise<Socket> => {
  const socket = connect(port, "127.0.0.1")
  sockets.push(socket)
  socket.on("error", () => {})
  await once(socket, "connect")
  socket.write(text)
  return socket
}

/** Everything that is read from a connection until it ends. */
const read = async (socket: Socket): Promise<string> => {
  let text = ""
  socket.setEncoding("latin1").on("data", (data: string) => (text += data))
  // A reset counts as being cut off.
  await new Promise((resolve) => socket.once("close", resolve))
  return text
}

describe("a limit of 300 milliseconds", () => {
  const limitMillis = 300
  let server: HttpServer
  let port: number
  /** More bytes than the sockets of a connection hold. */
  const long = Buffer.alloc(64 * 1024 * 1024, "x")
  /** Bytes that a busy machine reads in time. */
  const steady = long.subarray(0, long.length / 8)
  let closed: Array<boolean> = []

  /** An answer in parts, each written when the reader has taken the one before, with pauses that the service makes. */
  const writeInParts = async (response: ServerResponse, parts: number, pauseMillis: number) => {
    for (let n = 0; n < parts && !response.destroyed; n++) {
      const isTaken = response.write(Buffer.alloc(64 * 1024, "x"))
      // Of a connection that is closed, there is nothing more to write.
      if (!isTaken) await new Promise((resolve) => response.once("drain", resolve))
      if (pauseMillis > 0) await pause(pauseMillis)
    }
    response.end()
  }

  beforeAll(async () => {
    server = createServer({ requestTimeout: 0 }, (request, response) => {
      if (request.url === "/endless" || request.url === "/paced") {
        response.once("close", () => closed.push(response.writableFinished))
        const isPaced = request.url === "/paced"
        void writeInParts(response, isPaced ? 3 : 2_000, isPaced ? 3 * limitMillis : 0)
      } else if (request.method === "GET") {
        response.once("close", () => closed.push(response.writableFinished))
        response.end(request.url === "/steady" ? steady : long)
      } else request.resume().once("end", () => response.end("done"))
    })
    server.on("clientError", (_, socket) => socket.destroy())
    NodeServer.register(server, [Deadline.listeners(server, limitMillis)])
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => server.close())
  afterEach(() => (closed = []))

  const head = (path: string) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n`
  const rows = "/privacy-v1/organizations/1/projects/1/consent-events/import"

  // Mutant for the rows: every byte counts as progress.
  test.each(["/privacy-v1", rows])("cuts off a client that sends a body to %s byte by byte", async (path) => {
    const socket = await say(port, head(path))
    const dripping = setInterval(() => socket.write("x"), limitMillis / 4)
    expect(await read(socket)).toBe("")
    clearInterval(dripping)
  })

  test("lets rows come as long as they come", async () => {
    const socket = await say(port, `POST ${rows} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`)
    for (let n = 0; n < 4; n++) {
      await pause(limitMillis / 2)
      socket.write(`1000\r\n${"x".repeat(4096)}\r\n`)
    }
    socket.write("0\r\n\r\n")
    const [answer] = await once(socket, "data")
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /)
  })

  // Mutant: reading is not watched.
  test("cuts off a client that reads byte by byte, and frees what was not read", async () => {
    const socket = await say(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    const sipping = setInterval(() => socket.read(1), limitMillis / 10)
    while (closed.length === 0) await pause(50)
    clearInterval(sipping)
    expect(closed).toEqual([false])
  })

  // Mutant: only a complete answer is watched.
  test("cuts off a client that stops reading an answer that is still being written", async () => {
    const socket = await say(port, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
    socket.pause()
    while (closed.length === 0) await pause(50)
    expect(closed).toEqual([false])
  })

  // Mutant: a part that was sent counts as waiting.
  test("leaves alone a client that waits for the next part of its answer", async () => {
    const socket = await say(port, "GET /paced HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    expect((await read(socket)).length).toBeGreaterThan(3 * 64 * 1024)
    expect(closed).toEqual([true])
  })

  test("leaves alone a client that reads steadily", async () => {
    const socket = await say(port, "GET /steady HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    expect((await read(socket)).length).toBeGreaterThan(steady.length)
    expect(closed).toEqual([true])
  })
})

describe("more slow clients than requests may be worked on", () => {
  const count = ConcurrencyLimit.highest + 44
  let server: Server
  beforeAll(async () => {
    server = await startWorld()
  })
  afterAll(() => server.stop())

  // Mutant: such a request keeps its place in the line.
  test("that send no body take no place from others", async () => {
    const head = `POST ${privacy()}/consent-events HTTP/1.1\r\nHost: a\r\nx-api-key: ${asOwner["x-api-key"]}\r\n`
    const body = `Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`
    await Promise.all(Array.from({ length: count }, () => say(server.port, head + body)))
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => record(server, [yes({ userId: `beside ${n}` })])),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
  })

  test("that do not read take no place from others", async () => {
    const asked = "GET /docs HTTP/1.1\r\nHost: a\r\n\r\n".repeat(4)
    const readers = await Promise.all(Array.from({ length: count }, () => say(server.port, asked)))
    for (const socket of readers) socket.pause()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => record(server, [yes({ userId: `among ${n}` })])),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
  })
})
