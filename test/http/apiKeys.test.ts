/** API keys: a secret is answered once, a change acts at once, and an organization cannot lose its last owner. */
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Answer, Sent } from "../support/server.ts"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import { expectNoSecrets, expectNotSet, instant, notTheirs, stored, uuid } from "./catalogEntries.ts"
import { acme, asOwner, blog, foreign, nobody, privacy, secretOf, shop, startWorld, violations, yes } from "./world.ts"

const server = served(startWorld)
let database: DatabaseSync
beforeAll(() => {
  database = new DatabaseSync(server.file, { timeout: 10_000 })
})
afterAll(() => database.close())

const organizations = "/privacy-v1/organizations"
const keys = `${organizations}/${acme.id}/api-keys`
const projects = `${organizations}/${acme.id}/projects`

const send = (
  method: string,
  path: string,
  json?: unknown,
  secret = asOwner["x-api-key"],
  headers = {},
): Promise<Answer> => {
  const sent: Sent = { headers: { "x-api-key": secret, ...headers } }
  return server.request(method, path, json === undefined ? sent : { ...sent, json })
}

interface Made {
  readonly id: string
  readonly secret: string
}

const newKey = async (fields: object = {}): Promise<Made> => {
  const answer = await send("POST", keys, { name: "Made", role: "viewer", ...fields })
  expect(answer.status, answer.text).toBe(201)
  return answer.json
}

/** The statuses of a question about the shop, and of recording there, with a key. */
const statuses = async ({ secret }: Made, of = shop): Promise<ReadonlyArray<number>> => {
  const asked = await send("GET", `${privacy(of)}/consent-types`, undefined, secret)
  const recorded = await send("PATCH", privacy(of), { name: of.name }, secret)
  return [asked.status, recorded.status]
}

describe("a secret", () => {
  test("is answered at creation and never again", async () => {
    const answer = await send("POST", keys, { name: "Told once", role: "limited" })
    expect(answer.status).toBe(201)
    const { id, secret, dateCreated, dateUpdated, ...rest } = answer.json
    expect(rest).toEqual({ organization: acme.id, name: "Told once", role: "limited", permissions: [] })
    expect(id).toMatch(uuid)
    expect(dateCreated).toMatch(instant)
    expect(dateUpdated).toBe(dateCreated)
    expect(Buffer.from(secret.replace(/^assent_/, ""), "base64url").byteLength).toBeGreaterThanOrEqual(32)
    expectNoSecrets(database, answer)
    const listed = await send("GET", `${keys}?limit=1000`)
    for (const later of [
      listed,
      await send("PATCH", `${keys}/${id}`, { name: "Told no more" }),
      await send("DELETE", `${keys}/${id}`),
    ]) {
      expect(later.status).toBe(200)
      expect(later.text).toContain(id)
      expect(later.text).not.toMatch(/"secret"|assent_/)
      expectNoSecrets(database, later)
    }
  })

  test("is no key's id, and no two are the same", async () => {
    const [one, two] = [await newKey(), await newKey()]
    expect(new Set([one.id, two.id, one.secret, two.secret]).size).toBe(4)
    expect(await statuses({ id: one.id, secret: one.id })).toEqual([401, 401])
  })

  test("is nowhere in the store's files: its hash is, also where the request may come again", async () => {
    const plain = await newKey()
    const again = { "idempotency-key": "provision-ci" }
    const withKey: Made = (await send("POST", keys, { name: "Keyed", role: "viewer" }, undefined, again)).json
    const wanted = { name: "Kept", primaryDomain: "kept.example", privacyPolicyUrl: "https://kept.example/p" }
    const other = (await send("POST", organizations, wanted, undefined, { "idempotency-key": "provision-org" })).json
    for (const { secret } of [plain, withKey, other.apiKey])
      expect((await send("GET", organizations, undefined, secret)).status).toBe(200)
    const bytes = ["", "-wal", "-shm"]
      .map((end) => `${server.file}${end}`)
      .filter(existsSync)
      .map((file) => readFileSync(file))
    const isKept = (text: string) => bytes.some((file) => file.includes(text))
    for (const { id, secret } of [plain, withKey, other.apiKey]) {
      expect(isKept(secret)).toBe(false)
      expect(isKept(secret.slice("assent_".length))).toBe(false)
      expect(isKept(Buffer.from(secret.slice("assent_".length), "base64url").toString("hex"))).toBe(false)
      expect(bytes.some((file) => file.includes(Buffer.from(secret.slice("assent_".length), "base64url")))).toBe(false)
      expect(isKept(createHash("sha256").update(secret).digest("hex"))).toBe(true)
      expect(isKept(id)).toBe(true)
    }
    expect(server.output()).not.toContain("assent_")
  })

  test("is answered again to the same request with the same Idempotency-Key, and to no other", async () => {
    const again = { "idempotency-key": "again" }
    const body = { name: "Again", role: "viewer" }
    const first = await send("POST", keys, body, undefined, again)
    const second = await send("POST", keys, body, undefined, again)
    expect([second.status, second.text, second.headers["idempotent-replayed"]]).toEqual([201, first.text, "true"])
    const wanted = { name: "Again", primaryDomain: "again.example", privacyPolicyUrl: "https://again.example/p" }
    const setUp = () => send("POST", organizations, wanted, undefined, { "idempotency-key": "again-organization" })
    expect((await setUp()).text).toBe((await setUp()).text)
    const admin = await send("POST", keys, body, secretOf(acme, "admin"), again)
    expectProblem(admin, 403)
    const { secret } = await newKey({ role: "owner" })
    const another = await send("POST", keys, body, secret, again)
    expect(another.status).toBe(201)
    expect(another.json.secret).not.toBe(first.json.secret)
  })

  test("that was revoked never opens anything again, also where its Idempotency-Key is used again", async () => {
    const again = { "idempotency-key": "provision" }
    const body = { name: "Provisioned", role: "viewer" }
    const first: Made = (await send("POST", keys, body, undefined, again)).json
    await send("DELETE", `${keys}/${first.id}`)
    // As after the week for which idempotency records are kept.
    database.exec("DELETE FROM idempotency")
    const second: Made = (await send("POST", keys, body, undefined, again)).json
    expect(second.secret).not.toBe(first.secret)
    expect(await statuses(first)).toEqual([401, 401])
    expect(await statuses(second)).toEqual([200, 403])
    expect((await send("POST", keys, body, undefined, again)).json).toEqual(second)
  })
})

