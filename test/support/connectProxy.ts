/** A proxy that opens tunnels by CONNECT, each to the same port of this machine. */
import { createServer } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"

/** A running proxy. */
export interface ConnectProxy {
  readonly port: number
  /** The first line of each request, and the credentials with it. */
  readonly asked: ReadonlyArray<{ readonly line: string; readonly credentials: string | undefined }>
  readonly stop: () => Promise<void>
}

/** Starts a proxy; without a port it opens no tunnel. */
export const startProxy = async (to: number | undefined): Promise<ConnectProxy> => {
  const asked: Array<ConnectProxy["asked"][number]> = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on("error", () => undefined)
    socket.once("close", () => sockets.delete(socket))
  }
  const server = createServer()
  server.on("connection", keep)
  server.on("connect", ({ headers, httpVersion, method, url }, socket: Socket) => {
    asked.push({ line: `${method} ${url} HTTP/${httpVersion}`, credentials: headers["proxy-authorization"] })
    if (to === undefined) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n")
    const there = connect(to, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
      there.pipe(socket).pipe(there)
    })
    return keep(there)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
