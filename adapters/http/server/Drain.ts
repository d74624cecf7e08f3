/**
 * Stopping without losing a request: what has been accepted is answered, and connections end with their answer.
 *
 * Connections still open when the time is over are cut, so that a client that never finishes cannot keep the process.
 */
import { Effect } from "effect"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"

/** How long requests under way are given, in seconds. */
export const limitSeconds = 8

/** How long a connection that has not sent a whole request's head yet is given, in seconds. */
const silenceSeconds = 1

/** Registers on the scope that the server drains when it closes. Register after the server is started. */
export const register = (server: Server) => {
  let isDraining = false
  const answering = new Set<ServerResponse>()
  const silent = new Set<Socket>()

  server.on("connection", (socket) => {
    silent.add(socket)
    socket.once("close", () => silent.delete(socket))
  })
  const begin = (request: IncomingMessage, response: ServerResponse): void => {
    silent.delete(request.socket)
    if (isDraining) response.shouldKeepAlive = false
    answering.add(response)
    response.once("close", () => answering.delete(response))
  }
  for (const event of ["request", "checkContinue"]) server.prependListener(event, begin)

  const after = (seconds: number, cut: () => void) => setTimeout(cut, seconds * 1000).unref()

  return Effect.addFinalizer(() =>
    Effect.sync(() => {
      isDraining = true
      for (const response of answering) response.shouldKeepAlive = false
      after(silenceSeconds, () => silent.forEach((socket) => socket.destroy()))
      after(limitSeconds, () => server.closeAllConnections())
    }),
  )
}
