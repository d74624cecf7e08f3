/**
 * Connectors over real sockets: tasks of compliance requests are handed to data systems, signed, and data systems say
 * what became of them.
 */
import { createHash, createSign } from "node:crypto"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { Webhook } from "standardwebhooks"
import { certificate as makeCertificate } from "../support/certificate.ts"
import { type Receiver, startReceiver } from "../support/receiver.ts"
import type { Server } from "../support/server.ts"
import { asKey, codesOf, ledgerTask, open, opened, work, worked } from "./complianceRequests.ts"
import { expectProblem } from "./problem.ts"
import { acme, asOwner, secretOf, startWorld, violations } from "./world.ts"

const organization = `/privacy-v1/organizations/${acme.id}`
const asViewer = { "x-api-key": secretOf(acme, "viewer") }
const asLimited = { "x-api-key": secretOf(acme, "limited") }
const publicUrl = "https://consent.example.com"

let receiver: Receiver
let server: Server
beforeAll(async () => {
  receiver = await startReceiver()
  server = await startWorld({ ASSENT_WEBHOOK_ALLOW: receiver.url, ASSENT_PUBLIC_URL: publicUrl })
})
afterAll(() => Promise.all([server?.stop(), receiver?.stop()]))

const call = (method: string, path: string, json?: object, headers: Record<string, string> = asOwner) =>
  server.request(method, `${organization}/${path}`, { headers, ...(json !== undefined && { json }) })

const makeSystem = async (name: string, more: object = {}): Promise<string> => {
  const answer = await call("POST", "data-systems", { name, status: "active", ...more })
  expect(answer.status, answer.text).toBe(201)
  return answer.json.id
}

const connect = async (id: string, path: string, more: object = {}) => {
  const answer = await call("PUT", `data-systems/${id}/connector`, { url: `${receiver.url}${path}`, ...more })
  expect(answer.status, answer.text).toBe(200)
  return answer.json
}

/** What was sent to a path, once something was. */
const sentTo = async (path: string, count = 1) => {
  const of = () => receiver.received.filter((each) => each.path === path)
  await receiver.until(() => of().length >= count)
  return of().map((each) => ({ ...each, json: JSON.parse(each.body) }))
}

const taskOf = async (id: string, dataSystem: string) => {
  const { json } = await asKey(server, "GET", `compliance-requests/${id}`)
  return json.dataSystemTasks.find((each: { readonly dataSystem: string }) => each.dataSystem === dataSystem)
}

const callBack = (url: string, json: object, headers: Record<string, string> = {}) =>
  server.request("POST", new URL(url).pathname, { json, headers })

