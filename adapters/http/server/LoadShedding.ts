/**
 * Decides which requests are accepted under load. Any other request is answered 503 at once, before any handler sees
 * it.
 *
 * A request counts towards the {@link ConcurrencyLimit} while the service works on it, not while its body arrives, its
 * answer is read, or it waits for something else than its own work: a slow client occupies no place there, and neither
 * does a request that waits. All open requests have a limit of their own, and so have connections. Health probes are
 * always answered. {@link RefusedConnections} reads the connections of refused requests.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as ProblemBody from "../api/Problem.ts"
import * as Answer from "./Answer.ts"
import * as BrowserHeaders from "./BrowserHeaders.ts"
import * as ConcurrencyLimit from "./ConcurrencyLimit.ts"
import type { Gate } from "./NodeServer.ts"
import * as RefusedConnections from "./RefusedConnections.ts"
import * as RouteTable from "./RouteTable.ts"
import * as Slot from "./Slot.ts"

/** The highest number of open requests: arriving, worked on, or with an answer that is being read. */
export const openMax = 2048

/** The highest number of connections; Node closes a further one at once. */
export const connectionsMax = 16_384

const overloaded = new Answer.HttpProblem({
  status: 503,
  detail: "there is more to do than can be done at once; nothing was done; try again",
  headers: { "retry-after": "1" },
})

/** As a flat list, which Node writes without converting it. */
const fields = Object.entries({
  "content-type": ProblemBody.contentType,
  "cache-control": "no-store",
  ...overloaded.headers,
  ...BrowserHeaders.ofData,
}).flat()

/** Writes the answer to Node directly, because a refusal must cost far less than an answer. */
const refuse = (response: ServerResponse): void => {
  const { body } = Answer.write(overloaded)
  response.writeHead(overloaded.status, [...fields, "content-length", String(body.length)]).end(body)
}

/** The place of an accepted request among those that are worked on. */
interface Place {
  /** Called when the request gives the place up. */
  readonly leave: () => void
  /** Called when it takes the place again, even if no place is free, because it was accepted. */
  readonly enter: () => void
}

const places = Slot.make<Place>("place")

/**
 * Gives up the place of a request, by its source, while it waits. Returns the function that takes it again, of which
 * only the first call counts.
 */
export const giveUp = (source: object): (() => void) => {
  const place = places.get(source)
  place?.leave()
  let isAway = place !== undefined
  return () => {
    if (isAway) place!.enter()
    isAway = false
  }
}

/** The gate of a server, with its own counts. */
export const make = (): Gate => {
  const limit = ConcurrencyLimit.make()
  const working = new Set<ServerResponse>()
  /** Requests that have given up their place. */
  const waiting = new Set<ServerResponse>()
  let open = 0

  /** Removes requests that wait for their client; one is added again once the rest of its body has arrived. */
  const removeWaiting = (): void => {
    for (const response of working) {
      if (response.writableEnded) working.delete(response)
      else if (!response.req.complete) {
        working.delete(response)
        response.req.once("end", () => response.closed || waiting.has(response) || working.add(response))
      }
    }
  }

  const isFull = (now: number): boolean => {
    const max = limit.max(now)
    if (working.size >= max) removeWaiting()
    return working.size >= max || open >= openMax
  }

  /** Counts an accepted request until its connection is done with it. */
  const count = (request: IncomingMessage, response: ServerResponse): void => {
    const wasAlone = working.size < 1
    let hasWaited = false
    let since = performance.now()
    // The time a client takes to send its body says nothing about the service.
    if (request.method !== "GET") request.once("end", () => (since = performance.now()))
    working.add(response)
    open++
    places.set(request, {
      leave: () => {
        hasWaited = true
        waiting.add(response)
        working.delete(response)
      },
      enter: () => {
        waiting.delete(response)
        if (!response.closed) working.add(response)
      },
    })
    response.once("finish", () => {
      const now = performance.now()
      if (response.statusCode < 300 && !hasWaited) limit.answered(now, now - since, wasAlone && working.size === 1)
    })
    response.once("close", () => {
      working.delete(response)
      waiting.delete(response)
      open--
    })
  }

  const free = (): number => (open >= openMax ? 0 : limit.max(performance.now()) - working.size)
  const refused = RefusedConnections.make(free)

  return {
    accepts: (request, response) => {
      if (RouteTable.isProbe(request.url ?? "")) return true
      const now = performance.now()
      if (refused.hasWaited(request.socket) || isFull(now)) {
        limit.refused(now)
        return false
      }
      count(request, response)
      return true
    },
    refuse: (request, response) => {
      refuse(response)
      refused.add(request.socket)
    },
  }
}
