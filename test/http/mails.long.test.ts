/**
 * Mails of a real server: they wait without a mail server, and are sent over TLS once there is one; what the mail
 * server refuses is in the facts, the metrics and the log, which name no address.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { certificate } from "../support/certificate.ts"
import { type MailServer, startMailServer } from "../support/mailServer.ts"
import { eventually, folder, freePort, type Server, start, startEmpty } from "../support/server.ts"
import { valueIn } from "./metricValues.ts"

const stops: Array<() => Promise<unknown>> = []
afterAll(() => Promise.all(stops.map((stop) => stop())))

const running = async (server: Promise<Server>): Promise<Server> => {
  const started = await server
  stops.push(started.stop)
  return started
}

/** A mail server with TLS, and what a server needs to trust it. */
const secureMailServer = async (
  at: string,
): Promise<{ readonly mail: MailServer; readonly env: Record<string, string> }> => {
  const made = certificate("DNS:localhost", "IP:127.0.0.1")
  const ca = join(at, "ca.pem")
  writeFileSync(ca, made.cert)
  const mail = await startMailServer({ secure: true, ...made })
  stops.push(mail.stop)
  const url = `smtps://localhost:${mail.port}`
  return {
    mail,
    env: { ASSENT_SMTP_URL: url, ASSENT_MAIL_FROM: "Acme <privacy@acme.example>", NODE_EXTRA_CA_CERTS: ca },
  }
}

test("while the mail server refuses the login, mails wait, which one line of the log and a metric say", async () => {
  const mail = await startMailServer({
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth: (_auth, _session, done) => done(new Error("no")),
  })
  stops.push(mail.stop)
  const metricsPort = await freePort()
  const url = mail.url.replace("//", "//user:hunter2@")
  const env = {
    ASSENT_SMTP_URL: url,
    ASSENT_MAIL_FROM: "privacy@acme.example",
    ASSENT_METRICS_PORT: String(metricsPort),
  }
  const server = await running(startEmpty(env))
  const { apiKey, organization, project } = server.banner()
  const path = `/privacy-v1/organizations/${organization}/projects/${project}/compliance-requests`
  const items = Array.from({ length: 30 }, () => ({
    request: "view",
    user: { email: "jo@example.org" },
    preverified: true,
  }))
  const opened = await server.request("POST", path, { headers: { "x-api-key": apiKey }, json: { items } })
  expect(opened.status, opened.text).toBe(201)
  const refuses = /the mail server refuses this server/g
  await eventually(() => refuses.test(server.log()), "the refusal is logged")
  expect((await server.request("GET", "/readyz")).status).toBe(200)
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  expect(valueIn(metrics, "assent_mail_server_refuses")).toBe(1)
  await server.end("SIGTERM")
  expect(server.log().match(refuses)).toHaveLength(1)
  expect(server.log()).not.toMatch(/hunter2|jo@/)
  expect(mail.mails).toEqual([])
})

test("mails wait without a mail server, and are sent once there is one; a refused one is told", async () => {
  const at = folder()
  const file = join(at, "ledger.db")
  const first = await running(startEmpty({}, { file }))
  const { apiKey, organization, project } = first.banner()
  const path = `/privacy-v1/organizations/${organization}/projects/${project}`
  const headers = { "x-api-key": apiKey }
  const open = async (server: Server, email: string): Promise<string> => {
    const items = [{ request: "view", user: { email }, preverified: true, language: "fr-CA" }]
    const answer = await server.request("POST", `${path}/compliance-requests`, { headers, json: { items } })
    expect(answer.status, answer.text).toBe(201)
    return answer.json.items[0].id
  }
  const id = await open(first, "jo@example.org")
  expect((await first.end("SIGTERM")).code).toBe(0)

  const waiting = await running(start({ file }))
  await eventually(() => /^mails: /m.test(waiting.output()), "the mails that wait are counted")
  expect(waiting.output()).toMatch(/^mails: 1 mail waits, because ASSENT_SMTP_URL is not set; see: .* outbox list$/m)
  await waiting.end("SIGTERM")

  const { env, mail } = await secureMailServer(at)
  const metricsPort = await freePort()
  const server = await running(start({ file, env: { ...env, ASSENT_METRICS_PORT: String(metricsPort) } }))
  await mail.until(() => mail.mails.length === 1)
  const [sent] = mail.mails
  expect(sent).toMatchObject({ from: "privacy@acme.example", to: ["jo@example.org"] })
  expect(sent!.parsed).toMatchObject({ from: { address: "privacy@acme.example", name: "Acme" } })
  expect(sent!.parsed.text).toContain(`Numéro de la demande\u00a0: ${id}`)

  mail.behave({ to: () => 550 })
  const refused = await open(server, "nobody@example.org")
  const failed = /a mail was not sent/
  await eventually(() => failed.test(server.log()), "the refusal is logged")
  expect(server.log()).not.toMatch(/example\.org|nobody|Acme/)
  const events = await server.request("GET", `${path}/compliance-requests-events?complianceRequestId=${refused}`, {
    headers,
  })
  const mailed = events.json.items.find(({ event }: { readonly event: string }) => event === "mailed")
  expect(mailed.details).toMatchObject({ text: "received", outcome: "failed" })
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  expect(valueIn(metrics, "assent_mails_total", 'template="received"', 'outcome="sent"')).toBe(1)
  expect(valueIn(metrics, "assent_mails_total", 'template="received"', 'outcome="failed"')).toBe(1)
  expect((await server.end("SIGTERM")).code).toBe(0)
})
