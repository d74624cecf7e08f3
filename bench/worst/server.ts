/**
 * The server of this benchmark: a child process with a heap of 512 MiB, over the hostile ledger, measured from inside.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { Agent, request as httpRequest } from "node:http"
import type { Measured } from "./probe.ts"
import * as TestKeys from "../../test/support/keys.ts"

/** The size of the server's heap, in MiB. */
export const heapMebibytes = 512

/** How long a request may take, in milliseconds. */
const patienceMillis = 60_000

/** A request, byte for byte. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** How a request ended: with its status, or because the process ended or the time was up. */
export type Ending = number | "ended" | "late" | "cut"

/** What requests that were sent together have cost. */
export interface Cost extends Measured {
  readonly endings: ReadonlyArray<Ending>
  /** The bytes of the largest answer. */
  readonly bytes: number
  readonly millis: number
}

/** A running server. */
export interface Server {
  /** Sends one request as often as asked, at the same time, and measures. */
  readonly measure: (sent: Sent, times: number) => Promise<Cost>
  readonly isRunning: () => boolean
  readonly stop: () => Promise<void>
}

interface Answer {
  readonly ending: Ending
  readonly bytes: number
}

const send = (port: number, agent: Agent, { body, headers, method, path }: Sent): Promise<Answer> =>
  new Promise((resolve) => {
    let bytes = 0
    const end = (ending: Ending) => resolve({ ending, bytes })
    const request = httpRequest({ host: "127.0.0.1", port, method, path, agent, timeout: patienceMillis })
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value)
    if (body !== undefined) request.setHeader("content-length", body.byteLength)
    request.once("response", (response) => {
      response.on("data", (chunk: Buffer) => (bytes += chunk.byteLength))
      response.once("end", () => end(response.statusCode!))
      response.once("error", () => end("cut"))
    })
    request.once("timeout", () => {
      end("late")
      request.destroy()
    })
    request.once("error", () => setTimeout(() => end("cut"), 100))
    request.end(body)
  })

const ended: Measured = { turnMillis: Infinity, heapBytes: Infinity, rows: Infinity }

/** The next message of the process; `undefined` if it ends first. */
const reply = async (child: ChildProcess): Promise<unknown> => {
  const abort = new AbortController()
  const { signal } = abort
  const message = once(child, "message", { signal }).then(([value]) => value as unknown)
  const exit = child.exitCode === null && child.signalCode === null ? once(child, "exit", { signal }) : []
  const first = await Promise.race([message, Promise.resolve(exit).then(() => undefined)])
  abort.abort()
  message.catch(() => {})
  Promise.resolve(exit).catch(() => {})
  return first
}

/** Quotas are off, because what one request costs is measured, and not how many may be sent. */
const withoutQuotas = Object.fromEntries(
  ["KEY", "SESSION", "VISITOR", "ADDRESS", "PROJECT", "ORGANIZATION"].map((of) => [`ASSENT_RATE_LIMIT_${of}`, "off"]),
)

/** Starts the server on a store. */
export const start = async (store: string, cwd: string): Promise<Server> => {
  const probe = new URL("probe.ts", import.meta.url).pathname
  const main = new URL("../../apps/server/main.ts", import.meta.url).pathname
  TestKeys.writeNextToKept(store)
  const flags = [`--max-old-space-size=${heapMebibytes}`, "--expose-gc", `--import=${probe}`]
  const child = spawn(process.execPath, [...flags, main], {
    cwd,
    env: {
      ...process.env,
      PORT: "0",
      ASSENT_STORE: store,
      ASSENT_LOG_LEVEL: "error",
      ...withoutQuotas,
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  })
  const isRunning = () => child.exitCode === null && child.signalCode === null
  let log = ""
  child.stderr!.on("data", (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)))
  const port = await new Promise<number>((resolve, reject) => {
    let output = ""
    child.stdout!.on("data", (chunk: Buffer) => {
      output += chunk.toString()
      const found = /listens on http:\/\/\S+?:(\d+)/.exec(output)?.[1]
      if (found !== undefined) resolve(Number(found))
    })
    child.once("exit", () => reject(new Error(`the server did not start:\n${log}`)))
  })
  const agent = new Agent({ keepAlive: true })

  const measure = async (sent: Sent, times: number): Promise<Cost> => {
    child.send("begin")
    await reply(child)
    const started = performance.now()
    const answers = await Promise.all(Array.from({ length: times }, () => send(port, agent, sent)))
    const millis = performance.now() - started
    // After it has run out of memory, the process takes a moment to end.
    const isCut = answers.some(({ ending }) => ending === "cut")
    if (isCut) await Promise.race([once(child, "exit"), new Promise((resolve) => setTimeout(resolve, 3000))])
    let measured = ended
    if (isRunning()) {
      child.send("end")
      measured = ((await reply(child)) as Measured | undefined) ?? ended
    }
    const endings = answers.map(({ ending }) => (isRunning() ? ending : "ended"))
    return { ...measured, endings, bytes: Math.max(...answers.map(({ bytes }) => bytes)), millis }
  }

  return {
    measure,
    isRunning,
    stop: async () => {
      agent.destroy()
      if (!isRunning()) return
      child.kill("SIGKILL")
      await once(child, "exit")
    },
  }
}
