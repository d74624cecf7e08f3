/** Organizations and projects: created, changed, listed. Changes act at once, and secrets are never answered. */
import { exportJWK, generateKeyPair } from "jose"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Answer, Sent } from "../support/server.ts"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import { expectNoSecrets, expectNotSet, instant, notTheirs, stored, uuid } from "./catalogEntries.ts"
import {
  acme,
  asOwner,
  asVisitor,
  blog,
  foreign,
  openSession,
  privacy,
  shop,
  startWorld,
  violations,
  visit,
  yes,
} from "./world.ts"

const server = served(startWorld)
let database: DatabaseSync
beforeAll(() => {
  database = new DatabaseSync(server.file, { timeout: 10_000, readOnly: true })
})
afterAll(() => database.close())

const base = "/privacy-v1/organizations"
const projects = `${base}/${acme.id}/projects`

const send = (method: string, path: string, json?: unknown, secret = asOwner["x-api-key"]): Promise<Answer> => {
  const sent: Sent = { headers: { "x-api-key": secret } }
  return server.request(method, path, json === undefined ? sent : { ...sent, json })
}

const wanted = { name: "New", primaryDomain: "new.example", privacyPolicyUrl: "https://new.example/privacy" }

/** A new project. */
const newProject = async (fields: object = {}) => {
  const answer = await send("POST", projects, { name: "Made", ...fields })
  expect(answer.status, answer.text).toBe(201)
  return answer.json as { readonly id: string; readonly domains: ReadonlyArray<string> }
}

describe("an organization", () => {
  test("is answered with what it was created with, its instants, and an owner's key", async () => {
    const answer = await send("POST", base, wanted)
    expect(answer.status).toBe(201)
    const { id, dateCreated, dateUpdated, apiKey, ...rest } = answer.json
    expect(rest).toEqual({ ...wanted, jwks: { keys: [] } })
    expect(id).toMatch(uuid)
    expect(dateCreated).toMatch(instant)
    expect(dateUpdated).toBe(dateCreated)
    expect(apiKey).toMatchObject({ organization: id, role: "owner", permissions: [] })
    expect(apiKey).not.toHaveProperty("expiresAt")
    expectNoSecrets(database, answer)
  })

  test("is invisible to the key that made it, and its own key sees nothing else", async () => {
    const { id, apiKey } = (await send("POST", base, wanted)).json
    expect((await send("GET", base)).json.items.map((each: { id: string }) => each.id)).toEqual([acme.id])
    expect((await send("GET", base, undefined, apiKey.secret)).json).toMatchObject({ total: 1, items: [{ id }] })
    for (const [method, path, json] of [
      ["PATCH", "", { name: "Mine" }],
      ["GET", "/projects"],
      ["POST", "/projects", { name: "Mine" }],
      ["GET", "/api-keys"],
      ["POST", "/api-keys", { name: "Mine", role: "owner" }],
      ["DELETE", `/api-keys/${apiKey.id}`],
    ] as const) {
      expectProblem(await send(method, `${base}/${id}${path}`, json), 404)
      expectProblem(await send(method, `${base}/${acme.id}${path}`, json, apiKey.secret), 404)
    }
    expect((await send("GET", `${base}/${id}/projects`, undefined, apiKey.secret)).json.total).toBe(0)
    const made = await send("POST", `${base}/${id}/projects`, { name: "Mine" }, apiKey.secret)
    expect([made.status, made.json.organization]).toEqual([201, id])
    expect((await send("GET", `${base}/${id}/api-keys`, undefined, apiKey.secret)).json.total).toBe(1)
  })

  test("has an owner's key that cannot be lost", async () => {
    const { id, apiKey } = (await send("POST", base, wanted)).json
    const path = `${base}/${id}/api-keys/${apiKey.id}`
    const answer = await send("DELETE", path, undefined, apiKey.secret)
    expectProblem(answer, 409)
    expect(answer.json.errors).toMatchObject([{ code: "last_owner" }])
  })

  test("changes only what is sent, and says when", async () => {
    const { id, apiKey, ...before } = (await send("POST", base, wanted)).json
    for (const change of [
      { name: "Renamed" },
      { primaryDomain: "b.example" },
      { privacyPolicyUrl: "http://b.example/" },
    ]) {
      const answer = await send("PATCH", `${base}/${id}`, change, apiKey.secret)
      expect(answer.status).toBe(200)
      const { dateUpdated, ...after } = Object.assign(before, change)
      expect(answer.json).toMatchObject({ id, ...after })
      expect(answer.json.dateUpdated >= dateUpdated).toBe(true)
      expect((await send("GET", base, undefined, apiKey.secret)).json.items).toEqual([answer.json])
    }
  })

  test.each([
    ["nothing", {}, ["/name missing", "/primaryDomain missing", "/privacyPolicyUrl missing"]],
    ["a name of one character", { ...wanted, name: "x" }, ["/name invalid"]],
    ["a name of 1025 characters", { ...wanted, name: "x".repeat(1025) }, ["/name invalid"]],
    ["a domain with a scheme", { ...wanted, primaryDomain: "https://new.example" }, ["/primaryDomain invalid"]],
    [
      "a policy that is a script",
      { ...wanted, privacyPolicyUrl: "javascript:alert(1)" },
      ["/privacyPolicyUrl invalid"],
    ],
    [
      "everything wrong",
      { name: 5, primaryDomain: [], privacyPolicyUrl: "x", jwks: { keys: 1 } },
      ["/jwks/keys invalid", "/name invalid", "/primaryDomain invalid", "/privacyPolicyUrl invalid"],
    ],
  ])("set up with %s is 422 and names every violation", async (_, json, expected) => {
    const answer = await send("POST", base, json)
    expectProblem(answer, 422)
    expect(violations(answer)).toEqual(expected)
  })

  test("of a name of 2 or 1024 characters is created", async () => {
    for (const length of [2, 1024]) {
      expect((await send("POST", base, { ...wanted, name: "x".repeat(length) })).status).toBe(201)
    }
  })

  test("keeps what a body may not set: ids, keys, numbers, dates", async () => {
    const made = await send("POST", base, { ...wanted, ...notTheirs, apiKey: { secret: "mine", role: "none" } })
    expect(made.status).toBe(201)
    const { id, apiKey, dateCreated } = made.json
    const entry = stored(database, id)
    expectNotSet(entry)
    expect(apiKey.role).toBe("owner")
    const changed = await send("PATCH", `${base}/${id}`, { ...notTheirs, name: "Same" }, apiKey.secret)
    expect(changed.json).toMatchObject({ id, dateCreated, name: "Same" })
    const { dateUpdated: _, ...after } = stored(database, id)
    const { dateUpdated: __, ...before } = entry
    expect(after).toEqual({ ...before, name: "Same" })
  })
})

