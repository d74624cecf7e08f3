/**
 * Law 11 with a real process: a server that sends mails is killed (SIGKILL) again and again. Afterwards each mail was
 * taken at least once, and always with the same bytes; each kill has repeated at most the mails that were under way.
 */
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { maxInFlight } from "../../core/outbox/MailSender.ts"
import { type MailServer, startMailServer } from "../support/mailServer.ts"
import { folder, type Server, start, startEmpty } from "../support/server.ts"

const kills = 6
const requests = 100

let mail: MailServer | undefined
let server: Server | undefined
afterAll(() => Promise.all([mail?.stop(), server?.stop()]))

test("law 11: a server that is killed while it sends mails repeats at most those under way, and loses none", async () => {
  const there = (mail = await startMailServer())
  // A mail server that takes its time, so that every kill meets mails under way.
  there.behave({ data: () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 20)) })
  const file = join(folder(), "ledger.db")
  const env = { ASSENT_SMTP_URL: there.url, ASSENT_MAIL_FROM: "privacy@acme.example" }
  const first = (server = await startEmpty(env, { file }))
  const { apiKey, organization, project } = first.banner()
  const path = `/privacy-v1/organizations/${organization}/projects/${project}`
  const headers = { "x-api-key": apiKey }
  const items = Array.from({ length: requests }, (_, n) => ({
    request: "view",
    user: { email: `requester${n}@example.org` },
    preverified: true,
  }))
  const opened = await first.request("POST", `${path}/compliance-requests`, { headers, json: { items } })
  expect(opened.status, opened.text).toBe(201)
  for (let kill = 1; kill <= kills; kill++) {
    const before = there.mails.length
    await there.until(() => there.mails.length >= before + 3)
    await server.end("SIGKILL")
    server = await start({ file, env })
  }
  const last = server
  const ids: ReadonlyArray<string> = opened.json.items.map(({ id }: { readonly id: string }) => id)
  const sentOf = async (id: string): Promise<number> => {
    const query = `complianceRequestId=${id}&limit=100`
    const { json } = await last.request("GET", `${path}/compliance-requests-events?${query}`, { headers })
    return json.items.filter(
      ({ details, event }: { readonly details: { readonly outcome?: string }; readonly event: string }) =>
        event === "mailed" && details.outcome === "sent",
    ).length
  }
  // The mails that were claimed by a killed server are claimed again two minutes later.
  for (const id of ids) {
    while ((await sentOf(id)) === 0) await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await sentOf(id)).toBe(1)
  }
  const byMessage = Map.groupBy(there.mails, ({ parsed }) => parsed.messageId)
  expect(new Set(there.mails.flatMap(({ to }) => to)).size).toBe(requests)
  expect(byMessage.size).toBe(requests)
  for (const copies of byMessage.values()) expect(new Set(copies.map(({ raw }) => raw)).size).toBe(1)
  expect(there.mails.length - requests).toBeLessThanOrEqual(kills * maxInFlight)
  expect((await last.end("SIGTERM")).code).toBe(0)
})
