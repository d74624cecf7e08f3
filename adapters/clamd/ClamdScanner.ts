/**
 * The scanner of files of ClamAV: its daemon `clamd`, asked by the command `INSTREAM` (clamd(8)) over TCP, one
 * connection for each file. The connection is not encrypted, so the daemon belongs on the same machine or network.
 *
 * A file is clean only where the daemon says `OK` of all of its bytes. Whatever else happens, nothing is known of it.
 */
import { connect, type Socket } from "node:net"
import { Effect, Layer } from "effect"
import { FileScanner, type FileScan, ScannerUnavailable, type FileVerdict } from "../../core/ports/FileScanner.ts"

/** Where the daemon listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Parses `host:port` or `[IPv6]:port`; returns `undefined` for any other text, and for ports beyond 1 to 65535. */
export const parse = (text: string): Address | undefined => {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text)
  const [, ipv6, name, digits] = found ?? []
  const port = Number(digits)
  return found !== null && port >= 1 && port <= 65_535 ? { host: (ipv6 ?? name)!, port } : undefined
}

/** How long the daemon may take for a connection, for a part, and for the verdict, in milliseconds. */
const idleMillis = 30_000

/** The longest answer that is read: the name of a virus is in it. */
const maxAnswer = 4096

const command = Buffer.from("zINSTREAM\0")
const end = Buffer.alloc(4)

/** What the daemon says, without the name of the virus. */
const verdictOf = (answer: string): FileVerdict | undefined =>
  answer === "stream: OK\0" ? "clean" : /^stream: .+ FOUND\0$/.test(answer) ? "infected" : undefined

const away = (reason: string) => new ScannerUnavailable({ reason })

/** Runs until `done` is called, or the connection ends. `run` returns how to stop listening. */
const onSocket = <A>(
  socket: Socket,
  run: (done: (value: A) => void) => () => void,
): Effect.Effect<A, ScannerUnavailable> =>
  Effect.callback<A, ScannerUnavailable>((resume) => {
    let stop = (): void => {}
    let isDone = false
    const finish = (outcome: Effect.Effect<A, ScannerUnavailable>) => {
      if (isDone) return
      isDone = true
      socket.off("close", lost).off("timeout", late)
      stop()
      resume(outcome)
    }
    const lost = () => finish(Effect.fail(away("the connection to clamd was lost")))
    const late = () => finish(Effect.fail(away("clamd took too long")))
    socket.once("close", lost).once("timeout", late)
    stop = run((value) => finish(Effect.succeed(value)))
    if (isDone) stop()
    else if (socket.destroyed) lost()
    return Effect.sync(stop)
  })

const nothing = (): void => {}

const opened = ({ host, port }: Address, idleMillis: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const socket = connect({ host, port }).setTimeout(idleMillis)
      // The end of a connection is heard as `close`; an error without a listener would end the process.
      return socket.on("error", nothing)
    }),
    (socket) => Effect.sync(() => socket.destroy()),
  )

/** Writes bytes, and waits until they have left. */
const written = (socket: Socket, parts: ReadonlyArray<Uint8Array>) =>
  onSocket<void>(socket, (done) => {
    for (const part of parts.slice(0, -1)) socket.write(part)
    socket.write(parts.at(-1)!, (error) => error ?? done())
    return nothing
  })

/** The answer of the daemon: all it says until it ends the connection. */
const answered = (socket: Socket, said: { text: string }): Effect.Effect<string, ScannerUnavailable> =>
  onSocket<string>(socket, (done) => {
    const check = () => said.text.endsWith("\0") && done(said.text)
    socket.on("data", check)
    check()
    return () => socket.off("data", check)
  })

const lengthOf = (bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return length
}

const begin = (address: Address, idleMillis: number) =>
  Effect.gen(function* () {
    const socket = yield* opened(address, idleMillis)
    const said = { text: "" }
    socket.setEncoding("latin1").on("data", (data) => {
      said.text += String(data)
      if (said.text.length > maxAnswer) socket.destroy()
    })
    yield* onSocket<void>(socket, (done) => {
      const connected = () => done()
      socket.once("connect", connected)
      return () => socket.off("connect", connected)
    })
    yield* written(socket, [command])
    const scan: FileScan = {
      // A part without bytes would be the end.
      write: (bytes) => (bytes.length === 0 ? Effect.void : written(socket, [lengthOf(bytes), bytes])),
      verdict: Effect.gen(function* () {
        yield* written(socket, [end])
        const verdict = verdictOf(yield* answered(socket, said))
        return verdict ?? (yield* away("clamd gave no verdict: is its StreamMaxLength at least 10M?"))
      }),
    }
    return scan
  })

/** The scanner at an address. `idle`: see {@link idleMillis}. */
export const layer = (address: Address, idle = idleMillis): Layer.Layer<FileScanner> =>
  Layer.succeed(FileScanner, { begin: begin(address, idle) })
