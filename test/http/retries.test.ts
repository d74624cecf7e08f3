/**
 * Requests that are sent again with the same `Idempotency-Key`, to every POST endpoint that takes one: answered as
 * before, and carried out once.
 */
import { readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { start, type Answer, type Server } from "../support/server.ts"
import {
  carryOut,
  codes,
  expectReplay,
  isReplayed,
  newAsker,
  newOther,
  type Post,
  ofRequests,
  postEndpoints,
  posts,
  registerProofs,
  rows,
  send,
  written,
} from "./posts.ts"
import { acme, asOwner, privacy, shop, startWorld, types, yes } from "./world.ts"

let server: Server
beforeAll(async () => {
  server = await startWorld()
  await registerProofs(server)
})
afterAll(() => server.stop())

const names = Object.keys(posts)
/** The number of rows by table, except lanes and used types, which may exist already. */
const amounts = (): Readonly<Record<string, number>> =>
  Object.fromEntries(
    rows(server, `${ofRequests} AND name NOT IN ('compliance_head', 'lane_head', 'people_head', 'used_type')`).map(
      ([name, { length }]) => [name, length],
    ),
  )

const difference = (before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(after).map(([name, amount]) => [name, amount - before[name]!]))

const newPost = async (name: string): Promise<Post> => posts[name]!(await newAsker(server))

/** The answers from before the catalog and the server change. */
const earlier: Array<{ readonly post: Post; readonly key: string; readonly first: Answer }> = []

test("every POST endpoint of the API that takes a key is tried here", () => {
  expect(names.toSorted()).toEqual(postEndpoints.toSorted())
})

describe.each(names)("%s", (name) => {
  test("with a key is answered again byte for byte, from other connections too, and writes nothing more", async () => {
    const post = await newPost(name)
    const key = crypto.randomUUID()
    const first = await carryOut(server, post, key)
    await expectReplay(server, post, key, first)
    earlier.push({ post, key, first })
  })

  test("without a key is carried out each time, and says nothing of replays", async () => {
    const asker = await newAsker(server)
    const one = await posts[name]!(asker)
    expect((await send(server, one)).headers).not.toHaveProperty("idempotent-replayed")
    const next = await posts[name]!(await newAsker(server))
    const [before, again] = [written(server), await send(server, next)]
    expect(again.headers).not.toHaveProperty("idempotent-replayed")
    expect(written(server)).not.toBe(before)
  })

  test("with a key that was used for another body is 422, and writes nothing", async () => {
    const post = await newPost(name)
    const key = crypto.randomUUID()
    const first = await carryOut(server, post, key)
    // A request without a body is the same whatever is sent with it.
    if (post.refused === undefined) return await expectReplay(server, post, key, first)
    const before = written(server)
    const answer = await send(server, { ...post, json: { ...post.json, passedOver: true } }, key)
    expect([answer.status, codes(answer), isReplayed(answer)]).toEqual([422, ["idempotency_key_reused"], false])
    expect(written(server)).toBe(before)
    await expectReplay(server, post, key, first)
  })

  test("with the same key of another credential is another request", async () => {
    const key = crypto.randomUUID()
    const first = await carryOut(server, await newPost(name), key)
    const second = await carryOut(server, await posts[name]!(await newOther(server)), key)
    expect(second.text).not.toBe(first.text)
    for (const secret of ["session", "contextId", "secret"].filter((member) => member in first.json)) {
      expect(second.json[secret]).not.toBe(first.json[secret])
    }
  })

  test("that is refused leaves nothing: with the same key it may be put right", async () => {
    const post = await newPost(name)
    const { refused: json } = post
    if (json === undefined) return
    const key = crypto.randomUUID()
    const before = written(server)
    for (let n = 0; n < 2; n++) {
      const refused = await send(server, { ...post, json }, key)
      expect(refused.status, refused.text).toBeOneOf([401, 409, 422])
      expect([isReplayed(refused), codes(refused)]).toEqual([false, expect.not.arrayContaining(["idempotency_key"])])
      expect(written(server)).toBe(before)
    }
    await expectReplay(server, post, key, await carryOut(server, post, key))
  })

  test("sent 20 times at once with one key is carried out once: the others are replays, or 409", async () => {
    const alone = await newPost(name)
    const post = await newPost(name)
    const [nothing, one] = [amounts(), await carryOut(server, alone, crypto.randomUUID())]
    const before = amounts()
    const key = crypto.randomUUID()
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(server, post, key)))
    const firsts = answers.filter((answer) => answer.status === one.status && !isReplayed(answer))
    expect(firsts, JSON.stringify(answers.map(({ status }) => status))).toHaveLength(1)
    for (const answer of answers.filter((each) => each !== firsts[0])) {
      if (isReplayed(answer)) expect(answer.text).toBe(firsts[0]!.text)
      else expect([answer.status, codes(answer)]).toEqual([409, ["idempotency_key_in_flight"]])
    }
    expect(difference(before, amounts())).toEqual(difference(nothing, before))
    await expectReplay(server, post, key, firsts[0]!)
  })

  test("is 409 with Retry-After while the same request is being carried out, and a replay after it", async () => {
    const post = await newPost(name)
    const key = crypto.randomUUID()
    // Records the use of the key, so that only the request itself waits for the disk.
    await server.request("GET", "/privacy-v1/organizations", { headers: asOwner })
    const blocker = new DatabaseSync(server.file, { timeout: 10_000 })
    blocker.exec("BEGIN IMMEDIATE")
    try {
      const both = [send(server, post, key), send(server, post, key)]
      const answer = await Promise.race(both)
      expect([answer.status, codes(answer)], answer.text).toEqual([409, ["idempotency_key_in_flight"]])
      expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/)
      blocker.exec("ROLLBACK")
      const first = (await Promise.all(both)).find(({ status }) => status !== 409)
      await expectReplay(server, post, key, first!)
    } finally {
      blocker.close()
    }
  })
})

