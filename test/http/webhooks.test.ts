/** Webhooks over HTTP: one real server that sends to one real receiver. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Received, type Receiver, startReceiver } from "../support/receiver.ts"
import type { Server } from "../support/server.ts"
import { startEmpty } from "../support/server.ts"
import { verify } from "../support/webhooks/verify.ts"

let receiver: Receiver
let server: Server
let project: string
let privacy: Readonly<Record<string, string>>
let types: ReadonlyArray<{ readonly id: string }>

beforeAll(async () => {
  receiver = await startReceiver()
  server = await startEmpty({ ASSENT_WEBHOOK_ALLOW: receiver.url })
  const { apiKey, organization, project: id } = server.banner()
  privacy = { "x-api-key": apiKey }
  project = `/privacy-v1/organizations/${organization}/projects/${id}`
  types = (await ask("GET", "/consent-types")).json.items
  // The types of the demonstration are announced before anything else.
  const changes = await ask("GET", "/changes?types=type.published&limit=4&wait=30")
  if (changes.json.count < 4) await ask("GET", `/changes?types=type.published&after=${changes.json.mark}&wait=30`)
})
afterAll(async () => {
  await server.stop()
  await receiver.stop()
})

const ask = (method: string, path: string, json?: unknown, headers: Readonly<Record<string, string>> = {}) =>
  server.request(method, `${project}${path}`, {
    headers: { ...privacy, ...headers },
    ...(json !== undefined && { json }),
  })

const say = async (userId: string, consentState = "accepted") => {
  const item = { userId, consentType: types[0]!.id, consentState, consentAction: "user_click" }
  const answer = await ask("POST", "/consent-events", { items: [item] })
  expect(answer.status).toBe(201)
  return answer.json.items[0] as { readonly id: string; readonly concordId: string }
}

const create = async (over: object = {}) => {
  const answer = await ask("POST", "/webhooks", { url: `${receiver.url}/hook`, ...over })
  expect(answer.status, answer.text).toBe(201)
  return answer.json
}

const since = (n: number): ReadonlyArray<Received> => receiver.received.slice(n)

describe("a webhook", () => {
  test("is sent what is recorded, signed by the secret that its creation answered", async () => {
    const from = receiver.received.length
    const webhook = await create()
    expect(webhook).toMatchObject({ status: "active", scheme: "hmac", concurrency: 4, generation: 1 })
    expect(webhook.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const event = await say("jo")
    await receiver.until(() => since(from).length === 1)
    const [sent] = since(from) as [Received]
    expect(JSON.parse(sent.body).data).toMatchObject({ event: event.id, concordId: event.concordId })
    expect(verify(webhook.secret, sent)).toBe(true)
    const again = await ask("GET", `/webhooks/${webhook.id}`)
    expect(again.json.secret).toBeUndefined()
    expect((await ask("GET", "/webhooks")).json).toMatchObject({ count: 1, items: [{ id: webhook.id }] })
    expect((await ask("DELETE", `/webhooks/${webhook.id}`)).status).toBe(200)
    expect((await ask("GET", `/webhooks/${webhook.id}`)).status).toBe(404)
  })

  test("gets a new secret, and both sign until the overlap ends", async () => {
    const from = receiver.received.length
    const webhook = await create()
    const rotated = await ask("POST", `/webhooks/${webhook.id}/secret`, { overlap: "PT1H" })
    expect(rotated.json).toMatchObject({ generation: 2, overlapUntil: expect.any(String) })
    expect(rotated.json.secret).not.toBe(webhook.secret)
    await say("jo")
    await receiver.until(() => since(from).length === 1)
    const [sent] = since(from) as [Received]
    expect(sent.signature.split(" ").length).toBe(2)
    for (const secret of [webhook.secret, rotated.json.secret]) expect(verify(secret, sent)).toBe(true)
    expect((await ask("POST", `/webhooks/${webhook.id}/secret`, { overlap: "P8D" })).status).toBe(422)
    await ask("DELETE", `/webhooks/${webhook.id}`)
  })

  test("of ed25519 tells its public keys and no secret", async () => {
    const from = receiver.received.length
    const webhook = await create({ scheme: "ed25519" })
    expect(webhook.secret).toBeUndefined()
    expect(webhook.publicKeys).toEqual([expect.stringMatching(/^whpk_/)])
    await say("jo")
    await receiver.until(() => since(from).length === 1)
    expect(verify(webhook.publicKeys[0], since(from)[0]!)).toBe(true)
    await ask("DELETE", `/webhooks/${webhook.id}`)
  })

  test("begins where it is told, leaves out what it does not take, and adds the decision", async () => {
    await say("before")
    const from = receiver.received.length
    const other = await create({ after: "start", types: ["decision.*"] })
    const told = { types: ["consent.recorded"], include: ["decision"] }
    const webhook = await create({ after: "start", ...told, consentTypes: [types[0]!.id.toUpperCase()] })
    await receiver.until(() => since(from).some(({ body }) => JSON.parse(body).data.decision !== undefined))
    for (const { body } of since(from)) {
      const { data } = JSON.parse(body)
      expect(data.decision).toMatchObject({ consentType: types[0]!.id, permitted: true })
    }
    const { health } = (await ask("GET", `/webhooks/${other.id}`)).json
    expect(health).toMatchObject({ state: "ok", failures: 0, parked: 0, dead: 0 })
    for (const { id } of [webhook, other]) await ask("DELETE", `/webhooks/${id}`)
  })

  test("that is disabled is sent nothing, and goes on where it stood once it is enabled", async () => {
    const webhook = await create()
    expect((await ask("PATCH", `/webhooks/${webhook.id}`, { status: "disabled" })).json.status).toBe("disabled")
    const from = receiver.received.length
    const event = await say("while disabled")
    expect((await ask("PATCH", `/webhooks/${webhook.id}`, { after: "now" })).status).toBe(422)
    expect((await ask("PATCH", `/webhooks/${webhook.id}`, { status: "active" })).json.status).toBe("active")
    await receiver.until(() => since(from).length === 1)
    expect(JSON.parse(since(from)[0]!.body).data.event).toBe(event.id)
    await ask("DELETE", `/webhooks/${webhook.id}`)
  })

  test("is disabled by 410", async () => {
    const webhook = await create()
    receiver.behave(() => ({ status: 410 }))
    const from = receiver.received.length
    await say("jo")
    await receiver.until(() => since(from).length === 1)
    let now = webhook
    while (now.status === "active") now = (await ask("GET", `/webhooks/${webhook.id}`)).json
    expect(now).toMatchObject({ status: "disabled", disabledBecause: "gone", health: { state: "disabled" } })
    receiver.behave(() => ({ status: 204 }))
    await ask("DELETE", `/webhooks/${webhook.id}`)
  })

  // Mutant: a webhook that was changed rests on.
  test("that rests is tried at once when it is changed", async () => {
    const webhook = await create()
    receiver.behave(() => ({ status: 503, headers: { "retry-after": "3000" } }))
    const from = receiver.received.length
    await say("jo")
    await receiver.until(() => since(from).length === 1)
    let { health } = webhook
    while (health.state !== "resting") health = (await ask("GET", `/webhooks/${webhook.id}`)).json.health
    receiver.behave(() => ({ status: 204 }))
    await ask("PATCH", `/webhooks/${webhook.id}`, { status: "active" })
    await receiver.until(() => since(from).length === 2)
    while (health.state !== "ok") health = (await ask("GET", `/webhooks/${webhook.id}`)).json.health
    await ask("DELETE", `/webhooks/${webhook.id}`)
  })

  test("is tried with a sample, and its tries are listed without what was answered", async () => {
    const webhook = await create()
    const from = receiver.received.length
    const tried = await ask("POST", `/webhooks/${webhook.id}/test`)
    expect(tried.json).toMatchObject({ outcome: "204", isTaken: true })
    expect(JSON.parse(since(from)[0]!.body).data.isSample).toBe(true)
    const event = await say("jo")
    await receiver.until(() => since(from).length === 2)
    let items: ReadonlyArray<Readonly<Record<string, unknown>>> = []
    while (items.length === 0) items = (await ask("GET", `/webhooks/${webhook.id}/deliveries?outcome=taken`)).json.items
    const [{ id }] = [JSON.parse(since(from)[1]!.body).data]
    expect(items).toEqual([
      {
        change: id,
        type: "consent.recorded",
        attempt: 1,
        at: expect.any(String),
        millis: expect.any(Number),
        outcome: "204",
        isReplay: false,
      },
    ])
    expect(event.id).toBeDefined()
    expect((await ask("GET", `/webhooks/${webhook.id}/deliveries?outcome=failed`)).json.items).toEqual([])
    expect((await ask("GET", `/webhooks/${webhook.id}/dead-letters`)).json).toEqual({ count: 0, items: [] })
    await ask("DELETE", `/webhooks/${webhook.id}`)
  })

  test("is sent again what is replayed, with the same ids and a header", async () => {
    const webhook = await create()
    const from = receiver.received.length
    await say("jo")
    await say("jo", "declined")
    await receiver.until(() => since(from).length === 2)
    let lag = 1
    while (lag > 0) lag = (await ask("GET", `/webhooks/${webhook.id}`)).json.health.lag
    const replay = await ask("POST", `/webhooks/${webhook.id}/replay`, { since: new Date(0).toISOString() })
    expect(replay.status, replay.text).toBe(202)
    const ids = since(from).map(({ id }) => id)
    const replayed = () => since(from).filter(({ headers }) => headers["assent-replay"] === "1")
    await receiver.until(() => replayed().some(({ id }) => id === ids[1]))
    const again = replayed().map(({ id }) => id)
    expect(again.filter((id) => ids.includes(id))).toEqual(ids)
    const dead = await ask("POST", `/webhooks/${webhook.id}/replay`, { deadLetters: true })
    expect(dead.json).toMatchObject({ count: 0 })
    expect((await ask("POST", `/webhooks/${webhook.id}/replay`, {})).status).toBe(422)
    await ask("DELETE", `/webhooks/${webhook.id}`)
  })
})

describe("a webhook is refused", () => {
  test.each([
    ["http://receiver.example/"],
    ["https://user@receiver.example/"],
    ["https://receiver.example/#part"],
    ["https://10.0.0.1:8443/"],
    ["https://receiver.example:22/"],
  ])("with 422 for %s", async (url) => {
    const answer = await ask("POST", "/webhooks", { url })
    expect(answer.status).toBe(422)
    expect(answer.json.errors).toMatchObject([{ pointer: "/url", code: "url_not_allowed" }])
    expect(answer.text).not.toContain("receiver.example")
  })

  test("with 422 for what it does not know, and with 400 for a mark that is none", async () => {
    const url = `${receiver.url}/hook`
    const unknown = await ask("POST", "/webhooks", { url, consentTypes: ["018d5d1e-0000-7000-8000-000000000001"] })
    expect(unknown.json.errors).toMatchObject([{ pointer: "/consentTypes/0", code: "unknown_consent_type" }])
    const misspelt = await ask("POST", "/webhooks", { url, types: ["decision.chnaged"], concurrency: 17 })
    expect(misspelt.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      "/types/0",
      "/concurrency",
    ])
    const mark = await ask("POST", "/webhooks", { url, after: "AAAA" })
    expect([mark.status, mark.json.errors[0].code]).toEqual([400, "unknown_mark"])
  })

  test("with 409 after twenty, and the same request again is one webhook with one secret", async () => {
    const key = { "idempotency-key": "twice" }
    const body = { url: `${receiver.url}/hook`, types: ["person.erased"] }
    const [first, second] = [await ask("POST", "/webhooks", body, key), await ask("POST", "/webhooks", body, key)]
    expect([second.status, second.json.id, second.json.secret]).toEqual([201, first.json.id, first.json.secret])
    const made = [first.json.id]
    for (let n = 1; n < 20; n++) made.push((await create({ types: ["person.erased"] })).id)
    const beyond = await ask("POST", "/webhooks", body)
    expect([beyond.status, beyond.json.errors[0].code]).toEqual([409, "too_many"])
    for (const id of made) await ask("DELETE", `/webhooks/${id}`)
  })
})
