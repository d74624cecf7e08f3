/**
 * An HTTP proxy before a server that fails on demand: each request is treated as the next entry of its script says, and
 * forwarded once the script is over. It keeps the requests that it received.
 */
import { createServer, type IncomingHttpHeaders, request as httpRequest, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** What is done to a request. */
export type Fault =
  | "pass"
  /** The connection is closed without an answer. */
  | "cut"
  /** The request is forwarded; only the first half of the answer's body is sent, then the connection is closed. */
  | "lose"
  /** Nothing is ever answered. */
  | "hang"
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }

/** A request as it was received. */
export interface Try {
  readonly at: number
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A running proxy. */
export interface Proxy {
  readonly url: string
  readonly tries: ReadonlyArray<Try>
  /** Sets the script for the next requests, and forgets those received so far. */
  readonly script: (...faults: ReadonlyArray<Fault>) => void
  readonly stop: () => Promise<void>
}

const passOn = (to: string, { body, headers, method, url }: Try, response: ServerResponse, isLost: boolean): void => {
  const { host: _, ...rest } = headers
  const outgoing = httpRequest(`${to}${url}`, { method, headers: rest }, (incoming) => {
    const chunks: Array<Buffer> = []
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
    incoming.once("end", () => {
      const whole = Buffer.concat(chunks)
      const { "transfer-encoding": _, ...headers } = incoming.headers
      response.writeHead(incoming.statusCode!, { ...headers, "content-length": whole.byteLength })
      if (!isLost) return response.end(whole)
      return response.write(whole.subarray(0, whole.byteLength >> 1), () => response.destroy())
    })
  })
  outgoing.once("error", () => response.destroy())
  outgoing.end(body)
}

const act = (fault: Fault, to: string, received: Try, response: ServerResponse): void => {
  if (fault === "cut") return void response.destroy()
  if (fault === "hang") return
  if (fault === "pass" || fault === "lose") return passOn(to, received, response, fault === "lose")
  const { body, headers, status } = fault
  response.writeHead(status, { "content-type": "application/problem+json", ...headers })
  response.end(body === undefined ? "" : JSON.stringify(body))
}

/** Starts a proxy before the server at `to`. */
export const startProxy = async (to: string): Promise<Proxy> => {
  const tries: Array<Try> = []
  let faults: ReadonlyArray<Fault> = []
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.once("end", () => {
      const { headers, method, url } = request
      const body = Buffer.concat(chunks).toString()
      tries.push({ at: performance.now(), method: method!, url: url!, headers, body })
      act(faults[tries.length - 1] ?? "pass", to, tries.at(-1)!, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tries,
    script: (...next) => {
      tries.length = 0
      faults = next
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
