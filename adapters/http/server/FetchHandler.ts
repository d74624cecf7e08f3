/**
 * Answers requests of the Fetch standard by a server that does not listen, so that the service can be mounted in
 * another one. Each request passes through a connection inside the process, hence through the same parser, limits,
 * routes and log as one from a network.
 */
import { Effect, type Scope } from "effect"
import { type IncomingMessage, request as sendRequest, type Server } from "node:http"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { ReadableStream as NodeStream } from "node:stream/web"
import * as ProblemBody from "../api/Problem.ts"
import * as Answer from "./Answer.ts"
import * as BrowserHeaders from "./BrowserHeaders.ts"
import * as Drain from "./Drain.ts"
import * as LocalConnection from "./LocalConnection.ts"

/** How a handler is mounted. */
export interface HandlerOptions {
  /** The path under which it is mounted, such as `/consent`, if the requests still have it. Default: none. */
  readonly basePath?: string | undefined
  /**
   * The address of the client of a request, for the notes of sessions and for the quota of an address. Default: not
   * known, so that sessions note `0.0.0.0` and no address has a quota.
   */
  readonly clientAddress?: ((request: Request) => string | undefined) | undefined
}

/**
 * Answers a request. Rejects only if the request was aborted, with the reason of its signal, or if its body cannot be
 * read.
 */
export type Handler = (request: Request) => Promise<Response>

/** The address of a client that is not known (RFC 1122, section 3.2.1.3). */
const unknownAddress = "0.0.0.0"

/** Headers of one connection (RFC 9110, section 7.6.1), and `Expect`, which the outer server has answered. */
const ofConnection = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
])

const outside = new Answer.HttpProblem({ status: 404, detail: "there is nothing at this path" })
const stopped = new Answer.HttpProblem({ status: 503, detail: "the service has stopped" })

const refuse = (problem: Answer.HttpProblem): Response => {
  const headers = { "content-type": ProblemBody.contentType, "cache-control": "no-store", ...BrowserHeaders.ofData }
  return new Response(Answer.write(problem).body, { status: problem.status, headers })
}

/** The path under which the service is mounted, without a slash at its end; empty without one. */
export const basePathOf = ({ basePath = "" }: HandlerOptions): string => basePath.replace(/\/+$/, "")

/** The path and query of a request under a base path; `undefined` if it is not there. */
const pathIn = (basePath: string, { pathname, search }: URL): string | undefined => {
  if (pathname === basePath) return `/${search}`
  return pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) + search : undefined
}

const headersOf = ({ body, headers }: Request, host: string): Record<string, string> => {
  const sent: Record<string, string> = { host }
  for (const [name, value] of headers) if (!ofConnection.has(name)) sent[name] = value
  if (body !== null && sent["content-length"] === undefined) sent["transfer-encoding"] = "chunked"
  return sent
}

/** Statuses whose answers have no body. */
const bodiless = new Set([204, 205, 304])

const answerOf = (answer: IncomingMessage, method: string, basePath: string): Response => {
  const headers = new Headers()
  const { rawHeaders } = answer
  const status = answer.statusCode!
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name, value] = [rawHeaders[at]!.toLowerCase(), rawHeaders[at + 1]!]
    if (ofConnection.has(name)) continue
    headers.append(name, name === "location" && value.startsWith("/") ? basePath + value : value)
  }
  const isEmpty = bodiless.has(status) || method === "HEAD"
  if (isEmpty) answer.resume()
  // Node and the DOM describe the same class by two types.
  const body = isEmpty ? null : (Readable.toWeb(answer) as unknown as ReadableStream<Uint8Array>)
  return new Response(body, { status, statusText: answer.statusMessage ?? "", headers })
}

/** Sends the body of a request. The server may answer and close before it has read all of it. */
const sendBody = (body: Request["body"], to: NodeJS.WritableStream, onError: (error: unknown) => void): void => {
  if (body === null) to.end()
  else pipeline(Readable.fromWeb(body as unknown as NodeStream), to).catch(onError)
}

/** Sends a request over a new connection to a server. */
const send = (server: Server, request: Request, path: string, host: string, address: string, basePath: string) =>
  new Promise<Response>((resolve, reject) => {
    const { body, method, signal } = request
    const connection = LocalConnection.make(address)
    server.emit("connection", connection.server)
    const headers = headersOf(request, host)
    const sent = sendRequest({ createConnection: () => connection.client, method, path, headers, setHost: false })
    const abort = () => {
      reject(signal.reason)
      connection.client.destroy()
    }
    const fail = (error: unknown) => {
      if (!isAnswered) sent.destroy()
      reject(signal.aborted ? signal.reason : error)
    }
    signal.addEventListener("abort", abort, { once: true })
    connection.client.once("close", () => signal.removeEventListener("abort", abort))
    sent.on("error", fail)
    let isAnswered = false
    sent.once("response", (answer) => {
      isAnswered = true
      resolve(answerOf(answer, method, basePath))
    })
    sendBody(body, sent, fail)
  })

/** The open connections of a server that does not listen. */
const connectionsOf = (server: Server) => {
  const open = new Set<object>()
  let onNone = () => {}
  server.on("connection", (socket: NodeJS.EventEmitter) => {
    open.add(socket)
    socket.once("close", () => {
      open.delete(socket)
      if (open.size === 0) onNone()
    })
  })
  return {
    /** Waits until all connections are closed. Those that are still open at the time limit are closed then. */
    drained: Effect.callback<void>((resume) => {
      const limit = setTimeout(() => server.closeAllConnections(), Drain.limitSeconds * 1000)
      onNone = () => {
        clearTimeout(limit)
        server.emit("close")
        resume(Effect.void)
      }
      if (open.size === 0) onNone()
    }),
  }
}

/** A handler over a server that does not listen. When the scope closes, requests that are open are answered first. */
export const make = (server: Server, options: HandlerOptions): Effect.Effect<Handler, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { clientAddress } = options
    const basePath = basePathOf(options)
    const connections = connectionsOf(server)
    let isStopped = false
    yield* Effect.addFinalizer(() => {
      isStopped = true
      return connections.drained
    })
    return async (request) => {
      request.signal.throwIfAborted()
      if (isStopped) return refuse(stopped)
      const url = new URL(request.url)
      const path = pathIn(basePath, url)
      if (path === undefined) return refuse(outside)
      const address = clientAddress?.(request) ?? unknownAddress
      return await send(server, request, path, url.host, address, basePath)
    }
  })
