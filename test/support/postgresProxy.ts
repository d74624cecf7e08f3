/**
 * A proxy for PostgreSQL's protocol (version 3), between the store and a real server. It sees each statement before the
 * server does. It can make the server fail the statement, end the server's process of the connection, or cut the
 * connection before the statement, after it, or in the middle of its result. It can also drop settings of the
 * connection, as poolers do.
 *
 * It forwards one statement at a time: all messages of the client up to `Sync`, and of the server up to
 * `ReadyForQuery`.
 */
import { connect, createServer, type AddressInfo, type Socket } from "node:net"

/** A fault of a statement. */
export type Fault =
  /** The server raises an error with this code instead of running the statement. A `COMMIT` rolls back. */
  | { readonly raise: string }
  /** An administrator ends the server's process (57P01): before the statement reaches it, or while it runs. */
  | "terminate-before"
  | "terminate-during"
  /** The connection is reset: before the statement is forwarded, after it ran, or after a part of its result. */
  | "cut-before"
  | "cut-after"
  | "cut-answer"

/** The settings of a proxy. */
export interface Options {
  /** The server's port. */
  readonly to: number
  /** Called with each statement, in order; returns its fault. */
  readonly fault?: (statement: string) => Fault | undefined
  /** A statement that makes the server raise an error with a code. */
  readonly raising?: (code: string) => string
  /** Settings of the startup message that are not forwarded. */
  readonly drop?: ReadonlyArray<string>
  /** Ends a process of the server. */
  readonly terminate?: (processId: number) => Promise<void>
}

/** A running proxy. */
export interface PostgresProxy {
  readonly port: number
  /** How often each fault was done, by its name or code; for a `COMMIT`, prefixed with `COMMIT`. */
  readonly done: () => ReadonlyMap<string, number>
  readonly stop: () => Promise<void>
}

/** A message, with its type and length. */
interface Message {
  readonly type: string
  readonly bytes: Buffer
}

const message = (type: string, ...parts: ReadonlyArray<Buffer | string>): Buffer => {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)))
  const head = Buffer.alloc(5)
  head.write(type, "latin1")
  head.writeInt32BE(body.byteLength + 4, 1)
  return Buffer.concat([head, body])
}

const simpleQuery = (statement: string): Buffer => message("Q", statement, "\0")

/** The zero-terminated strings of a message, from an offset. */
const stringsOf = ({ bytes }: Message, from: number, count: number): ReadonlyArray<string> => {
  const strings: Array<string> = []
  for (let at = from; strings.length < count;) {
    const end = bytes.indexOf(0, at)
    strings.push(bytes.toString("utf8", at, end))
    at = end + 1
  }
  return strings
}

/** Splits a stream into messages. The startup messages of a client have no type. */
const splitter = (each: (message: Message) => void, hasStartup: boolean) => {
  let rest = Buffer.alloc(0)
  let isStarting = hasStartup
  return (data: Buffer): void => {
    rest = Buffer.concat([rest, data])
    for (;;) {
      const head = isStarting ? 0 : 1
      if (rest.byteLength < head + 4) return
      const length = head + rest.readInt32BE(head)
      if (rest.byteLength < length) return
      const bytes = rest.subarray(0, length)
      rest = rest.subarray(length)
      const type = isStarting ? "" : bytes.toString("latin1", 0, 1)
      // A request for TLS, which is refused, precedes the startup message.
      if (isStarting && bytes.readInt32BE(4) === 196_608) isStarting = false
      each({ type, bytes })
    }
  }
}

