/**
 * What strangers leave on the disk when they send as fast as they can, each request from another network, under the
 * default limits.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import autocannon from "autocannon"
import * as Http from "../http.ts"
import * as Measure from "../measure.ts"
import * as Figures from "./figures.ts"
import { firstAct } from "./serving.ts"

type Floods = Readonly<Record<string, (demo: Http.Demo) => autocannon.Request>>

const origin = { "content-type": "application/json", origin: "http://localhost" }

const floods: Floods = {
  "GET visit": ({ project }) => ({ path: `/site-v1/${project}/visit` }),
  "POST visit, nothing chosen": ({ project }) => ({
    method: "POST",
    path: `/site-v1/${project}/visit`,
    headers: origin,
    body: JSON.stringify({ sentAt: new Date().toISOString() }),
  }),
  "POST session": ({ project }) => ({
    method: "POST",
    path: `/site-v1/${project}/session`,
    headers: origin,
    body: "{}",
  }),
  "POST visit with a refusal": ({ consentType, project }) => ({
    method: "POST",
    path: `/site-v1/${project}/visit`,
    headers: origin,
    body: firstAct(consentType),
  }),
}

/** Another network for each request. */
const address = (n: number): string => {
  const rest = Math.floor(n / 80)
  return `${11 + (n % 80)}.${rest & 255}.${rest >> 8}.1`
}

const bytesIn = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)

/** The bytes of a ledger after a service has been flooded and has ended, and how many requests were accepted. */
const after = async (request: ((demo: Http.Demo) => autocannon.Request) | undefined) => {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
  try {
    const demo = await Http.start(folder, {
      ASSENT_ADDRESS_HEADER: "x-forwarded-for",
      ASSENT_RATE_LIMIT_ADDRESS: "",
      ASSENT_RATE_LIMIT_VISITOR: "",
      ASSENT_RATE_LIMIT_SESSION: "",
      ASSENT_LOG_LEVEL: "error",
    })
    let sent = 0
    let accepted = 0
    if (request !== undefined) {
      const setupRequest = (one: autocannon.Request) => {
        const made = request(demo)
        return { ...one, ...made, headers: { ...made.headers, "x-forwarded-for": address(sent++) } }
      }
      const options = { url: demo.url, connections: 32, duration: Measure.seconds, requests: [{ setupRequest }] }
      accepted = (await autocannon(options))["2xx"]
    }
    await demo.stop()
    return { accepted, sent, bytes: bytesIn(folder) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs and prints the floods. */
export const run = async (): Promise<void> => {
  Figures.title(`a flood of ${Measure.seconds} s from a network for each request, and what an hour of it leaves`)
  Figures.row("", "sent a second", "accepted", "bytes of each", "MiB an hour")
  const { bytes: empty } = await after(undefined)
  for (const [name, request] of Object.entries(floods)) {
    const { accepted, bytes, sent } = await after(request)
    const perSecond = accepted / Measure.seconds
    const each = Math.max(0, bytes - empty) / Math.max(1, accepted)
    const hour = (Math.max(0, bytes - empty) / Measure.seconds) * 3600
    Figures.row(
      name,
      Figures.whole(sent / Measure.seconds),
      Figures.whole(perSecond),
      Figures.whole(each),
      Figures.whole(hour / 2 ** 20),
    )
  }
}
