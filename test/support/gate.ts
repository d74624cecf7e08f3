/**
 * A TCP proxy as a gate before a server: open, slow, shut or stuck. It counts the connections that are opened.
 */
import { connect, createServer, type AddressInfo, type Socket } from "node:net"

/**
 * `shut` resets every connection, and new ones too. `stuck` accepts connections and forwards nothing, not even an end,
 * like a machine that hangs or a network that loses everything; the bytes received meanwhile are forwarded when it
 * opens. A number is a delay of all bytes, in milliseconds.
 */
export type State = "open" | "shut" | "stuck" | number

/** A running gate. */
export interface Gate {
  readonly port: number
  /** When each connection was opened, in milliseconds as `performance.now()` counts them. */
  readonly asked: ReadonlyArray<number>
  readonly set: (state: State) => void
  /** The given number of next connections receive nothing more once a text is sent on them, and the text is lost. */
  readonly loseAt: (text: string, connections: number) => void
  /** The number of connections that were lost that way. */
  readonly losses: () => number
  /** Leads new connections to another port; the existing ones receive nothing more, as when a machine is gone. */
  readonly lead: (port: number) => void
  readonly stop: () => Promise<void>
}

/** Starts a gate before a port. */
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
        // Bytes that are delayed on their way to the other side arrive first.
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