/** The startup message without some of its settings. */
const startupWithout = ({ bytes }: Message, drop: ReadonlyArray<string>): Buffer => {
  const settings = bytes.toString("utf8", 8, bytes.byteLength - 2).split("\0")
  const kept = settings.flatMap((name, index) =>
    index % 2 === 0 && !drop.includes(name) ? [`${name}\0${settings[index + 1]}\0`] : [],
  )
  const body = Buffer.from(`${kept.join("")}\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(body.byteLength + 8, 0)
  head.writeInt32BE(196_608, 4)
  return Buffer.concat([head, body])
}

/** Forwards the messages of one connection in both directions. */
const forward = (near: Socket, far: Socket, options: Options, count: (name: string) => void): void => {
  const prepared = new Map<string, string>()
  let processId = 0
  /** The statement of the messages that the client sends now, and the one that the server answers now. */
  let sent = ""
  let statement = ""
  let cycle: Array<Message> = []
  /**
   * The statements that wait for the answer of the one before them, because a client sends the next one early and a
   * fault must not take the messages of another statement.
   */
  const waiting: Array<{ readonly statement: string; readonly whole: Buffer; readonly fault: Fault | undefined }> = []
  let isAnswering = false

  /** Forwards the next statement, or does its fault. */
  const startNext = (): void => {
    const next = waiting.shift()
    isAnswering = next !== undefined
    if (next === undefined) return
    statement = next.statement
    doFault(next.fault, next.whole)
  }
  const toClient = ({ bytes, type }: Message): void => {
    near.write(bytes)
    if (type === "Z") startNext()
  }
  /** Handles a message of the server. */
  let onServerMessage = toClient
  const cut = (): void => {
    near.resetAndDestroy()
    far.resetAndDestroy()
  }

  /** Sends a statement of the proxy itself; calls `then` with the messages of its result. */
  const sendOwn = (own: string, then: (received: ReadonlyArray<Message>) => void): void => {
    const received: Array<Message> = []
    onServerMessage = (each) => {
      received.push(each)
      if (each.type !== "Z") return
      onServerMessage = toClient
      then(received)
    }
    far.write(simpleQuery(own))
  }

  const raise = (code: string): void => {
    const fail = () =>
      sendOwn(options.raising!(code), (received) => {
        for (const each of received) if (each.type === "E" || each.type === "Z") toClient(each)
      })
    // A COMMIT that fails ends the transaction.
    if (statement === "COMMIT") sendOwn("ROLLBACK", fail)
    else fail()
  }

  const doFault = (fault: Fault | undefined, whole: Buffer): void => {
    if (fault === undefined) return void far.write(whole)
    const name = typeof fault === "string" ? fault : fault.raise
    count(statement === "COMMIT" ? `COMMIT ${name}` : name)
    if (typeof fault !== "string") return raise(fault.raise)
    switch (fault) {
      case "cut-before":
        return cut()
      case "cut-after":
        onServerMessage = ({ type }) => void (type === "Z" && cut())
        return void far.write(whole)
      case "cut-answer":
        onServerMessage = ({ bytes }) => {
          onServerMessage = () => {}
          near.write(bytes.subarray(0, bytes.byteLength >> 1), cut)
        }
        return void far.write(whole)
      case "terminate-before":
        // The server's last messages are forwarded like all others.
        return void options.terminate!(processId)
      case "terminate-during":
        far.write(whole)
        return void options.terminate!(processId)
    }
  }

  const onClientMessage = (received: Message): void => {
    const { bytes, type } = received
    if (type === "") {
      const isStartup = bytes.readInt32BE(4) === 196_608
      return void far.write(isStartup ? startupWithout(received, options.drop ?? []) : bytes)
    }
    // The password is forwarded at once.
    if (type === "p") return void far.write(bytes)
    cycle.push(received)
    if (type === "P") {
      const [name, text] = stringsOf(received, 5, 2)
      prepared.set(name!, text!)
    }
    if (type === "B") sent = prepared.get(stringsOf(received, 5, 2)[1]!)!
    if (type === "Q") [sent] = stringsOf(received, 5, 1) as [string]
    if (type !== "S" && type !== "Q" && type !== "X") return
    const whole = Buffer.concat(cycle.map((each) => each.bytes))
    cycle = []
    if (type === "X") return void far.write(whole)
    waiting.push({ statement: sent, whole, fault: options.fault?.(sent) })
    if (!isAnswering) startNext()
  }

  near.on("data", splitter(onClientMessage, true))
  const onServerData = splitter((received) => {
    if (received.type === "K") processId = received.bytes.readInt32BE(5)
    onServerMessage(received)
  }, false)
  let isGreeted = false
  far.on("data", (data: Buffer) => {
    // The answer to a request for TLS is one letter, not a message.
    if (!isGreeted && data.byteLength === 1) return void near.write(data)
    isGreeted = true
    onServerData(data)
  })
}

/** Starts a proxy. */
export const startPostgresProxy = async (options: Options): Promise<PostgresProxy> => {
  const done = new Map<string, number>()
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ port: options.to, host: "127.0.0.1" })
    for (const socket of [near, far]) {
      open.add(socket)
      // Each message is written by itself.
      socket.setNoDelay(true)
      socket.on("error", () => {})
      socket.once("close", () => {
        open.delete(socket)
        for (const other of [near, far]) other.destroy()
      })
    }
    forward(near, far, options, (name) => done.set(name, (done.get(name) ?? 0) + 1))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    port: (server.address() as AddressInfo).port,
    done: () => done,
    stop: () => {
      for (const socket of open) socket.resetAndDestroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
