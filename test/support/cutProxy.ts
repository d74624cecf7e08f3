/**
 * A TCP proxy in front of a server that cuts a conversation after a given byte: of what the client has sent, or of what the
 * server has answered. It carries one conversation for each call, and knows nothing of HTTP.
 */
import { connect, createServer, type AddressInfo, type Socket } from "node:net"

/** Where and how a conversation is cut. */
export interface Cut {
  /** After how many bytes of which direction; more than there are cut nothing. */
  readonly side: "request" | "answer"
  readonly bytes: number
  /**
   * `half`: both ends are told that nothing more is sent to them, and may finish what they say. `reset`: the connections
   * are gone at once, whatever is in them.
   */
  readonly how: "half" | "reset"
}

/** What came of a conversation. */
export interface Cutting {
  /** Everything the server has sent until the end of its connection, also what was not passed on. */
  readonly answered: string
  /** What the client has received. */
  readonly received: string
}

/** Passes on the first bytes of a direction; calls `over` once, as soon as they are passed on and there was any. */
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
