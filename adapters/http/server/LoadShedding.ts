/**
 * Who is let in, and what is answered to one too many: 503, at once, and before anybody else sees the request.
 *
 * A request is in the {@link ConcurrencyLimit} while it is worked on, not while its body comes or its answer is read: a slow client takes
 * nobody's place there. All that are open in any way have a limit of their own, and so have imports and connections.
 * Probes are always answered. Connections that were refused are read in {@link RefusedConnections}.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import * as ProblemBody from "../api/Problem.ts"
import * as Answer from "./Answer.ts"
import * as BrowserHeaders from "./BrowserHeaders.ts"
import * as Deadline from "./Deadline.ts"
import * as ConcurrencyLimit from "./ConcurrencyLimit.ts"
import * as RefusedConnections from "./RefusedConnections.ts"

/** The most requests that are open: coming, worked on, or being read. */
export const openMax = 2048

/** The most imports at a time, each of which may take as long as it wants. */
export const importsMax = 4

/** The most connections; one more is closed at once. */
const connectionsMax = 16_384

/** What is asked to learn whether the service lives. */
const isProbe = /^\/(livez|readyz|site-v1\/[^/?]+\/health-check)(\?|$)/

const tooMany = new Answer.HttpProblem({
  status: 503,
  detail: "there is more to do than can be done at once; nothing was done; try again",
  headers: { "retry-after": "1" },
})

/** As a list, which Node writes as it is. */
const fields = Object.entries({
  "content-type": ProblemBody.contentType,
  "cache-control": "no-store",
  ...tooMany.headers,
  ...BrowserHeaders.ofData,
}).flat()

/** Answers without asking anybody: what is refused must cost far less than what is answered. */
const refuse = (response: ServerResponse): void => {
  const { body } = Answer.write(tooMany)
  response.writeHead(tooMany.status, [...fields, "content-length", String(body.length)]).end(body)
}

/** Decides on every request. A refused one is emitted as `refused`. */
export const register = (server: Server): void => {
  const line = ConcurrencyLimit.make()
  const working = new Set<ServerResponse>()
  let open = 0
  let imports = 0

  /** Takes out of the line who waits for a client; one whose body has come is worked on again. */
  const sweep = (): void => {
    for (const response of working) {
      if (response.writableEnded) working.delete(response)
      else if (!response.req.complete) {
        working.delete(response)
        response.req.once("end", () => response.closed || working.add(response))
      }
    }
  }

  const isFull = (now: number): boolean => {
    const max = line.max(now)
    if (working.size >= max) sweep()
    return working.size >= max || open >= openMax
  }

  const enter = (request: IncomingMessage, response: ServerResponse, isImport: boolean): void => {
    const wasAlone = working.size < 1
    let since = performance.now()
    // What a client takes to send its body says nothing of the service.
    if (request.method !== "GET") request.once("end", () => (since = performance.now()))
    working.add(response)
    open++
    if (isImport) imports++
    response.once("finish", () => {
      const now = performance.now()
      if (response.statusCode < 300 && !isImport) line.answered(now, now - since, wasAlone && working.size === 1)
    })
    response.once("close", () => {
      working.delete(response)
      open--
      if (isImport) imports--
    })
  }

  const turns = RefusedConnections.make(() => (open >= openMax ? 0 : line.max(performance.now()) - working.size))

  const admits = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (isProbe.test(request.url ?? "")) return true
    const isImport = Deadline.isEndless(request)
    if (isImport && imports >= importsMax) return false
    const now = performance.now()
    if (turns.hasWaited(request.socket) || isFull(now)) {
      line.refused(now)
      return false
    }
    enter(request, response, isImport)
    return true
  }

  const emit = server.emit.bind(server) as (event: string, ...about: ReadonlyArray<unknown>) => boolean
  server.emit = (event: string, ...about: ReadonlyArray<unknown>): boolean => {
    if (event !== "request" && event !== "checkContinue") return emit(event, ...about)
    const [request, response] = about as [IncomingMessage, ServerResponse]
    if (admits(request, response)) return emit(event, request, response)
    emit("refused", request, response)
    refuse(response)
    turns.refused(request.socket)
    return true
  }
  server.maxConnections = connectionsMax
}
