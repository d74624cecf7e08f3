/**
 * Stopping without losing a request: what has been accepted is answered, and connections end with their answer.
 *
 * Connections still open when the time is over are cut, so that a client that never finishes cannot keep the process.
 */
import { Effect } from "effect"
import type { Server } from "node:http"

/** How long requests under way are given, in seconds. */
export const limitSeconds = 8

/** Registers on the scope that the server drains when it closes. Register after the server is started. */
export const register = (server: Server) => {
  let isDraining = false
  server.prependListener("request", (_request, response) => {
    if (isDraining) response.shouldKeepAlive = false
  })
  return Effect.addFinalizer(() =>
    Effect.sync(() => {
      isDraining = true
      setTimeout(() => server.closeAllConnections(), limitSeconds * 1000).unref()
    }),
  )
}