describe("a key", () => {
  test.each([
    ["nothing", {}, ["/name missing", "/role missing"]],
    ["another role", { name: "Made", role: "root" }, ["/role invalid"]],
    [
      "several things",
      { name: "x", role: "Owner", expiresAt: "tomorrow", permissions: [{ projectId: "x", role: "root" }, {}] },
      [
        "/expiresAt invalid",
        "/name invalid",
        "/permissions/0/projectId invalid",
        "/permissions/0/role invalid",
        "/permissions/1/projectId missing",
        "/permissions/1/role missing",
        "/role invalid",
      ],
    ],
    ["a list for permissions that is none", { name: "Made", role: "none", permissions: {} }, ["/permissions invalid"]],
  ])("made with %s is 422 and names every violation", async (_, json, expected) => {
    const answer = await send("POST", keys, json)
    expectProblem(answer, 422)
    expect(violations(answer)).toEqual(expected)
  })

  test("has permissions in its own organization's projects only, and one in each", async () => {
    const { id } = await newKey()
    const permission = (projectId: string, role = "owner") => ({ projectId, role })
    const permissions = [
      permission(shop.id),
      permission(foreign.id),
      permission(nobody),
      permission(shop.id.toUpperCase(), "none"),
    ]
    for (const [method, path] of [
      ["POST", keys],
      ["PATCH", `${keys}/${id}`],
    ] as const) {
      const answer = await send(method, path, { name: "Made", role: "none", permissions })
      expectProblem(answer, 422)
      expect(violations(answer)).toEqual([
        "/permissions/1/projectId unknown_project",
        "/permissions/2/projectId unknown_project",
        "/permissions/3/projectId repeated_project",
      ])
      // A project of another organization is answered like one that does not exist.
      expect(new Set(answer.json.errors.slice(0, 2).map(({ detail }: { detail: string }) => detail)).size).toBe(1)
    }
    expect(stored(database, id)["permissions"]).toEqual([])
  })

  test("keeps what a body may not set: ids, whose it is, its hash, dates", async () => {
    const made = await newKey(notTheirs)
    expect(made.secret).not.toBe(notTheirs.secret)
    const entry = stored(database, made.id)
    expectNotSet(entry)
    expect(entry["organization"]).toBe(acme.id)
    const answer = await send("PATCH", `${keys}/${made.id}`, { ...notTheirs, name: "Same" })
    expect(answer.json).toMatchObject({ id: made.id, organization: acme.id, name: "Same" })
    const { dateUpdated: _, ...after } = stored(database, made.id)
    const { dateUpdated: __, ...before } = entry
    expect(after).toEqual({ ...before, name: "Same" })
    expect(await statuses(made)).toEqual([200, 403])
    expect(await statuses({ id: "", secret: notTheirs.secret })).toEqual([401, 401])
  })

  test("says when it was last used, and nothing before it was", async () => {
    const from = Date.now() - 60_000
    const { id, secret } = await newKey()
    const listed = async () => (await send("GET", `${keys}?limit=1000`)).json.items.find((each: Made) => each.id === id)
    expect(await listed()).not.toHaveProperty("lastUsedAt")
    expectProblem(await send("GET", privacy(foreign) + "/consent-types", undefined, secret), 404)
    const { lastUsedAt, dateUpdated, dateCreated } = await listed()
    expect(lastUsedAt).toMatch(instant)
    expect(Date.parse(lastUsedAt)).toBeGreaterThanOrEqual(from)
    expect(dateUpdated).toBe(dateCreated)
    expect((await send("PATCH", `${keys}/${id}`, { name: "Used" })).json.lastUsedAt).toBe(lastUsedAt)
  })

  test("that expired opens nothing and gets no limit; one that will expire opens", async () => {
    const [gone, now, later] = [
      await newKey(),
      await newKey(),
      await newKey({ expiresAt: "2999-01-01T01:00:00+01:00" }),
    ]
    await send("PATCH", `${keys}/${gone.id}`, { expiresAt: "2001-01-01T00:00:00Z" })
    await send("PATCH", `${keys}/${now.id}`, { expiresAt: new Date().toISOString() })
    for (const { secret } of [gone, now]) {
      const answer = await send("GET", organizations, undefined, secret)
      expectProblem(answer, 401)
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("ratelimit"))).toEqual([])
    }
    expect(await statuses(later)).toEqual([200, 403])
    const { items } = (await send("GET", `${keys}?limit=1000`)).json
    const expiry = ({ id }: Made) => items.find((each: Made) => each.id === id).expiresAt
    expect([expiry(gone), expiry(later)]).toEqual(["2001-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"])
    expect(items.find((each: Made) => each.id === gone.id)).not.toHaveProperty("lastUsedAt")
  })

  test.each(["2001-01-01T00:00:00Z", new Date().toISOString()])("that expires at %s is not made", async (expiresAt) => {
    const answer = await send("POST", keys, { name: "Too late", role: "owner", expiresAt })
    expectProblem(answer, 422)
    expect(violations(answer)).toEqual(["/expiresAt expires_in_past"])
    const { items } = (await send("GET", `${keys}?limit=1000`)).json
    expect(items.map(({ name }: { name: string }) => name)).not.toContain("Too late")
  })

  test("expires and lasts by a change, at once; what does not name the expiry leaves it", async () => {
    const key = await newKey()
    const change = async (json: object) => {
      const { expiresAt } = (await send("PATCH", `${keys}/${key.id}`, json)).json
      return [expiresAt, (await statuses(key))[0]]
    }
    expect(await change({ expiresAt: "2001-01-01T00:00:00Z" })).toEqual(["2001-01-01T00:00:00.000Z", 401])
    expect(await change({ name: "Renamed" })).toEqual(["2001-01-01T00:00:00.000Z", 401])
    expect(await change({ expiresAt: null })).toEqual([undefined, 200])
    expect(await change({ name: "Renamed" })).toEqual([undefined, 200])
  })

  test("that is revoked opens nothing from the next request on, on every connection, and is listed no more", async () => {
    const { id, secret } = await newKey({ role: "admin" })
    const opened = await Promise.all(Array.from({ length: 4 }, () => server.connect()))
    const ask = (connection: (typeof opened)[number]) =>
      connection.write(`GET ${projects}?limit=1 HTTP/1.1\r\nHost: x\r\nx-api-key: ${secret}\r\n\r\n`)
    for (const connection of opened) ask(connection)
    for (const connection of opened) expect(await connection.until(/\r\n\r\n.*\}$/s)).toMatch(/^HTTP\/1.1 200 /)
    expect((await send("DELETE", `${keys}/${id}`)).json).toMatchObject({ id, role: "admin" })
    for (const connection of opened) ask(connection)
    for (const connection of opened) {
      const [, refused] = (await connection.until(/HTTP.*HTTP.*\r\n\r\n.*\}$/s)).split(/(?=HTTP\/1.1 401 )/)
      expect(refused).toMatch(/^HTTP\/1.1 401 /)
      expect(refused).not.toMatch(/ratelimit/i)
      connection.socket.destroy()
    }
    for (const method of ["DELETE", "PATCH"])
      expectProblem(await send(method, `${keys}/${id}`, method === "PATCH" ? { name: "Back" } : undefined), 404)
    expect((await send("GET", `${keys}?limit=1000`)).text).not.toContain(id)
  })

  test("has another role from the next request on", async () => {
    const key = await newKey({ role: "none" })
    const shown = async (change: object) => {
      await send("PATCH", `${keys}/${key.id}`, change)
      return [await statuses(key), await statuses(key, blog)]
    }
    const [all, read, none] = [
      [200, 200],
      [200, 403],
      [403, 403],
    ]
    expect(await shown({})).toEqual([none, none])
    expect(await shown({ role: "admin" })).toEqual([all, all])
    expect(await shown({ permissions: [{ projectId: shop.id.toUpperCase(), role: "viewer" }] })).toEqual([read, all])
    expect(await shown({ role: "none" })).toEqual([read, none])
    expect(await shown({ name: "Same" })).toEqual([read, none])
    expect(await shown({ permissions: [] })).toEqual([none, none])
    const recorded = await send("POST", `${privacy()}/consent-events`, { items: [yes({ userId: "u" })] }, key.secret)
    expectProblem(recorded, 403)
  })

  test("lists the projects it may read, and no other", async () => {
    const { secret } = await newKey({ permissions: [{ projectId: shop.id, role: "none" }] })
    const listed = await send("GET", `${projects}?limit=1000`, undefined, secret)
    expect(listed.text).toContain(blog.id)
    expect(listed.text).not.toContain(shop.id)
  })
})