describe("A connector", () => {
  let crm: string
  let secret: string
  beforeAll(async () => {
    crm = await makeSystem("CRM", { handles: ["view", "delete", "do_not_sell"] })
    const made = await connect(crm, "/crm", {
      identities: [
        { type: "email", format: "raw" },
        { type: "email", format: "sha256" },
      ],
    })
    secret = made.secret
  })
  afterAll(() => call("DELETE", `data-systems/${crm}`))

  test("gets the task of a request whose identity was shown, once, signed by Standard Webhooks", async () => {
    const { dataSystemTasks, id } = await opened(server, { preverified: true, user: { email: "Jo@Example.com" } })
    expect(dataSystemTasks.map((each: { readonly dataSystem: string }) => each.dataSystem)).toEqual([ledgerTask, crm])
    const [sent] = await sentTo("/crm")
    expect(new Webhook(secret).verify(sent!.body, sent!.headers)).toEqual(sent!.json)
    expect(sent!.json).toMatchObject({
      type: "compliance_request.task",
      complianceRequestId: id,
      dataSystem: crm,
      request: "view",
      identities: [
        { type: "email", format: "raw", value: "jo@example.com" },
        { type: "email", format: "sha256", value: createHash("sha256").update("jo@example.com").digest("hex") },
      ],
    })
    expect(sent!.json.callbackUrl).toMatch(`${publicUrl}/callbacks/`)
    await vi.waitFor(async () => expect((await taskOf(id, crm)).sending).toBe("sent"), { timeout: 20_000 })
    expect(await taskOf(id, crm)).toEqual({ dataSystem: crm, completed: false, sending: "sent" })
  })

  test("says how far it is, and that it has finished; a repetition changes nothing", async () => {
    const { id } = await opened(server, { request: "delete", preverified: true, user: { email: "ann@example.com" } })
    const { json } = (await sentTo("/crm", 2)).at(-1)!
    const report = {
      request_status: "in_progress",
      subject_request_id: json.id,
      results_url: "https://crm.example.com/r",
    }
    expect((await callBack(json.callbackUrl, report)).status).toBe(202)
    expect(await taskOf(id, crm)).toMatchObject({
      completed: false,
      progress: "in_progress",
      resultsUrl: "https://crm.example.com/r",
    })
    const read = await asKey(server, "GET", `compliance-requests/${id}`, { headers: asViewer })
    expect(read.text).not.toContain("crm.example.com")
    expectProblem(await work(server, id, { status: "resolved", resolution: "x", resolutionStatus: "completed" }), 422)
    for (let n = 0; n < 2; n += 1)
      expect((await callBack(json.callbackUrl, { ...report, request_status: "completed" })).status).toBe(202)
    // Another end comes too late.
    expect((await callBack(json.callbackUrl, { request_status: "cancelled" })).status).toBe(202)
    expect(await taskOf(id, crm)).toMatchObject({ completed: true, result: "completed" })
    const events = await asKey(server, "GET", `compliance-requests-events?complianceRequestId=${id}&event=task_done`)
    expect(events.json.items).toHaveLength(1)
    expect(events.json.items[0].submitter).toBe(`connector:${crm}`)
  })

  test("is told nothing before identity was shown, but for a refusal of sale", async () => {
    const before = receiver.received.length
    const waiting = await opened(server, { user: { email: "eve@example.com" } })
    const refusal = await opened(server, { request: "do_not_sell", user: { email: "eve@example.com" } })
    await receiver.until(() => receiver.received.length > before)
    const [first] = receiver.received.slice(before).map(({ body }) => JSON.parse(body))
    expect(first).toMatchObject({ complianceRequestId: refusal.id, request: "do_not_sell" })
    await worked(server, waiting.id, { verify: { reason: "seen at the desk" } })
    await receiver.until(() => receiver.received.length > before + 1)
    expect(JSON.parse(receiver.received.at(-1)!.body)).toMatchObject({
      complianceRequestId: waiting.id,
      request: "view",
    })
  })

  test("has a secret that is told once, and two that sign after a new one", async () => {
    const seen = await call("GET", `data-systems/${crm}/connector`)
    expect(seen.json).not.toHaveProperty("secret")
    expect(await connect(crm, "/crm")).not.toHaveProperty("secret")
    const rotated = await call("POST", `data-systems/${crm}/connector/secret`)
    expect(rotated.json.generation).toBe(2)
    const before = (await sentTo("/crm")).length
    await opened(server, { preverified: true, user: { email: "lee@example.com" } })
    const sent = (await sentTo("/crm", before + 1)).at(-1)!
    for (const each of [secret, rotated.json.secret]) new Webhook(each).verify(sent.body, sent.headers)
    secret = rotated.json.secret
  })

  test("of OpenDSR takes access and erasure alone", async () => {
    const system = await makeSystem("Analytics")
    await connect(system, "/dsr", { profile: "opendsr" })
    await open(server, [
      { request: "change", preverified: true, user: { email: "mo@example.com" } },
      { request: "delete", preverified: true, regulation: "clock:ccpa@2023-03", user: { email: "mo@example.com" } },
    ])
    const [sent, ...others] = await sentTo("/dsr")
    expect(others).toEqual([])
    expect(sent!.json).toEqual({
      regulation: "ccpa",
      subject_request_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4/),
      subject_request_type: "erasure",
      submitted_time: expect.any(String),
      subject_identities: [{ identity_type: "email", identity_value: "mo@example.com", identity_format: "raw" }],
      api_version: "2.0",
      status_callback_urls: [expect.stringContaining("/callbacks/")],
    })
    await call("DELETE", `data-systems/${system}`)
  })

  test("with a certificate takes only callbacks that its key has signed", async () => {
    const { cert: certificate, key } = makeCertificate("DNS:mailer.example.com")
    const system = await makeSystem("Mailer")
    await connect(system, "/signed", { certificate })
    const { id } = await opened(server, { preverified: true, user: { email: "ned@example.com" } })
    const json = (await sentTo("/signed"))[0]!.json
    const body = { request_status: "completed" }
    expectProblem(await callBack(json.callbackUrl, body), 403)
    expect((await taskOf(id, system)).completed).toBe(false)
    const signature = createSign("SHA256").update(JSON.stringify(body)).sign(key, "base64")
    for (const name of ["x-opendsr-signature", "x-opencompliance-signature", "x-opengdpr-signature"]) {
      expect((await callBack(json.callbackUrl, body, { [name]: signature })).status).toBe(202)
    }
    expect((await taskOf(id, system)).completed).toBe(true)
    await call("DELETE", `data-systems/${system}`)
  })
})

