/**
 * A TCP proxy that resets each connection after a random number of bytes in a random direction, and refuses new ones
 * while it is closed: an unreliable network.
 */
import { connect, createServer, type AddressInfo, type Socket } from "node:net"

/** A running proxy. */
export interface LossyProxy {
  readonly port: number
  /** The number of connections that it has cut. */
  readonly cuts: () => number
  /** While it is shut, every connection is reset, and new ones too. */
  readonly shut: (isShut: boolean) => void
  readonly stop: () => Promise<void>
}

/**
 * Starts a proxy before a port. A connection lasts for at most `maxBytes` of one direction. `random` returns numbers of
 * [0, 1).
 */
export const startLossyProxy = async (to: number, maxBytes: number, random: () => number): Promise<LossyProxy> => {
  let cuts = 0
  let isShut = false
  const open = new Set<Socket>()
  const server = createServer((near) => {
    if (isShut) return void near.resetAndDestroy()
    const far = connect({ port: to, host: "127.0.0.1" })
    const sockets = [near, far]
    const cut = (): void => {
      cuts++
      for (const socket of sockets) socket.resetAndDestroy()
    }
    const pass = (from: Socket, into: Socket): void => {
      let left = 500 + random() * maxBytes
      from.on("data", (data: Buffer) => {
        left -= data.byteLength
        // Bytes that arrive with the last ones may be forwarded or lost.
        if (left > 0 || random() < 0.5) into.write(data)
        if (left <= 0) setImmediate(cut)
      })
    }
    pass(near, far)
    pass(far, near)
    for (const socket of sockets) {
      open.add(socket)
      socket.on("error", () => {})
      socket.once("close", () => {
        open.delete(socket)
        for (const other of sockets) other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const drop = () => open.forEach((socket) => socket.resetAndDestroy())
  return {
    port: (server.address() as AddressInfo).port,
    cuts: () => cuts,
    shut: (value) => {
      isShut = value
      if (value) drop()
    },
    stop: () => {
      drop()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