describe("the public keys of an organization", () => {
  const path = `${base}/${acme.id}`

  test("are kept without what is private of them, taken away by null, and left by their absence", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true })
    const [{ d, ...sent }, { kty, crv, x, y }] = [await exportJWK(privateKey), await exportJWK(publicKey)]
    const answer = await send("PATCH", path, { jwks: { keys: [{ ...sent, d, kid: "one", use: "sig" }] } })
    const jwks = { keys: [{ kty, crv, x, y, kid: "one" }] }
    expect([answer.status, answer.json.jwks]).toEqual([200, jwks])
    expect(JSON.stringify(stored(database, acme.id))).not.toContain(d)
    expect((await send("PATCH", path, { name: "Acme" })).json.jwks).toEqual(jwks)
    expect((await send("PATCH", path, { jwks: null })).json.jwks).toEqual({ keys: [] })
  })

  test.each([
    [
      "of RSA",
      { kty: "RSA", n: "AQAB", e: "AQAB" },
      ["/jwks/keys/0/crv missing", "/jwks/keys/0/kty invalid", "/jwks/keys/0/x missing", "/jwks/keys/0/y missing"],
    ],
    [
      "a secret one",
      { kty: "oct", k: "AQAB" },
      ["/jwks/keys/0/crv missing", "/jwks/keys/0/kty invalid", "/jwks/keys/0/x missing", "/jwks/keys/0/y missing"],
    ],
    [
      "on another curve",
      { kty: "EC", crv: "P-384", x: "A".repeat(43), y: "A".repeat(43) },
      ["/jwks/keys/0/crv invalid"],
    ],
    ["of too few bytes", { kty: "EC", crv: "P-256", x: "A".repeat(42), y: "A".repeat(43) }, ["/jwks/keys/0/x invalid"]],
  ])("must be for ES256: one %s is 422", async (_, key, expected) => {
    const answer = await send("PATCH", path, { jwks: { keys: [key] } })
    expectProblem(answer, 422)
    expect(violations(answer)).toEqual(expected)
  })

  test("are 16 at most", async () => {
    const { publicKey } = await generateKeyPair("ES256")
    const key = await exportJWK(publicKey)
    expect((await send("PATCH", path, { jwks: { keys: Array(16).fill(key) } })).status).toBe(200)
    expect(violations(await send("PATCH", path, { jwks: { keys: Array(17).fill(key) } }))).toEqual([
      "/jwks/keys invalid",
    ])
  })
})