describe("Staff", () => {
  test("gives a request a task that its data system did not have, and ends it", async () => {
    const { id } = await opened(server, { preverified: true })
    const late = await makeSystem("Archive")
    const added = await worked(server, id, { dataSystemTasks: [{ dataSystem: late, completed: false }] })
    expect(added.dataSystemTasks.at(-1)).toEqual({ dataSystem: late, completed: false })
    const done = await worked(server, id, {
      dataSystemTasks: [{ dataSystem: late, completed: true, result: "no_records" }],
    })
    expect(done.dataSystemTasks.at(-1)).toEqual({ dataSystem: late, completed: true, result: "no_records" })
    const unknown = await work(server, id, {
      dataSystemTasks: [{ dataSystem: ledgerTask.replace("3", "4"), completed: true }],
    })
    expect(codesOf(unknown)).toEqual(["unknown_task"])
    await call("DELETE", `data-systems/${late}`)
  })

  test("cannot delete a data system that a request waits for: it is archived, and deleted once nothing waits", async () => {
    const needed = await makeSystem("Needed", { handles: ["change"] })
    const { id } = await opened(server, { request: "change", preverified: true })
    const archived = await call("DELETE", `data-systems/${needed}`)
    expect([archived.status, archived.json.status]).toEqual([200, "archived"])
    expect((await call("GET", `data-systems?dataSystemId=${needed}`)).json.count).toBe(1)
    await worked(server, id, { dataSystemTasks: [{ dataSystem: needed, completed: true }] })
    expect((await call("DELETE", `data-systems/${needed}`)).status).toBe(200)
    expect((await call("GET", `data-systems?dataSystemId=${needed}`)).json.count).toBe(0)
  })
})

describe("A data system that reports without end", () => {
  test("is heard a hundred times of how far it is, and of the end of the task", async () => {
    const system = await makeSystem("Talkative")
    await connect(system, "/talk")
    const { id } = await opened(server, { preverified: true, user: { email: "tia@example.com" } })
    const { callbackUrl } = (await sentTo("/talk"))[0]!.json
    for (let n = 1; n <= 102; n += 1)
      expect((await callBack(callbackUrl, { request_status: `step ${n}` })).status).toBe(202)
    const path = `compliance-requests-events?complianceRequestId=${id}&event=noted&limit=1000`
    expect((await asKey(server, "GET", path)).json.items).toHaveLength(100)
    expect(await taskOf(id, system)).toMatchObject({ completed: false, progress: "step 100" })
    await callBack(callbackUrl, { request_status: "completed" })
    expect(await taskOf(id, system)).toMatchObject({ completed: true, result: "completed" })
    await call("DELETE", `data-systems/${system}`)
  })
})

describe("What is refused", () => {
  test("a URL that leads inside, and a connector of the ledger or of nothing", async () => {
    const system = await makeSystem("Inside")
    for (const url of [
      "http://example.com/",
      "https://10.0.0.1/",
      "https://[::1]/",
      "https://user:x@example.com/",
      "https://169.254.169.254/latest",
    ]) {
      const refused = await call("PUT", `data-systems/${system}/connector`, { url })
      expectProblem(refused, 422)
      expect(violations(refused)).toEqual(["/url connector_url_not_allowed"])
    }
    expectProblem(await call("PUT", `data-systems/${ledgerTask}/connector`, { url: "https://example.com/" }), 422)
    expectProblem(await call("GET", `data-systems/${system}/connector`), 404)
    expectProblem(await call("POST", `data-systems/${system}/connector/secret`), 404)
    expectProblem(
      await call("PUT", `data-systems/${system}/connector`, { url: "https://example.com/" }, asLimited),
      403,
    )
    await call("DELETE", `data-systems/${system}`)
  })

  test("a callback with another token, body or id", async () => {
    const system = await makeSystem("Bad")
    await connect(system, "/bad")
    await opened(server, { preverified: true, user: { email: "pat@example.com" } })
    const json = (await sentTo("/bad"))[0]!.json
    const path = new URL(json.callbackUrl).pathname
    const body = { request_status: "completed" }
    // Another spelling of the same bytes: of the last character, four bits say nothing.
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    const spelled = path.slice(0, -1) + letters[letters.indexOf(path.at(-1)!) + 1]!
    const tokens = [
      path.slice(0, -1),
      spelled,
      `${path.slice(0, -4)}AAAA`,
      "/callbacks/x",
      `/callbacks/${"A".repeat(86)}`,
    ]
    for (const each of tokens) expectProblem(await server.request("POST", each, { json: body }), 404)
    expectProblem(await callBack(json.callbackUrl, { ...body, subject_request_id: ledgerTask }), 404)
    expectProblem(await callBack(json.callbackUrl, {}), 422)
    const tooLong = "x".repeat(65)
    for (const member of ["request_status", "status"]) {
      const refused = await callBack(json.callbackUrl, { [member]: tooLong })
      expectProblem(refused, 422)
      expect(refused.json.errors[0].pointer).toBe(`/${member}`)
    }
    const headers = { "content-type": "application/json" }
    expectProblem(await server.request("POST", path, { headers, body: "{" }), 400)
    expectProblem(
      await server.request("POST", path, { headers, body: `{"request_status":"${"x".repeat(65_536)}"}` }),
      413,
    )
    expectProblem(await server.request("POST", path, { headers: { "content-type": "text/plain" }, body: "{}" }), 415)
    await call("DELETE", `data-systems/${system}`)
  })
})
