/**
 * Law W4 with a real process: a server that sends is killed (SIGKILL) again and again. Afterwards every change has been
 * taken, each person's in order, and each kill has repeated at most the tries that were under way.
 */
import { afterAll, expect, test } from "vitest"
import { join } from "node:path"
import { type Receiver, startReceiver, taken } from "../support/receiver.ts"
import { folder, type Server, start, startEmpty } from "../support/server.ts"

const concurrency = 4
const kills = 5
const people = 40

/** What a receiver reads of a change. */
interface Sent {
  readonly type: string
  readonly data: { readonly id: string; readonly event?: string }
}

let receiver: Receiver | undefined
let server: Server | undefined
afterAll(() => Promise.all([receiver?.stop(), server?.stop()]))

test("W4: a server that is killed while it sends repeats at most the tries that were under way, and skips none", async () => {
  const there = (receiver = await startReceiver())
  const file = join(folder(), "ledger.db")
  const env = { ASSENT_WEBHOOK_ALLOW: there.url }
  const first = (server = await startEmpty(env, { file }))
  const { apiKey, consentTypes, organization, project } = first.banner()
  const path = `/privacy-v1/organizations/${organization}/projects/${project}`
  const headers = { "x-api-key": apiKey }
  const created = await first.request("POST", `${path}/webhooks`, { headers, json: { url: there.url, concurrency } })
  expect(created.status).toBe(201)
  // A receiver that takes its time, so that every kill meets tries.
  there.behave(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return taken
  })
  const items = Array.from({ length: 5 * people }, (_, n) => ({
    userId: `user ${n % people}`,
    consentType: consentTypes[n % consentTypes.length],
    consentState: n % 3 === 0 ? "declined" : "accepted",
    consentAction: "user_click",
  }))
  const recorded = await first.request("POST", `${path}/consent-events`, { headers, json: { items } })
  expect(recorded.status).toBe(201)
  const events: ReadonlyArray<{ id: string; concordId: string }> = recorded.json.items

  for (let kill = 1; kill <= kills; kill += 1) {
    const before = there.received.length
    await there.until(() => there.received.length >= before + 20)
    await server.end("SIGKILL")
    server = await start({ file, env })
  }
  // A server that is killed before its first tick has also to tell of the types: that is no event.
  const sent = () => there.received.map(({ body }): Sent => JSON.parse(body))
  const seen = () => sent().flatMap(({ data, type }) => (type === "consent.recorded" ? [data.event!] : []))
  await there.until(() => new Set(seen()).size === events.length)

  expect(new Set(seen())).toEqual(new Set(events.map(({ id }) => id)))
  const changes = sent().map(({ data }) => data.id)
  expect(changes.length - new Set(changes).size).toBeLessThanOrEqual(kills * concurrency)
  const firsts = [...new Set(seen())]
  for (const own of Map.groupBy(events, ({ concordId }) => concordId).values()) {
    const ids = own.map(({ id }) => id)
    expect(firsts.filter((id) => ids.includes(id))).toEqual(ids)
  }
})
