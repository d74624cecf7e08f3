/**
 * Starts the Chromium of the machine, without a window and with a profile of its own, and talks to it by the Chrome
 * DevTools Protocol over a pipe: there is no port that another program could use.
 */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import type { Readable, Writable } from "node:stream"
import { Data, Effect, type Scope } from "effect"

/** There is no browser, or it did not do what it was asked for. */
export class ChromiumFault extends Data.TaggedError("ChromiumFault")<{ readonly message: string }> {}

/** What the browser tells. */
export interface ChromiumEvent {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly sessionId?: string
}

type Answered = Readonly<Record<string, unknown>>

/** A browser that runs. */
export interface Chromium {
  readonly send: (method: string, params?: object, sessionId?: string) => Effect.Effect<Answered, ChromiumFault>
  /** Called with every event from then on. */
  readonly listen: (listener: (event: ChromiumEvent) => void) => void
}

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]

const places = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"]

/** The path of Chromium or Chrome on this machine; `undefined` if neither is installed. */
export const find = (path: string = process.env["PATH"] ?? ""): string | undefined =>
  [...path.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name))), ...places].find(existsSync)

const argumentsOf = (folder: string): ReadonlyArray<string> => [
  "--headless=new",
  "--remote-debugging-pipe",
  `--user-data-dir=${folder}`,
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--mute-audio",
  // Chromium refuses to start as root with its sandbox, as in a container.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  "about:blank",
]

interface Waiting {
  readonly resolve: (value: Answered) => void
  readonly reject: (fault: ChromiumFault) => void
}

interface Message extends Partial<ChromiumEvent> {
  readonly id?: number
  readonly result?: Answered
  readonly error?: { readonly message: string }
}

/** Speaks the protocol: messages of JSON, each ended by a NUL. */
const connect = (input: Writable, output: Readable): Chromium & { readonly end: (reason: string) => void } => {
  const waiting = new Map<number, Waiting>()
  const listeners: Array<(event: ChromiumEvent) => void> = []
  let last = 0
  let rest = ""
  const take = ({ error, id, method, params = {}, result = {}, sessionId }: Message) => {
    if (id === undefined) {
      const event = { method: method ?? "", params, ...(sessionId !== undefined && { sessionId }) }
      for (const listener of listeners) listener(event)
      return
    }
    const asked = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asked?.resolve(result)
    else asked?.reject(new ChromiumFault({ message: error.message }))
  }
  output.setEncoding("utf8").on("data", (text: string) => {
    const messages = `${rest}${text}`.split("\0")
    rest = messages.pop()!
    for (const message of messages) take(JSON.parse(message) as Message)
  })
  const end = (reason: string) => {
    for (const { reject } of waiting.values()) reject(new ChromiumFault({ message: reason }))
    waiting.clear()
  }
  // A browser that has ended reads nothing more: `end` tells that.
  input.on("error", () => undefined)
  const ask = (method: string, params: object, sessionId: string | undefined) =>
    new Promise<Answered>((resolve, reject) => {
      const id = ++last
      waiting.set(id, { resolve, reject })
      input.write(`${JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) })}\0`)
    })
  return {
    send: (method, params = {}, sessionId) =>
      Effect.tryPromise({
        try: () => ask(method, params, sessionId),
        catch: (cause) => (cause instanceof ChromiumFault ? cause : new ChromiumFault({ message: String(cause) })),
      }),
    listen: (listener) => void listeners.push(listener),
    end,
  }
}

const begin = async (executable: string) => {
  const folder = await mkdtemp(join(tmpdir(), "assent-chromium-"))
  const child = spawn(executable, argumentsOf(folder), { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] })
  const chromium = connect(child.stdio[3] as Writable, child.stdio[4] as Readable)
  const ended = new Promise<void>((resolve) => {
    child.once("exit", (code) => {
      chromium.end(`the browser ended (${code ?? "killed"})`)
      resolve()
    })
    child.once("error", ({ message }) => {
      chromium.end(message)
      resolve()
    })
  })
  const stop = async () => {
    child.kill("SIGKILL")
    await ended
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  return { chromium, stop }
}

/** Starts a browser, which ends with the scope. */
export const start = (executable: string): Effect.Effect<Chromium, ChromiumFault, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.tryPromise({
        try: () => begin(executable),
        catch: (cause) => new ChromiumFault({ message: cause instanceof Error ? cause.message : String(cause) }),
      }),
      ({ stop }) => Effect.promise(stop),
    ),
    ({ chromium }) => chromium,
  )
