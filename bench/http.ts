/**
 * The service through a real socket with 32 connections, on a SQLite file: every event is on the disk before its answer.
 *
 * The limit is what the same server answers for a constant body.
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

interface Demo {
  readonly url: string
  readonly organization: string
  readonly project: string
  readonly apiKey: string
  readonly consentType: string
  readonly session: string
  readonly concordId: string
  readonly stop: () => Promise<void>
}

/** Starts the server on an empty store, and reads from its welcome what it has set up. */
const start = async (folder: string): Promise<Demo> => {
  const child = spawn(process.execPath, [new URL("../apps/server/main.ts", import.meta.url).pathname], {
    env: {
      ...process.env,
      PORT: "0",
      ASSENT_STORE: `sqlite:${join(folder, "ledger.db")}`,
      ASSENT_RATE_LIMIT_KEY: "off",
      ASSENT_RATE_LIMIT_SESSION: "off",
    },
    stdio: ["ignore", "pipe", "inherit"],
  })
  let welcome = ""
  for await (const line of createInterface({ input: child.stdout })) {
    welcome += `${line}\n`
    if (line.startsWith("4. ")) break
  }
  const find = (pattern: RegExp): string => pattern.exec(welcome)?.[1] ?? ""
  return {
    url: find(/listens on (\S+)/),
    organization: find(/organization +(\S+)/),
    project: find(/project +(\S+)/),
    apiKey: find(/API key {2,}(\S+)/),
    consentType: find(/^ {2}(\S+) {2}disclosure/m),
    session: find(/x-session: ([^']+)'/),
    concordId: find(/"concordId":"([^"]+)"/),
    stop: () =>
      new Promise((resolve) => {
        child.on("exit", () => resolve())
        child.kill("SIGTERM")
      }),
  }
}

/** Requests a second of one kind, none of which may fail. */
const rate = async (name: string, options: autocannon.Options): Promise<Measure.Rate> => {
  const result = await autocannon({ ...options, connections, duration: seconds })
  if (result.non2xx + result.errors > 0) {
    throw new Error(
      `${name}: requests failed: ${JSON.stringify(result.statusCodeStats)}, ${result.errors} without answer`,
    )
  }
  return { name, perSecond: result["2xx"] / result.duration }
}

/** How often the disk can sync a page a second: what a durable rate must be seen beside. */
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
  } finally {
    await demo.stop()
    rmSync(folder, { recursive: true })
  }
}
