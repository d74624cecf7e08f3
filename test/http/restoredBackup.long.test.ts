/** A backup of the file is put back: a mark of what it lacks is lost, however much is recorded since. */
import { copyFileSync, rmSync } from "node:fs"
import { afterEach, expect, test } from "vitest"
import { start, startEmpty, type Server } from "../support/server.ts"

const running: Array<Server> = []
const kept = (server: Server): Server => {
  running.push(server)
  return server
}
// The last started is stopped first, because the first one owns the folder of the file.
afterEach(async () => {
  for (const server of running.splice(0).toReversed()) await server.stop()
})

interface Change {
  readonly type: string
  readonly event: string
}

/** The consent events among changes: the scheduler of a started server announces the types of its project, too. */
const consentEvents = (items: ReadonlyArray<Change>) =>
  items
    .filter(({ type }) => type === "consent.recorded")
    .map(({ event }) => event)
    .toSorted()

// Mutants: only places beyond the end of a lane are lost; where to go on passes over what was recorded since.
test("after a backup was put back, a mark of what it lacks is 410 with where to go on, though the lanes have grown past it", async () => {
  const first = kept(await startEmpty())
  const { apiKey, consentTypes, organization, project } = first.banner()
  const base = `/privacy-v1/organizations/${organization}/projects/${project}`
  const headers = { "x-api-key": apiKey }
  let server = first
  const read = (after: string, more: Readonly<Record<string, string>> = {}) =>
    server.request("GET", `${base}/changes?after=${after}&limit=1000`, { headers: { ...headers, ...more } })
  const record = async (of: string, count: number): Promise<ReadonlyArray<string>> => {
    const item = { consentType: consentTypes[1], consentState: "accepted", consentAction: "user_click" }
    const items = Array.from({ length: count }, (_, n) => ({ ...item, email: `${of}${n}@example.com` }))
    const { json } = await server.request("POST", `${base}/consent-events`, { headers, json: { items } })
    return json.items.map(({ id }: { readonly id: string }) => id)
  }

  await record("before", 20)
  const early = (await read("now")).json.mark
  await server.end("SIGTERM")
  const backup = `${first.file}.backup`
  copyFileSync(first.file, backup)

  server = kept(await start({ file: first.file }))
  await record("lost", 40)
  const late = (await read("now")).json.mark
  await server.end("SIGTERM")
  for (const part of ["-wal", "-shm"]) rmSync(`${first.file}${part}`, { force: true })
  copyFileSync(backup, first.file)

  server = kept(await start({ file: first.file }))
  const atOnce = await read(late)
  expect([atOnce.status, atOnce.json.errors[0].code]).toEqual([410, "mark_lost"])
  expect(consentEvents((await read(atOnce.json.mark)).json.items)).toEqual([])
  const streamed = await read(late, { accept: "text/event-stream" })
  expect(streamed.text).toContain(`event: lost\ndata: {"mark":"${atOnce.json.mark}"}`)

  const since = [...(await record("since", 100)), ...(await record("further", 100)), ...(await record("last", 100))]
  const later = await read(late)
  expect([later.status, later.json.errors[0].code]).toEqual([410, "mark_lost"])
  const url = "https://receiver.example.com/"
  const webhook = await server.request("POST", `${base}/webhooks`, { headers, json: { url, after: late } })
  expect([webhook.status, webhook.json.errors[0].code]).toEqual([410, "mark_lost"])
  for (const mark of [atOnce.json.mark, later.json.mark, early]) {
    expect(consentEvents((await read(mark)).json.items)).toEqual(since.toSorted())
  }
})
