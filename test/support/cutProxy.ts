/**
 * A TCP proxy before a server that cuts a conversation after a given number of bytes of the client or of the server. It
 * carries one conversation for each call, and does not interpret HTTP.
 */
import { connect, createServer, type AddressInfo, type Socket } from "node:net"

/** Where and how a conversation is cut. */
export interface Cut {
  /**
   * The direction, and the number of its bytes after which the conversation is cut; a larger number than are sent cuts
   * nothing.
   */
  readonly side: "request" | "answer"
  readonly bytes: number
  /**
   * `half`: nothing more is sent to either end (FIN), but both may finish sending. `reset`: both connections are reset
   * at once, and bytes under way are lost.
   */
  readonly how: "half" | "reset"
}

/** The outcome of a conversation. */
export interface Cutting {
  /** Everything the server has sent until the end of its connection, including what was not forwarded. */
  readonly answered: string
  /** What the client has received. */
  readonly received: string
}

/**
 * Forwards the first bytes of a direction. Calls `over` once, as soon as they are forwarded and there was at least one.
 */
const passOn = (from: Socket, to: Socket, limit: number, over: () => void): void => {
  let passed = 0
  const check = (): void => {
    if (passed < limit) return
    limit = Infinity
    over()
  }
  from.on("data", (data: Buffer) => {
    if (limit === Infinity) return
    const part = data.subarray(0, limit - passed)
    passed += part.byteLength
    if (part.byteLength === 0) check()
    else to.write(part, () => check())
  })
}

/** Sends bytes to a server through a proxy of its own that cuts the conversation. */
export const converse = async (port: number, request: Buffer, { bytes, how, side }: Cut): Promise<Cutting> => {
  let answered = ""
  let received = ""
  const ended = Promise.withResolvers<void>()
  const proxy = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
    const cut = (): void => {
      if (how === "half") return void (far.end(), near.end())
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
    near.on("error", () => {})
    far.on("error", () => {})
    far.on("data", (data: Buffer) => (answered += data.toString("latin1")))
    far.once("close", () => {
      near.destroy()
      ended.resolve()
    })
    far.once("end", () => far.end())
    far.once("connect", () => {
      if (side === "request" && bytes === 0) return cut()
      passOn(near, far, side === "request" ? bytes : request.byteLength, side === "request" ? cut : () => {})
      passOn(far, near, side === "answer" ? bytes : Number.MAX_SAFE_INTEGER, cut)
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  const client = connect({ port: (proxy.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true })
  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()))
  client.on("error", () => {})
  client.on("data", (data: Buffer) => (received += data.toString("latin1")))
  client.once("end", () => client.end())
  client.write(request)
  await Promise.all([ended.promise, closed])
  await new Promise<void>((resolve) => proxy.close(() => resolve()))
  return { answered, received }
}
