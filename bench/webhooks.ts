/**
 * Measures deliveries of webhooks to a receiver on this machine, from the service on a SQLite file: signed, in order
 * for each person, and each outcome on the disk before the next try of its slot.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import * as Http from "./http.ts"

const people = Number(process.env["BENCH_ROWS"] ?? 10_000)
const concurrency = 16

/** A receiver that counts. */
const startReceiver = async () => {
  const child = spawn(process.execPath, [new URL("webhookReceiver.ts", import.meta.url).pathname], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  let received = 0
  const lines = createInterface({ input: child.stdout })
  const port = await new Promise<number>((resolve) => {
    lines.on("line", (line) => {
      if (line.startsWith("port ")) resolve(Number(line.slice(5)))
      else received = Number(line)
    })
  })
  return { url: `http://127.0.0.1:${port}`, received: () => received, stop: () => child.kill() }
}

const post = async (url: string, headers: Record<string, string>, body: unknown): Promise<void> => {
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${answer.status} ${text.slice(0, 500)}`)
}

/** Records an event of each person, opens a webhook from the start, and returns the deliveries a second. */
const measure = async (scheme: "hmac" | "ed25519"): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
  const receiver = await startReceiver()
  const demo = await Http.start(folder, { ASSENT_WEBHOOK_ALLOW: receiver.url, ASSENT_LOG_LEVEL: "warn" })
  try {
    const project = `${demo.url}/privacy-v1/organizations/${demo.organization}/projects/${demo.project}`
    const headers = { "content-type": "application/json", "x-api-key": demo.apiKey }
    const blocks = Array.from({ length: Math.ceil(people / 1000) }, (_, block) =>
      Array.from({ length: Math.min(1000, people - block * 1000) }, (__, index) => ({
        userId: `user-${block * 1000 + index}`,
        consentType: demo.consentType,
        consentState: "declined",
        consentAction: "user_click",
      })),
    )
    for (const items of blocks) await post(`${project}/consent-events`, headers, { items })
    const started = performance.now()
    const webhook = { url: `${receiver.url}/`, types: ["consent.recorded"], scheme, concurrency, after: "start" }
    await post(`${project}/webhooks`, headers, webhook)
    while (receiver.received() < people) await new Promise((resolve) => setTimeout(resolve, 20))
    return (people * 1000) / (performance.now() - started)
  } catch (error) {
    console.error(demo.log())
    throw error
  } finally {
    await demo.stop()
    receiver.stop()
    rmSync(folder, { recursive: true })
  }
}

/** Runs and prints the measurements. */
export const run = async (): Promise<void> => {
  const aims = { hmac: 1000, ed25519: 700 }
  console.log(`\nWebhooks to this machine, ${people.toLocaleString("en")} deliveries, ${concurrency} at a time`)
  for (const scheme of ["hmac", "ed25519"] as const) {
    const perSecond = Math.round(await measure(scheme)).toLocaleString("en")
    console.log(`  ${scheme.padEnd(44)}${perSecond.padStart(14)}/s (aim: ${aims[scheme].toLocaleString("en")})`)
  }
}
