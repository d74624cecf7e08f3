/** A receiver of webhooks over real sockets, which answers, or fails, as a test wants. */
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http"
import { createServer as createHttps } from "node:https"
import type { AddressInfo, Socket } from "node:net"
import type { Certificate } from "./certificate.ts"

/** One request. */
export interface Received {
  readonly id: string
  readonly timestamp: string
  readonly signature: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly path: string
}

/**
 * What happens to a request: a status with headers; the connection ends without an answer; nothing happens; the head
 * never ends; the body never ends, with a byte now and then; the body has a million bytes.
 */
export type Behaviour =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | "reset"
  | "hang"
  | "endless head"
  | "endless body"
  | "huge body"

/** 204, as a receiver that takes a change answers. */
export const taken: Behaviour = { status: 204 }

/** The behaviours that end only when the sender closes the connection. */
const endless: ReadonlySet<Behaviour> = new Set(["hang", "endless head", "endless body"])

/** A running receiver. */
export interface Receiver {
  readonly url: string
  readonly port: number
  /** Every request that was read to its end, in order. */
  readonly received: ReadonlyArray<Received>
  /** How many connections were opened, how many are open, and how many of these wait for an answer that never ends. */
  readonly connections: () => { readonly opened: number; readonly open: number; readonly held: number }
  /** What happens to requests from now on. */
  readonly behave: (behaviour: (received: Received, n: number) => Behaviour | Promise<Behaviour>) => void
  /** Waits until a condition holds; it is asked after each request and each change of connections. */
  readonly until: (isTrue: () => boolean) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Where a receiver listens, and whether with TLS. */
export interface ReceiverOptions {
  readonly certificate?: Certificate
  readonly address?: string
  readonly port?: number
}

const answer = (behaviour: Behaviour, socket: Socket, response: ServerResponse): void => {
  if (typeof behaviour === "object") return void response.writeHead(behaviour.status, behaviour.headers).end()
  switch (behaviour) {
    case "reset":
      return void socket.destroy()
    case "hang":
      return undefined
    case "endless head":
      return void socket.write("HTTP/1.1 200 OK\r\nx-a: ")
    case "endless body": {
      response.writeHead(200).write("x")
      const drip = setInterval(() => response.write("x"), 20)
      return void response.once("close", () => clearInterval(drip))
    }
    case "huge body":
      return void response.writeHead(200).end("x".repeat(1_000_000))
  }
}

const read = async (request: IncomingMessage): Promise<Received> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk)
  const headers = request.headers as Record<string, string>
  return {
    id: headers["webhook-id"] ?? "",
    timestamp: headers["webhook-timestamp"] ?? "",
    signature: headers["webhook-signature"] ?? "",
    headers,
    body: Buffer.concat(chunks).toString(),
    path: request.url ?? "",
  }
}

/** Starts a receiver that takes everything. */
export const startReceiver = async (options: ReceiverOptions = {}): Promise<Receiver> => {
  const { address = "127.0.0.1", certificate, port = 0 } = options
  const received: Array<Received> = []
  const sockets = new Set<Socket>()
  const waiting = new Set<() => void>()
  let opened = 0
  let held = 0
  let behaviour: (received: Received, n: number) => Behaviour | Promise<Behaviour> = () => taken
  const changed = () => waiting.forEach((check) => check())

  const server = certificate === undefined ? createHttp() : createHttps({ ...certificate })
  server.keepAliveTimeout = 0
  server.on("request", async (request, response) => {
    const one = await read(request).catch(() => undefined)
    if (one === undefined) return
    received.push(one)
    changed()
    const next = await behaviour(one, received.length - 1)
    changed()
    if (endless.has(next)) {
      held += 1
      request.socket.once("close", () => (held -= 1))
    }
    answer(next, request.socket, response)
  })
  server.on("connection", (socket: Socket) => {
    opened += 1
    sockets.add(socket)
    socket.on("error", () => undefined)
    socket.once("close", () => {
      sockets.delete(socket)
      changed()
    })
    changed()
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, address, resolve)
  })
  const { port: own } = server.address() as AddressInfo
  return {
    url: `${certificate === undefined ? "http" : "https"}://${address}:${own}`,
    port: own,
    received,
    connections: () => ({ opened, open: sockets.size, held }),
    behave: (given) => {
      behaviour = given
    },
    until: (isTrue) =>
      new Promise((resolve) => {
        const check = () => {
          if (!isTrue()) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
