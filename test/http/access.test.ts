/** API keys: which of them may ask and record, and that the projects of another organization do not exist for them. */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import {
  acme,
  ask,
  asOwner,
  foreign,
  foreignNewsletter,
  nobody,
  other,
  ownerKeyId,
  privacy,
  record,
  secretOf,
  shop,
  startWorld,
  visit,
  yes,
} from "./world.ts"

const server = served(startWorld)

/** Every endpoint of the privacy API, below a project's base. */
const call = (base: string, headers: Readonly<Record<string, string>>) => [
  () => server.request("POST", `${base}/consent-events`, { headers, json: { items: [yes({ userId: "access" })] } }),
  () => server.request("GET", `${base}/consent-state?userId=access`, { headers }),
  () => server.request("GET", `${base}/consent-decisions?userId=access`, { headers }),
]

describe("a key", () => {
  test.each([
    ["is missing", {}],
    ["is empty", { "x-api-key": "" }],
    ["is wrong", { "x-api-key": `assent_${"x".repeat(43)}` }],
    ["is the key's id", { "x-api-key": ownerKeyId }],
    ["has a letter more", { "x-api-key": `${asOwner["x-api-key"]}x` }],
    ["is in another case", { "x-api-key": asOwner["x-api-key"].toUpperCase() }],
    ["is sent as a bearer token", { authorization: `Bearer ${asOwner["x-api-key"]}` }],
    ["is 8,000 characters long", { "x-api-key": "k".repeat(8_000) }],
    ["is not ASCII", { "x-api-key": "\u00e9\u00ff" }],
  ])("that %s is answered 401", async (_, headers) => {
    for (const send of call(privacy(), headers as Record<string, string>)) expectProblem(await send(), 401)
  })

  test("that is a session's token is answered 401", async () => {
    const { session } = await visit(server)
    for (const send of call(privacy(), { "x-api-key": session })) expectProblem(await send(), 401)
  })

  test.each([
    ["owner", 201, 200],
    ["admin", 201, 200],
    ["limited", 201, 200],
    ["viewer", 403, 200],
    ["none", 403, 403],
  ] as const)("of the role %s: recording is answered %i, asking %i", async (role, toWrite, toRead) => {
    const statuses = []
    for (const send of call(privacy(), { "x-api-key": secretOf(acme, role) })) {
      const answer = await send()
      if (answer.status === 403) expectProblem(answer, 403)
      statuses.push(answer.status)
    }
    expect(statuses).toEqual([toWrite, toRead, toRead])
  })

  test("that may not write records nothing", async () => {
    const headers = { "x-api-key": secretOf(acme, "viewer") }
    await record(server, [yes({ userId: "not allowed" })], { headers })
    expect((await ask(server, "consent-state", { userId: "not allowed" })).json.count).toBe(0)
  })

  test("is the submitter of what it records: its id, never its secret", async () => {
    const headers = { "x-api-key": secretOf(acme, "limited") }
    const { items } = (await record(server, [yes({ userId: "submitter" })], { headers })).json
    expect(items[0].submitter).toMatch(/^[0-9a-f-]{36}$/)
    expect(items[0].submitter).not.toBe(ownerKeyId)
  })
})

describe("another organization's project", () => {
  test.each([
    ["in its own path", privacy(foreign)],
    ["under one's own organization", privacy(foreign, acme.id)],
    ["one's own project under another organization", privacy(shop, other.id)],
    ["a project that does not exist", privacy({ ...shop, id: nobody })],
    ["an organization that does not exist", privacy(shop, nobody)],
    ["ids that are no UUIDs", privacy({ ...shop, id: "x" }, "__proto__")],
  ])("is 404: %s", async (_, base) => {
    for (const send of call(base, asOwner)) expectProblem(await send(), 404)
  })

  test("is answered like one that does not exist, even to a key that may do nothing", async () => {
    const bodies = []
    for (const base of [privacy(foreign), privacy({ ...foreign, id: nobody })]) {
      for (const headers of [asOwner, { "x-api-key": secretOf(acme, "none") }]) {
        for (const send of call(base, headers)) {
          const { instance: _, ...body } = (await send()).json
          bodies.push(JSON.stringify(body))
        }
      }
    }
    expect(new Set(bodies).size).toBe(1)
  })

  test("is answered before the body is looked at", async () => {
    const headers = { ...asOwner, "content-type": "application/json" }
    const answer = await server.request("POST", `${privacy(foreign)}/consent-events`, { headers, body: "{" })
    expectProblem(answer, 404)
  })

  test("has its own people: the same e-mail is another person there", async () => {
    const email = "shared@example.com"
    const [ours] = (await record(server, [yes({ email })])).json.items
    const headers = { "x-api-key": secretOf(other, "owner") }
    const item = yes({ email, consentType: foreignNewsletter.id, consentState: "declined" })
    const sent = { headers, json: { items: [item] } }
    const [theirs] = (await server.request("POST", `${privacy(foreign)}/consent-events`, sent)).json.items
    expect(theirs.concordId).not.toBe(ours.concordId)
    // A known concordId does not open the other organization's events either.
    const query = `consent-state?concordId=${ours.concordId}`
    const asked = await server.request("GET", `${privacy(foreign)}/${query}`, { headers })
    expect(asked.json).toEqual({ count: 0, items: [] })
  })

  test("its consent types are unknown here", async () => {
    const answer = await record(server, [yes({ userId: "u", consentType: foreignNewsletter.id })])
    expectProblem(answer, 422)
    expect(answer.json.errors).toMatchObject([{ pointer: "/items/0/consentType", code: "unknown_consent_type" }])
  })
})
