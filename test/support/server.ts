/**
 * The real server as a child process on a free port, and a plain HTTP client that sends exactly the given bytes.
 *
 * Nothing is replaced: requests go over a socket, and the store is a file, or memory where the test asks for it.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { Agent, type IncomingHttpHeaders, request as httpRequest } from "node:http"
import { connect, createServer, type AddressInfo, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { childEnv } from "./childEnv.ts"
import * as TestKeys from "./keys.ts"
import * as Programs from "./programs.ts"

/** How long the server may take to start or to stop before a test gives up, on a busy machine. */
const patienceMillis = 50_000

/** An answer. `json` parses the body, and fails if it is not JSON. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // oxlint-disable-next-line no-explicit-any -- what the body holds is what the tests are about
  readonly json: any
}

/** The headers and the body of a request; `json` is encoded and sent as application/json. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly body?: string | Uint8Array
  /** Sends the body in chunks of this many bytes, without a Content-Length. */
  readonly chunkBytes?: number
}

/** How the process ended, and how long that took from the signal. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly millis: number
}

/** The values that the first start prints. */
export interface Banner {
  readonly organization: string
  readonly project: string
  readonly apiKey: string
  readonly consentTypes: ReadonlyArray<string>
  /** The commands to paste: the variables, and the requests. */
  readonly commands: string
  /** The token of a session of the demonstration, which {@link startEmpty} opens. */
  readonly session: string
}

/** A running server. */
export interface Server {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** The path of the SQLite file; empty for a store in memory. */
  readonly file: string
  /** Everything it has written so far to standard output and standard error. */
  readonly output: () => string
  /** Its log so far: its standard error. */
  readonly log: () => string
  readonly banner: () => Banner
  readonly request: (method: string, path: string, sent?: Sent) => Promise<Answer>
  /** Connects from an address of 127.0.0.0/8, as another machine would from another address. */
  readonly connect: (localAddress?: string) => Promise<Conversation>
  /** Sends a signal and waits for the end of the process. */
  readonly end: (signal: NodeJS.Signals) => Promise<Ending>
  /** Ends it if it still runs, and removes its folder. */
  readonly stop: () => Promise<void>
}

/** One connection, byte for byte. */
export interface Conversation {
  readonly socket: Socket
  readonly write: (text: string | Uint8Array) => void
  /** Everything received so far. */
  readonly received: () => string
  /** Waits until the received text matches, or the other side has closed. */
  readonly until: (pattern: RegExp) => Promise<string>
  /** Waits until the other side has closed. */
  readonly closed: Promise<void>
}

/** A folder of its own for the files of one test. */
export const folder = (): string => mkdtempSync(join(tmpdir(), "assent-http-"))

/** A port that nothing listens on. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once("error", reject)
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })

/** Reads the values that a server prints at its first start. */
export const readBanner = (text: string): Omit<Banner, "session"> => {
  const one = (pattern: RegExp): string => {
    const found = pattern.exec(text)?.[1]
    if (found === undefined) throw new Error(`the banner lacks ${pattern}`)
    return found
  }
  return {
    organization: one(/^ +organization +(\S+)$/m),
    project: one(/^ +project +(\S+)$/m),
    apiKey: one(/^ +API key +(\S+)$/m),
    consentTypes: [...text.matchAll(/^ +([0-9a-f-]{36}) {2}\S+ \/ \S+ \/ \S+$/gm)].map(([, id]) => id!),
    commands: one(/^(export [^]*?\n)\nAnother API key/m),
  }
}

const conversation = (port: number, localAddress = "127.0.0.1"): Promise<Conversation> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress })
    let received = ""
    let isClosed = false
    const listeners = new Set<() => void>()
    const changed = () => listeners.forEach((listener) => listener())
    socket.setEncoding("latin1")
    socket.on("data", (data) => {
      received += data
      changed()
    })
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()))
    void closed.then(() => {
      isClosed = true
      changed()
    })
    socket.once("connect", () => {
      // After the connection is open, a reset is one way for the other side to close it.
      socket.off("error", reject)
      socket.on("error", () => {})
      resolve({
        socket,
        write: (text) => void socket.write(text),
        received: () => received,
        until: (pattern) =>
          new Promise((done) => {
            const check = () => {
              if (!pattern.test(received) && !isClosed) return
              listeners.delete(check)
              done(received)
            }
            listeners.add(check)
            check()
          }),
        closed,
      })
    })
    socket.once("error", reject)
  })

