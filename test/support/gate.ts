/**
 * A TCP proxy as a gate before a server: open, slow, shut or stuck. It counts the connections that are asked for.
 */
import { connect, createServer, type AddressInfo, type Socket } from "node:net"

/**
 * `shut` resets every connection, and new ones too. `stuck` takes connections and passes nothing on, not even an end, as a machine does that hangs
 * or a network that loses everything; what was said meanwhile arrives when it opens. A number is the milliseconds by which all
 * that is said arrives later.
 */
export type State = "open" | "shut" | "stuck" | number

/** A running gate. */
export interface Gate {
  readonly port: number
  /** When each connection was asked for, in milliseconds as `performance.now()` counts them. */
  readonly asked: ReadonlyArray<number>
  readonly set: (state: State) => void
  /** The next connections, as many as it says, hear nothing any more from when a text is sent on them, and the text is lost. */
  readonly loseAt: (text: string, connections: number) => void
  /** How many connections were lost so. */
  readonly losses: () => number
  /** Leads new connections to another port; those that there are hear nothing any more, as when a machine is gone. */
  readonly lead: (port: number) => void
  readonly stop: () => Promise<void>
}

/** Starts one before a port. */
export const startGate = async (to: number): Promise<Gate> => {
  const asked: Array<number> = []
  const sockets = new Set<Socket>()
  const lost = new Set<Socket>()
  let state: State = "open"
  let target = to
  let losing: { readonly text: string; left: number } | undefined
  let losses = 0

  const lose = (socket: Socket): void => {
    lost.add(socket.pause())
    sockets.delete(socket)
  }

  const pass = (from: Socket, into: Socket): void => {
    from.on("data", (data: Buffer) => {
      if (losing !== undefined && losing.left > 0 && data.includes(losing.text)) {
        losing.left--
        losses++
        return [from, into].forEach(lose)
      }
      if (typeof state === "number") setTimeout(() => into.write(data), state)
      else into.write(data)
    })
  }
  const server = createServer((near) => {
    asked.push(performance.now())
    if (state === "shut") return void near.resetAndDestroy()
    const far = connect({ port: target, host: "127.0.0.1" })
    const both = [near, far]
    pass(near, far)
    pass(far, near)
    for (const socket of both) {
      sockets.add(socket)
      if (state === "stuck") socket.pause()
      socket.on("error", () => {})
      socket.once("close", () => {
        sockets.delete(socket)
        if (lost.has(socket) || (state === "stuck" && socket === far)) return
        // What is under way to the other side arrives first.
        for (const other of both) setTimeout(() => other.destroy(), typeof state === "number" ? state : 0)
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const drop = () => sockets.forEach((socket) => socket.resetAndDestroy())
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    set: (next) => {
      state = next
      if (state === "shut") drop()
      for (const socket of sockets)
        if (state === "stuck") socket.pause()
        else socket.resume()
    },
    lead: (port) => {
      target = port
      sockets.forEach(lose)
    },
    loseAt: (text, connections) => (losing = { text, left: connections }),
    losses: () => losses,
    stop: () => {
      drop()
      lost.forEach((socket) => socket.destroy())
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