describe("a project", () => {
  test("is answered with what it was created with, its domains once and in lower case", async () => {
    const domains = ["WWW.Made.Example", "www.made.example", "made.example"]
    const answer = await send("POST", projects, { name: "Made", type: "website", domains, status: "test" })
    expect(answer.status).toBe(201)
    const { id, dateCreated, dateUpdated, ...rest } = answer.json
    expect(rest).toEqual({
      organization: acme.id,
      name: "Made",
      type: "website",
      domains: ["www.made.example", "made.example"],
      status: "test",
      appOrigins: [],
      earliestConsentDate: "1990-01-01T00:00:00.000Z",
    })
    expect(id).toMatch(uuid)
    expect(dateCreated).toMatch(instant)
    expect(dateUpdated).toBe(dateCreated)
    expectNoSecrets(database, answer)
    expectNoSecrets(database, await send("GET", projects))
  })

  test("takes a retention of guests and people, and no other member, nor what is not an object", async () => {
    const { id } = await newProject({ retention: { guests: "P13M", people: null } })
    const path = `${projects}/${id}`
    const expected = [
      [{ guest: "P1D" }, ["/retention/guest invalid"]],
      [{ guests: "P1D", visitors: "P1D" }, ["/retention/visitors invalid"]],
      [{ guests: 5 }, ["/retention/guests invalid"]],
      ["P1D", ["/retention invalid"]],
      [["P1D"], ["/retention invalid"]],
      [[], ["/retention invalid"]],
    ] as const
    for (const [retention, errors] of expected) {
      for (const answer of [
        await send("POST", projects, { name: "Made", retention }),
        await send("PATCH", path, { retention }),
      ]) {
        expectProblem(answer, 422)
        expect([retention, violations(answer)]).toEqual([retention, errors])
      }
    }
    const misspelt = await send("PATCH", path, { retention: { guest: "P1D" } })
    expect(misspelt.json.errors[0].detail).toBe("no such member; there are guests, people")
    expect((await send("PATCH", path, {})).json.retention).toEqual({ guests: "P1Y1M" })
    expect((await send("PATCH", path, { retention: null })).json.retention).toBeUndefined()
  })

  test("takes up to three lead times, each once and longer than zero", async () => {
    const { id } = await newProject({ leads: ["P30D", "PT12H"] })
    const path = `${projects}/${id}`
    const expected = [
      [["P1D", "P2D", "P3D", "P4D"], ["/leads invalid"]],
      [["P1Y", "P12M"], ["/leads invalid"]],
      [["P0D"], ["/leads/0 invalid"]],
      ["P30D", ["/leads invalid"]],
    ] as const
    for (const [leads, errors] of expected) {
      for (const answer of [
        await send("POST", projects, { name: "Made", leads }),
        await send("PATCH", path, { leads }),
      ]) {
        expectProblem(answer, 422)
        expect([leads, violations(answer)]).toEqual([leads, errors])
      }
    }
    expect((await send("PATCH", path, { name: "Renamed" })).json.leads).toEqual(["P30D", "PT12H"])
    expect((await send("PATCH", path, { leads: ["P3M"] })).json.leads).toEqual(["P3M"])
    expect((await send("PATCH", path, { leads: [] })).json.leads).toBeUndefined()
    expect((await newProject({ leads: null })) as object).not.toHaveProperty("leads")
  })

  test("is active and without domains where nothing else is said", async () => {
    expect(await newProject()).toMatchObject({ status: "active", domains: [], type: "website" })
    expect(await newProject({ type: null, domains: null, status: null })).toMatchObject({
      status: "active",
      domains: [],
    })
  })

  test.each([
    ["nothing", {}, ["/name missing"]],
    [
      "a short name, another type and status",
      { name: "x", type: "app", status: "gone" },
      ["/name invalid", "/status invalid", "/type invalid"],
    ],
    [
      "bad domains among good ones",
      {
        name: "Made",
        domains: [
          "good.example",
          "*.example",
          "https://a.example",
          "a.example:80",
          "a.example/x",
          "",
          "-a.example",
          "a..example",
          "user@a.example",
          "ä_.example",
          5,
        ],
      },
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((index) => `/domains/${index} invalid`).toSorted(),
    ],
  ])("set up with %s is 422 and names every violation", async (_, json, expected) => {
    for (const [method, path] of [
      ["POST", projects],
      ["PATCH", privacy()],
    ] as const) {
      const answer = await send(method, path, json)
      // A change may be empty.
      if (method === "PATCH" && Object.keys(json).length === 0) return expect(answer.status).toBe(200)
      expectProblem(answer, 422)
      expect(violations(answer)).toEqual(expected)
    }
    return undefined
  })

  test("keeps what a body may not set: ids, whose it is, numbers, dates", async () => {
    const made = await newProject(notTheirs)
    const entry = stored(database, made.id)
    expectNotSet(entry)
    expect(entry["organization"]).toBe(acme.id)
    const changed = await send("PATCH", `${projects}/${made.id}`, { ...notTheirs, name: "Same" })
    expect(changed.json).toMatchObject({ id: made.id, organization: acme.id, name: "Same" })
    const { dateUpdated: _, ...after } = stored(database, made.id)
    const { dateUpdated: __, ...before } = entry
    expect(after).toEqual({ ...before, name: "Same" })
  })

  test("lets pages of a new domain open sessions at once, and those of a removed one no more", async () => {
    const { id } = await newProject({ domains: ["a.example"] })
    const open = async (host: string) => {
      const answer = await server.request("POST", `/site-v1/${id}/session`, {
        headers: { origin: `https://${host}` },
        json: {},
      })
      return [answer.status, answer.headers["access-control-allow-origin"]]
    }
    const may = (host: string) => [201, `https://${host}`]
    const mayNot = [403, undefined]
    expect([await open("a.example"), await open("b.example")]).toEqual([may("a.example"), mayNot])
    await send("PATCH", `${projects}/${id}`, { domains: ["a.example", "B.Example"] })
    expect([await open("a.example"), await open("b.example")]).toEqual([may("a.example"), may("b.example")])
    await send("PATCH", `${projects}/${id}`, { domains: ["b.example"] })
    expect([await open("a.example"), await open("b.example")]).toEqual([mayNot, may("b.example")])
    await send("PATCH", `${projects}/${id}`, { domains: [] })
    expect([await open("a.example"), await open("b.example")]).toEqual([mayNot, mayNot])
    // The domains of another project stay as they are.
    expect((await openSession(server)).status).toBe(201)
  })

  test("that is archived takes a refusal from servers and visitors, and nothing else, until it is active again", async () => {
    const visitor = await visit(server)
    const states = ["accepted", "implied", "viewed", "declined"]
    const answers = async () => {
      const statuses = []
      for (const consentState of states) {
        const item = yes({ consentState })
        const recorded = await send("POST", `${privacy()}/consent-events`, { items: [{ ...item, userId: "late" }] })
        const byVisitor = await asVisitor(server, visitor, "POST", "consent-events", { json: { items: [item] } })
        for (const answer of [recorded, byVisitor]) {
          if (answer.status === 422) expect(violations(answer)).toEqual(["/items/0/consentState project_not_active"])
        }
        statuses.push([consentState, recorded.status, byVisitor.status])
      }
      return statuses
    }
    await send("PATCH", privacy(), { status: "archived" })
    expect(await answers()).toEqual(states.map((state) => [state, ...(state === "declined" ? [201, 201] : [422, 422])]))
    // A visitor needs a session to refuse.
    expect((await openSession(server)).status).toBe(201)
    await send("PATCH", privacy(), { status: "active" })
    expect(await answers()).toEqual(states.map((state) => [state, 201, 201]))
  })

  test("that is one's own is listed, and no other", async () => {
    const { items } = (await send("GET", projects)).json
    const ids = items.map(({ id }: { id: string }) => id)
    expect(ids).toEqual(expect.arrayContaining([shop.id, blog.id]))
    expect(ids).not.toContain(foreign.id)
    for (const { organization } of items) expect(organization).toBe(acme.id)
  })

  test("is created by each of many concurrent requests", async () => {
    const made = await Promise.all(Array.from({ length: 40 }, () => send("POST", projects, { name: "Together" })))
    expect(made.map(({ status }) => status)).toEqual(made.map(() => 201))
    const numbers = made.map(({ json }) => stored(database, json.id)["number"])
    expect(new Set(numbers).size).toBe(40)
  })
})
