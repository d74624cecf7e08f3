/**
 * The service behind a page: its script files and visits through a socket with 32 connections, and the bytes of a
 * visit.
 */
import { randomUUID } from "node:crypto"
import { gzipSync } from "node:zlib"
import type autocannon from "autocannon"
import * as Http from "../http.ts"
import * as Measure from "../measure.ts"
import * as Figures from "./figures.ts"

const origin = "http://localhost"
const json = { "content-type": "application/json", origin }

/** The body of the visit of a new visitor that refuses one type. */
export const firstAct = (consentType: string): string => {
  const consentDate = new Date().toISOString()
  const item = {
    consentType,
    consentState: "declined",
    consentAction: "user_click",
    externalId: randomUUID(),
    consentDate,
  }
  return JSON.stringify({ contextId: randomUUID(), sentAt: consentDate, items: [item] })
}

/** A request whose body is made for each. */
export const post = (url: string, body: () => string): autocannon.Options => {
  const setupRequest = (request: autocannon.Request) => ({ ...request, body: body() })
  return { url, requests: [{ method: "POST", headers: json, setupRequest }] }
}

const rates = async ({ consentType, project, url }: Http.Demo): Promise<void> => {
  const site = `${url}/site-v1/${project}`
  const loader = `${site}/site-client`
  const [answer, visited] = [await fetch(loader), await fetch(`${site}/visit`)]
  const unchanged = (of: string, { headers }: Response): autocannon.Options => {
    return { url: of, headers: { "if-none-match": headers.get("etag") ?? "" } }
  }
  const opened = await fetch(`${site}/visit`, { method: "POST", headers: json, body: firstAct(consentType) })
  const { revision, session } = (await opened.json()) as { readonly revision: number; readonly session: string }
  const constant: autocannon.Options = { url: `${url}/livez` }
  await Http.rate("warm-up", constant)
  const measured = [
    await Http.rate("GET constant body", constant),
    await Http.rate("GET site-client", { url: loader, headers: { "accept-encoding": "br" } }),
    await Http.rate("GET site-client, not modified", unchanged(loader, answer)),
    await Http.rate("GET visit", { url: `${site}/visit`, headers: { "accept-encoding": "gzip" } }),
    await Http.rate("GET visit, not modified", unchanged(`${site}/visit`, visited)),
    await Http.rate("POST visit of a known visitor, nothing chosen", {
      ...post(`${site}/visit`, () => JSON.stringify({ session, revision, sentAt: new Date().toISOString() })),
    }),
    await Http.rate(
      "POST visit of a new visitor with a refusal",
      post(`${site}/visit`, () => firstAct(consentType)),
    ),
  ]
  Measure.print(`script files and visits, 32 connections, ${Measure.seconds} s each`, measured, {})
}

/** The bytes of visits of a project whose number of types grows. */
const visitBytes = async ({ apiKey, organization, project, url }: Http.Demo): Promise<void> => {
  Figures.title("bytes of a visit, by the number of consent types")
  Figures.row("", "raw", "gzip", "as answered")
  const visit = `${url}/site-v1/${project}/visit`
  const types = `${url}/privacy-v1/organizations/${organization}/projects/${project}/consent-types`
  const read = async () => (await (await fetch(visit)).json()) as { readonly types: ReadonlyArray<unknown> }
  let { length } = (await read()).types
  for (const count of [length, 12, 100]) {
    for (; length < count; length++) {
      const type = { category: "privacy_setting", subcategory: ["analytics"], label: `site_${length}` }
      const texts = { name: `Statistics ${length}`, description: "Counts visits, to learn which pages are slow." }
      const headers = { "content-type": "application/json", "x-api-key": apiKey }
      const created = await fetch(types, { method: "POST", headers, body: JSON.stringify({ ...type, ...texts }) })
      if (!created.ok) throw new Error(await created.text())
    }
    const answer = await fetch(visit, { headers: { "accept-encoding": "identity" } })
    const raw = new Uint8Array(await answer.arrayBuffer())
    const sent = Number(
      (await fetch(visit, { headers: { "accept-encoding": "br, gzip" } })).headers.get("content-length"),
    )
    Figures.row(`${count} types`, ...[raw.byteLength, gzipSync(raw).byteLength, sent].map(Figures.whole))
  }
}

/** Runs and prints both. */
export const run = async (demo: Http.Demo): Promise<void> => {
  await rates(demo)
  await visitBytes(demo)
}
