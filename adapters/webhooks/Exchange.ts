/**
 * One request and its answer over one connection, as Effects that can be waited for and interrupted.
 */
import type { ClientRequest, IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import type { TLSSocket } from "node:tls"
import { Deferred, Effect, type Scope } from "effect"
import type { Failure } from "../../core/ports/Outbound.ts"
import { OtherAddress } from "./Connections.ts"

/** The receiver closed a connection that was kept from an earlier try, before it answered. A new one may do. */
export type Stale = "stale"

/** A request that is under way. */
export interface Exchange {
  /** Done when the connection is open, with TLS. */
  readonly connected: Effect.Effect<void, Failure | Stale>
  /** The status and headers of the answer. */
  readonly head: Effect.Effect<IncomingMessage, Failure | Stale>
  /** Reads on to the end of the answer's body and keeps nothing of it; stops after {@link mostRead} bytes. */
  readonly rest: Effect.Effect<void>
}

/** How many bytes of an answer's body are read. The connection of a longer one is closed. */
export const mostRead = 4_096

/** How far a connection has come. What it fails with then depends on it. */
type Stage = "connect" | "tls" | "reset"

/** Reports each stage that a socket reaches after the first: TLS, if it has it, and that it is ready. */
const follow = (socket: Socket, reach: (stage: Stage) => void): void => {
  const isTls = "secureConnecting" in socket
  const isShaking = (): boolean =>
    isTls && (socket as TLSSocket & { readonly secureConnecting: boolean }).secureConnecting
  if (socket.connecting) socket.once("connect", () => reach(isTls ? "tls" : "reset"))
  else reach(isShaking() ? "tls" : "reset")
  if (isShaking()) socket.once("secureConnect", () => reach("reset"))
}

/** Reads a body to its end, and closes its connection if it is too long. */
const drain = (answer: IncomingMessage): Effect.Effect<void> =>
  Effect.callback((resume) => {
    let read = 0
    answer.on("data", (chunk: Buffer) => {
      read += chunk.byteLength
      if (read > mostRead) answer.destroy()
    })
    answer.on("error", () => undefined)
    answer.once("close", () => resume(Effect.void))
  })

const start = (request: ClientRequest, body: string): Exchange => {
  const connected = Deferred.makeUnsafe<void, Failure | Stale>()
  const head = Deferred.makeUnsafe<IncomingMessage, Failure | Stale>()
  let stage: Stage = "connect"
  request.once("socket", (socket) =>
    follow(socket, (reached) => {
      stage = reached
      if (stage === "reset") Deferred.doneUnsafe(connected, Effect.void)
    }),
  )
  request.once("response", (answer) => {
    Deferred.doneUnsafe(head, Effect.succeed(answer))
  })
  request.on("error", (error) => {
    const failure = request.reusedSocket ? "stale" : error instanceof OtherAddress ? "refused_address" : stage
    Deferred.doneUnsafe(connected, Effect.fail(failure))
    Deferred.doneUnsafe(head, Effect.fail(failure))
  })
  request.end(body)
  return {
    connected: Deferred.await(connected),
    head: Deferred.await(head),
    rest: Effect.flatMap(Effect.orDie(Deferred.await(head)), drain),
  }
}

/** Sends a request. Its connection is closed with the scope, unless the answer was read to its end. */
export const make = (request: () => ClientRequest, body: string): Effect.Effect<Exchange, never, Scope.Scope> =>
  Effect.sync(request).pipe(
    // A request whose answer was read has given its connection back, and closes nothing.
    (sending) => Effect.acquireRelease(sending, (sent) => Effect.sync(() => sent.destroy())),
    Effect.map((sent) => start(sent, body)),
  )