test.each(["createApiKey", "createOrganization", "createSession"])(
  "%s sent again when it has been forgotten answers other secrets: one that was revoked does not come back",
  async (name) => {
    const post = await newPost(name)
    const key = crypto.randomUUID()
    const secretsOf = ({ json }: Answer) => [
      json.secret ?? json.apiKey?.secret ?? json.session,
      json.contextId ?? json.id,
    ]
    const first = secretsOf(await carryOut(server, post, key))
    const database = new DatabaseSync(server.file, { timeout: 10_000 })
    // As after a week.
    database.exec("DELETE FROM idempotency WHERE recorded_at = (SELECT max(recorded_at) FROM idempotency)")
    database.close()
    const second = secretsOf(await carryOut(server, post, key))
    expect(second.filter((secret) => first.includes(secret))).toEqual([])
  },
)

describe("what was answered earlier", () => {
  test("is answered so again although the world has changed since", async () => {
    const patch = (path: string, json: object) => server.request("PATCH", path, { headers: asOwner, json })
    const made = (name: string) => earlier.find(({ post }) => post.path.endsWith(name))!.first.json
    const person = made("projects/" + shop.id + "/consent-events").items[0].concordId
    const changes = [
      await patch(`${privacy()}/consent-types/${made("consent-types").id}`, { name: "Renamed since" }),
      await patch(`${privacy()}/consent-types/${types.newsletter.id}`, { name: "Renamed too", requireReaccept: true }),
      await patch(`/privacy-v1/organizations/${acme.id}`, { name: "Renamed organization" }),
      await patch(`/privacy-v1/organizations/${acme.id}/projects/${made("/projects").id}`, { status: "archived" }),
      await patch(`/privacy-v1/organizations/${acme.id}/api-keys/${made("api-keys").id}`, { role: "none" }),
      await server.request("DELETE", `/privacy-v1/organizations/${acme.id}/api-keys/${made("api-keys").id}`, {
        headers: asOwner,
      }),
      await server.request("POST", `${privacy()}/consent-events`, {
        headers: asOwner,
        json: { items: [yes({ concordId: person, consentState: "declined" }), yes({ userId: "asked 1" })] },
      }),
    ]
    expect(changes.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 201])
    for (const { first, key, post } of earlier) await expectReplay(server, post, key, first)
    // The key is revoked, although its secret is answered again.
    const revoked = { "x-api-key": made("api-keys").secret }
    expect((await server.request("GET", "/privacy-v1/organizations", { headers: revoked })).status).toBe(401)
  })

  test("with a key that is revoked is 401", async () => {
    const other = await newOther(server)
    const post = await posts["createConsentEvents"]!(other)
    const key = crypto.randomUUID()
    await carryOut(server, post, key)
    const path = `/privacy-v1/organizations/${acme.id}/api-keys`
    const { items } = (await server.request("GET", `${path}?limit=1000`, { headers: { "x-api-key": other.apiKey } }))
      .json
    const { id } = items.findLast(({ name }: { name: string }) => name === "Another owner")
    expect((await server.request("DELETE", `${path}/${id}`, { headers: asOwner })).status).toBe(200)
    expect((await send(server, post, key)).status).toBe(401)
  })

  test("is answered so by another process on the same store after kill -9", async () => {
    expect(earlier.map(({ post }) => post.path)).toHaveLength(names.length)
    const first = server
    await first.end("SIGKILL")
    const second = await start({ file: first.file })
    server = { ...second, stop: async () => void (await second.stop(), await first.stop()) }
    for (const each of earlier) await expectReplay(server, each.post, each.key, each.first)
  })

  test("is on the disk without its secrets, keys and what it held about a person", () => {
    const bytes = readdirSync(dirname(server.file))
      .filter((name) => name.startsWith(basename(server.file)))
      .map((name) => readFileSync(join(dirname(server.file), name)).toString("latin1"))
      .join("\n")
    const secrets = earlier.flatMap(({ first: { json }, key }) =>
      [key, json.secret, json.apiKey?.secret, json.session, json.contextId].filter((each) => each !== undefined),
    )
    expect(secrets.length).toBe(names.length + 5)
    expect(bytes).not.toContain("zq9-")
    // A profile is encrypted under the key of the person.
    expect(bytes).not.toContain("Zq9-")
    expect(rows(server, "name = 'personal_data'")).not.toEqual([])
    expect(secrets.filter((secret) => bytes.includes(secret.replace("assent_", "")))).toEqual([])
    // A value that is stored in clear is found, so the search works.
    const { first } = earlier.find(({ post }) => post.path.endsWith("projects"))!
    expect(bytes).toContain(first.json.id)
  })
})
