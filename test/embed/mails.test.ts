/**
 * The option `mail` of `assent/open`: mails of compliance requests wait without it, and are sent with it.
 */
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { OpenError, open, type OpenLedger } from "../../apps/embed/index.ts"
import { type MailServer, startMailServer } from "../support/mailServer.ts"
import { errorOf, folder, openAt, warnings } from "./opened.ts"

let server: MailServer
beforeAll(async () => {
  server = await startMailServer()
})
afterAll(() => server.stop())

/** Opens a compliance request by the handler. */
const ask = async (ledger: OpenLedger, email: string): Promise<void> => {
  const { secret } = await ledger.createKey({ name: "staff", role: "owner" })
  const path = `/privacy-v1/organizations/${ledger.organizationId}/projects/${ledger.projectId}/compliance-requests`
  const headers = { "x-api-key": secret, "content-type": "application/json" }
  const body = JSON.stringify({ items: [{ request: "view", user: { email }, preverified: true }] })
  const answer = await ledger.handler(new Request(`http://localhost${path}`, { method: "POST", headers, body }))
  expect(answer.status, await answer.text()).toBe(201)
}

test("mails wait until an opening has a mail server, which a warning says", async () => {
  const place = { url: `sqlite:${join(folder(), "ledger.db")}`, options: {} }
  const first = await openAt(place)
  await ask(first, "jo@example.org")
  await first.close()
  await (await openAt(place)).close()
  expect(warnings).toContain("mails wait, because the option mail is not set: 1")
  const mail = { smtpUrl: server.url, from: "Example <privacy@example.com>", publicUrl: "https://example.com/consent/" }
  await using ledger = await openAt(place, { mail })
  await ask(ledger, "jim@example.org")
  await server.until(() => server.mails.length === 2)
  expect(server.mails.flatMap(({ to }) => to).toSorted()).toEqual(["jim@example.org", "jo@example.org"])
  const [, second] = server.mails.toSorted((a, b) => b.to[0]!.localeCompare(a.to[0]!))
  expect(second!.parsed.from).toEqual({ address: "privacy@example.com", name: "Example" })
  expect(second!.parsed.text).toContain("https://example.com/consent/site-v1/")
})

test("an option that cannot be used is named, and its password is not repeated", async () => {
  const mail = { smtpUrl: "smtp://jo:hunter2@", from: "jo", returnPath: "x", publicUrl: "example.com" }
  const error = await errorOf(open("memory:", { mail }))
  expect(error).toBeInstanceOf(OpenError)
  const { code, message } = error as OpenError
  expect(code).toBe("options")
  for (const member of Object.keys(mail)) expect(message).toContain(`/mail/${member}: expected`)
  expect(message).not.toContain("hunter2")
})