const client = (port: number) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const send = (method: string, path: string, sent: Sent = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { headers = {}, json, body, chunkBytes } = sent
      const payload = Buffer.from(json === undefined ? (body ?? "") : JSON.stringify(json))
      const hasBody = json !== undefined || body !== undefined
      const request = httpRequest({ host: "127.0.0.1", port, method, path, agent, setDefaultHeaders: true })
      if (json !== undefined) request.setHeader("content-type", "application/json")
      if (hasBody && chunkBytes === undefined) request.setHeader("content-length", payload.byteLength)
      for (const [name, value] of Object.entries(headers)) request.setHeader(name, value)
      let isAnswered = false
      request.once("response", (response) => {
        isAnswered = true
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.once("error", reject)
        response.once("end", () => {
          const text = Buffer.concat(chunks).toString()
          const status = response.statusCode!
          // No request may be answered 500: every test of every request checks it here.
          if (status === 500) return reject(new Error(`${method} ${path.slice(0, 200)} was answered 500: ${text}`))
          return resolve({
            status,
            headers: response.headers,
            text,
            get json() {
              return JSON.parse(text)
            },
          })
        })
      })
      request.on("error", (error: NodeJS.ErrnoException) => {
        // The server closes a connection after seconds without a request. If the test process was busy meanwhile, it
        // sends the next request on that connection before it sees that it was closed.
        if (request.reusedSocket && !isAnswered && error.code === "ECONNRESET") {
          return void send(method, path, sent).then(resolve, reject)
        }
        // A server may answer and close before it has read the whole request; then the answer counts, not the error.
        return void setTimeout(() => isAnswered || reject(error), 100)
      })
      if (chunkBytes === undefined) return request.end(hasBody ? payload : undefined)
      for (let at = 0; at < payload.byteLength; at += chunkBytes) request.write(payload.subarray(at, at + chunkBytes))
      return request.end()
    })
  return { send, close: () => agent.destroy() }
}

/** Waits until a condition holds. */
export const eventually = async (isTrue: () => boolean, what: string): Promise<void> => {
  const until = Date.now() + patienceMillis
  while (!isTrue()) {
    if (Date.now() > until) throw new Error(`gave up waiting until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** How the server is started. */
export interface Options {
  /** The path of the SQLite file; left out, a new one is made. */
  readonly file?: string
  /** Variables in addition to the few that it needs. */
  readonly env?: Readonly<Record<string, string>>
  /** A command that runs the process, such as `["fiu-run", "-x"]`. */
  readonly under?: ReadonlyArray<string>
}

/** Starts the server. */
export const start = async (options: Options = {}): Promise<Server> => {
  const directory = folder()
  const file = options.file ?? join(directory, "ledger.db")
  const port = await freePort()
  const store = options.env?.["ASSENT_STORE"] ?? (file === "memory:" ? file : `sqlite:${file}`)
  TestKeys.writeNextToKept(store)
  const [command, ...rest] = [...(options.under ?? []), process.execPath, Programs.server]
  const child: ChildProcess = spawn(command!, rest, {
    cwd: directory,
    env: {
      ...childEnv,
      HOST: "127.0.0.1",
      PORT: String(port),
      ASSENT_STORE: store,
      ...TestKeys.environment(store),
      // All visitors of a test come from one address.
      ASSENT_RATE_LIMIT_ADDRESS: "off",
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let output = ""
  let log = ""
  child.stdout!.on("data", (data: Buffer) => (output += data.toString()))
  child.stderr!.on("data", (data: Buffer) => {
    output += data.toString()
    log += data.toString()
  })
  const exited = new Promise<Omit<Ending, "millis">>((resolve) =>
    child.once("exit", (code, signal) => resolve({ code, signal })),
  )
  const isRunning = () => child.exitCode === null && child.signalCode === null
  const { send, close } = client(port)

  const end = async (signal: NodeJS.Signals): Promise<Ending> => {
    const from = performance.now()
    child.kill(signal)
    const ending = await exited
    return { ...ending, millis: performance.now() - from }
  }
  const stop = async () => {
    close()
    if (isRunning()) await end("SIGKILL")
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    // A server on an existing store prints this line only; on a new store the demonstration follows it.
    await eventually(() => !isRunning() || /listens on \S+ [^\n]*\n/.test(output), "the server listens")
    if (!isRunning()) throw new Error(`the server ended before it listened: ${output}`)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid!,
    file: file === "memory:" ? "" : file,
    output: () => output,
    log: () => log,
    banner: () => {
      throw new Error("no demonstration was set up: use startEmpty")
    },
    request: send,
    connect: (localAddress) => conversation(port, localAddress),
    end,
    stop,
  }
}

/** Starts on a new, empty store and waits until the whole banner is there. */
export const startEmpty = async (
  env: Readonly<Record<string, string>> = {},
  options: Omit<Options, "env"> = {},
): Promise<Server> => {
  const server = await start({ ...options, env })
  await eventually(() => /\nAnother API key[^]*production"\n/.test(server.output()), "the banner is printed")
  const banner = readBanner(server.output())
  const headers = { origin: "http://localhost" }
  const opened = await server.request("POST", `/site-v1/${banner.project}/session`, { headers, json: {} })
  return { ...server, banner: () => ({ ...banner, session: opened.json.session }) }
}
