/**
 * Stopping without losing a request: accepted requests are answered, and connections are closed after their answer.
 *
 * Connections that are still open after the time limit are destroyed, so that a client that never finishes cannot keep
 * the process alive.
 */
import { Context, Deferred, Effect, type Scope } from "effect"
import type { Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { Listeners } from "./NodeServer.ts"

/** Whether the server stops. A request that waits for something else than its own work is answered then. */
export interface Draining {
  readonly hasBegun: () => boolean
  readonly begun: Effect.Effect<void>
}

/** The draining of the server; of a program that has none, never. */
export const Draining = Context.Reference<Draining>("assent/http/Draining", {
  defaultValue: () => ({ hasBegun: () => false, begun: Effect.never }),
})

/** Tracks the connections of a server, and drains them. */
export interface Drain {
  readonly listeners: Listeners
  readonly draining: Draining
  /** Ends the waits of requests when the scope closes. */
  readonly endWaits: Effect.Effect<void, never, Scope.Scope>
  /**
   * Drains the server when the scope closes. Add it to the scope after the server is started, because finalizers run in
   * reverse order and this one must run before the server is closed.
   */
  readonly onClose: Effect.Effect<void, never, Scope.Scope>
}

/** The time that open requests get to finish, in seconds. */
export const limitSeconds = 8

/** The time for a connection that has not sent the whole head of a request, in seconds. */
const silenceSeconds = 1

/** Tracks a server that does not listen yet. */
export const make = (server: Server): Drain => {
  let isDraining = false
  const openResponses = new Set<ServerResponse>()
  const silent = new Set<Socket>()
  const begun = Deferred.makeUnsafe<void>()
  let isOver = false
  const endWaits = (): void => {
    isOver = true
    Deferred.doneUnsafe(begun, Effect.void)
  }

  const destroyAfter = (seconds: number, destroy: () => void) => setTimeout(destroy, seconds * 1000).unref()

  return {
    listeners: {
      connection: (socket) => {
        silent.add(socket)
        socket.once("close", () => silent.delete(socket))
      },
      request: (request, response) => {
        silent.delete(request.socket)
        if (isDraining) response.shouldKeepAlive = false
        openResponses.add(response)
        response.once("close", () => openResponses.delete(response))
      },
    },
    draining: { hasBegun: () => isOver, begun: Deferred.await(begun) },
    endWaits: Effect.addFinalizer(() => Effect.sync(endWaits)),
    onClose: Effect.addFinalizer(() =>
      Effect.sync(() => {
        isDraining = true
        endWaits()
        for (const response of openResponses) response.shouldKeepAlive = false
        destroyAfter(silenceSeconds, () => silent.forEach((socket) => socket.destroy()))
        destroyAfter(limitSeconds, () => server.closeAllConnections())
      }),
    ),
  }
}
