/**
 * Measures the service through a socket with 32 connections, on a SQLite file: every event is on the disk before its
 * answer.
 *
 * The limit is the rate at which the same server answers with a constant body.
 */
import { spawn } from "node:child_process"
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { createInterface } from "node:readline"
import { tmpdir } from "node:os"
import { join } from "node:path"
import autocannon from "autocannon"
import * as Measure from "./measure.ts"

const { seconds } = Measure
const connections = 32

/** A running server with the demonstration. */
export interface Demo {
  readonly url: string
  readonly organization: string
  readonly project: string
  readonly apiKey: string
  readonly consentType: string
  readonly session: string
  readonly concordId: string
  /** The last lines of the server's log. */
  readonly log: () => string
  readonly stop: () => Promise<void>
}

/** How many chunks of the server's log are kept, to be printed if the benchmark fails. */
const logChunks = 16

/** Opens a session as a page of the demonstration does. */
const openSession = async (url: string, project: string) => {
  const headers = { "content-type": "application/json", origin: "http://localhost" }
  const answer = await fetch(`${url}/site-v1/${project}/session`, { method: "POST", headers, body: "{}" })
  const opened = (await answer.json()) as { concordId: string; session: string }
  return { session: opened.session, concordId: opened.concordId }
}

/** Starts the server on an empty store, and reads the ids of the demonstration from what it prints. */
export const start = async (folder: string, settings: Readonly<Record<string, string>> = {}): Promise<Demo> => {
  const child = spawn(process.execPath, [new URL("../apps/server/main.ts", import.meta.url).pathname], {
    env: {
      ...process.env,
      PORT: "0",
      ASSENT_STORE: `sqlite:${join(folder, "ledger.db")}`,
      ASSENT_RATE_LIMIT_KEY: "off",
      ASSENT_RATE_LIMIT_SESSION: "off",
      ASSENT_RATE_LIMIT_VISITOR: "off",
      ASSENT_RATE_LIMIT_ADDRESS: "off",
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const chunks: Array<Buffer> = []
  child.stderr.on("data", (chunk: Buffer) => {
    if (chunks.push(chunk) > logChunks) chunks.shift()
  })
  const log = () => Buffer.concat(chunks).toString().split("\n").slice(-20).join("\n")
  let welcome = ""
  for await (const line of createInterface({ input: child.stdout })) {
    welcome += `${line}\n`
    if (line.startsWith("# 4. ")) break
  }
  if (!welcome.includes("\n# 4. ")) throw new Error(`the server did not start:\n${log()}`)
  const find = (pattern: RegExp): string => pattern.exec(welcome)?.[1] ?? ""
  const url = find(/listens on (\S+)/)
  const project = find(/project +(\S+)/)
  return {
    url,
    organization: find(/organization +(\S+)/),
    project,
    apiKey: find(/API key {2,}(\S+)/),
    consentType: find(/^ {2}(\S+) {2}disclosure/m),
    ...(await openSession(url, project)),
    log,
    stop: () =>
      new Promise((resolve) => {
        child.on("exit", () => resolve())
        child.kill("SIGTERM")
      }),
  }
}

/** Measures the requests of one kind a second. Throws if one fails; what is not modified has not failed. */
export const rate = async (name: string, options: autocannon.Options): Promise<Measure.Rate> => {
  const result = await autocannon({ ...options, connections, duration: seconds })
  const unchanged = result["3xx"]
  if (result.non2xx - unchanged + result.errors > 0) {
    throw new Error(
      `${name}: requests failed: ${JSON.stringify(result.statusCodeStats)}, ${result.errors} without answer`,
    )
  }
  return { name, perSecond: (result["2xx"] + unchanged) / result.duration }
}

/** Measures how many pages the disk can sync a second, with which a durable rate must be compared. */
const syncRate = (folder: string): Measure.Rate => {
  const file = openSync(join(folder, "sync"), "w")
  const page = Buffer.alloc(4096)
  const started = performance.now()
  let syncs = 0
  for (; performance.now() - started < 1000; syncs++) {
    writeSync(file, page)
    fsyncSync(file)
  }
  closeSync(file)
  return { name: "syncs of one page, one after the other", perSecond: (syncs * 1000) / (performance.now() - started) }
}

/** Runs and prints the comparison. */
export const run = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
  const demo = await start(folder)
  try {
    const events = `${demo.url}/privacy-v1/organizations/${demo.organization}/projects/${demo.project}/consent-events`
    const scope = `${demo.url}/site-v1/${demo.project}`
    const headers = { "content-type": "application/json", "x-api-key": demo.apiKey }
    const item = (userId: string) => ({
      userId,
      consentType: demo.consentType,
      consentState: "accepted",
      consentAction: "user_click",
    })
    const post = (count: number): autocannon.Options => {
      let sent = 0
      const body = () =>
        JSON.stringify({ items: Array.from({ length: count }, () => item(`user-${sent++ % 100_000}`)) })
      const setupRequest = (request: autocannon.Request) => ({ ...request, body: body() })
      return { url: events, requests: [{ method: "POST", headers, setupRequest }] }
    }
    const own = { items: [{ ...item(""), userId: undefined, concordId: demo.concordId }] }
    await fetch(events, { method: "POST", headers, body: JSON.stringify(own) })
    const constant: autocannon.Options = { url: `${demo.url}/livez` }
    const state: autocannon.Options = { url: `${scope}/consent-state`, headers: { "x-session": demo.session } }
    await rate("warm-up", constant)
    await rate("warm-up", state)
    await rate("warm-up", post(1))
    const rates = [
      await rate("GET constant body", constant),
      await rate("GET consent-state", state),
      await rate("POST of one item, durable", post(1)),
      await rate("POST of 100 items, durable", post(100)),
    ]
    Measure.print(`HTTP, ${connections} connections, ${seconds} s each`, rates, {
      "GET consent-state": 60,
      "POST of one item, durable": 40,
    })
    const inHundreds = rates[3]!.perSecond * 100
    console.log(
      `  ${"events a second in POSTs of 100".padEnd(44)}${Math.round(inHundreds).toLocaleString("en").padStart(14)}/s`,
    )
    Measure.print("the disk, in the same minute", [syncRate(folder)], {})
  } catch (error) {
    console.error(demo.log())
    throw error
  } finally {
    await demo.stop()
    rmSync(folder, { recursive: true })
  }
}
