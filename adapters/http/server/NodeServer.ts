/**
 * A Node server that passes each request through a gate, then through listeners in the order of their list.
 *
 * Node calls every listener of an event, and none can keep a request from the others. So the gate decides before the
 * event is emitted: a refused request is emitted as `refused` in place of `request`, and no handler sees it.
 */
import { type IncomingMessage, Server, type ServerOptions, type ServerResponse } from "node:http"
import type { Socket } from "node:net"

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void

/** Decides which requests are accepted. */
export interface Gate {
  readonly accepts: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Answers a request that was not accepted, after the listeners of `refused`. */
  readonly refuse: RequestListener
}

/** The listeners that one part of the service has for the events of a server. */
export interface Listeners {
  readonly connection?: (socket: Socket) => void
  /** For each accepted request: once its head has arrived, with or without `Expect: 100-continue`. */
  readonly request?: RequestListener
  /** For each request that the gate does not accept. */
  readonly refused?: RequestListener
  /** For a request that expects anything but `100-continue`. */
  readonly unknownExpectation?: RequestListener
  /** For bytes that are not a valid request, and for requests that arrive too late. */
  readonly clientError?: (error: NodeJS.ErrnoException, socket: Socket) => void
}

/** The events of Node that each listener is registered for. */
const events: Readonly<Record<keyof Listeners, ReadonlyArray<string>>> = {
  connection: ["connection"],
  request: ["request", "checkContinue"],
  refused: ["refused"],
  unknownExpectation: ["checkExpectation"],
  clientError: ["clientError"],
}

class GatedServer extends Server {
  readonly #gate: Gate

  constructor(options: ServerOptions, gate: Gate) {
    super(options)
    this.#gate = gate
  }

  override emit(event: string, ...values: Array<unknown>): boolean {
    if (event !== "request" && event !== "checkContinue") return super.emit(event, ...values)
    const [request, response] = values as [IncomingMessage, ServerResponse]
    if (this.#gate.accepts(request, response)) return super.emit(event, request, response)
    super.emit("refused", request, response)
    this.#gate.refuse(request, response)
    return true
  }
}

/** A server that does not listen yet. */
export const make = (options: ServerOptions, gate: Gate): Server => new GatedServer(options, gate)

/** Registers listeners, which run in the order of the list. */
export const register = (server: Server, list: ReadonlyArray<Listeners>): void => {
  for (const listeners of list) {
    for (const name of Object.keys(events) as Array<keyof Listeners>) {
      const listener = listeners[name]
      if (listener !== undefined) for (const event of events[name]) server.on(event, listener)
    }
  }
}
