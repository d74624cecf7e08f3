/** A server that speaks `INSTREAM` of clamd, and finds the string that every scanner must find (EICAR). */
import { createServer, type AddressInfo, type Socket } from "node:net"

/** The test string of EICAR, in two parts so that no scanner takes this file for infected. */
export const eicar = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join("")

/** What it does instead of its work: ends at once, ends after some bytes, says nothing, or says this. */
export type Mode = "works" | "closes" | "closes after a part" | "is silent" | { readonly says: ReadonlyArray<string> }

/** A running server. */
export interface Clamd {
  readonly address: { readonly host: string; readonly port: number }
  readonly setMode: (mode: Mode) => void
  /** What was scanned as a whole, in order. */
  readonly scanned: ReadonlyArray<Buffer>
  readonly stop: () => Promise<void>
}

const command = "zINSTREAM\0"

/** The bytes of the parts that a conversation holds, and whether the last one is there. */
const partsOf = (received: Buffer): { readonly bytes: Buffer; readonly isWhole: boolean } => {
  const parts: Array<Buffer> = []
  let at = command.length
  while (at + 4 <= received.length) {
    const length = received.readUInt32BE(at)
    if (length === 0) return { bytes: Buffer.concat(parts), isWhole: true }
    parts.push(received.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return { bytes: Buffer.concat(parts), isWhole: false }
}

/** Starts a server. */
export const startClamd = async (): Promise<Clamd> => {
  let mode: Mode = "works"
  const scanned: Array<Buffer> = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {}).once("close", () => sockets.delete(socket))
    if (mode === "closes") return socket.destroy()
    const received: Array<Buffer> = []
    let length = 0
    let tail = Buffer.alloc(0)
    socket.on("data", (data) => {
      received.push(data)
      length += data.length
      tail = Buffer.concat([tail, data]).subarray(-4)
      if (mode === "is silent") return
      if (mode === "closes after a part" && length > command.length) return socket.destroy()
      // The end is four bytes of zero; reading all of it for each piece would take too long.
      if (tail.some((byte) => byte !== 0)) return
      const { bytes, isWhole } = partsOf(Buffer.concat(received))
      if (!isWhole) return
      scanned.push(bytes)
      const says =
        typeof mode === "object"
          ? mode.says
          : [bytes.includes(eicar) ? "stream: Eicar-Test-Signature FOUND\0" : "stream: OK\0"]
      for (const each of says) socket.write(each)
      return socket.end()
    })
    return
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    address: { host: "127.0.0.1", port: (server.address() as AddressInfo).port },
    setMode: (next) => void (mode = next),
    scanned,
    stop: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
