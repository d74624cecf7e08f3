/** PATCH and DELETE with an `Idempotency-Key`: the same request again gets the first answer, and changes nothing. */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import type { Answer } from "../support/server.ts"
import { identify, personOf, publishedSigner } from "./identityTokens.ts"
import { codes, isReplayed, written } from "./posts.ts"
import { changed, created, say } from "./typeRequests.ts"
import { acme, asOwner, privacy, record, startWorld, visit, yes } from "./world.ts"

const server = served(startWorld)
const signer = publishedSigner(server)

interface Change {
  readonly method: "PATCH" | "DELETE"
  readonly path: string
  readonly json?: object
}

const organization = `/privacy-v1/organizations/${acme.id}`

const post = async (path: string, json: object): Promise<string> => {
  const answer = await server.request("POST", path, { headers: asOwner, json })
  expect(answer.status, answer.text).toBe(201)
  return answer.json.id
}

const typePath = async (fields: object = {}): Promise<string> => {
  const { id } = await created(server, fields)
  return `${privacy()}/consent-types/${id}`
}

const keyPath = async (): Promise<string> =>
  `${organization}/api-keys/${await post(`${organization}/api-keys`, { name: "A key", role: "viewer" })}`

/** The path of the join of a guest with a person. */
const joinPath = async (): Promise<string> => {
  const email = `${crypto.randomUUID()}@example.com`
  const person = (await record(server, [yes({ email })])).json.items[0].concordId
  const token = await signer.token(email)
  expect((await identify(server, await visit(server), { type: "email", value: email, token })).status).toBe(200)
  const { facts } = (await personOf(server, person)).json
  return `${organization}/people/${person}/joins/${facts.at(-1).id}`
}

const changes: Readonly<Record<string, () => Promise<Change>>> = {
  updateOrganization: async () => ({ method: "PATCH", path: organization, json: { name: "Renamed" } }),
  updateProject: async () => {
    const id = await post(`${organization}/projects`, { name: "A project" })
    return { method: "PATCH", path: `${organization}/projects/${id}`, json: { domains: ["www.example.com"] } }
  },
  updateApiKey: async () => ({ method: "PATCH", path: await keyPath(), json: { name: "Renamed" } }),
  deleteApiKey: async () => ({ method: "DELETE", path: await keyPath() }),
  updateConsentType: async () => ({
    method: "PATCH",
    path: await typePath({ document: "§ 1" }),
    json: { document: "§ 2", requireReaccept: true },
  }),
  deleteConsentType: async () => ({ method: "DELETE", path: await typePath() }),
  cancelConsentTypeVersion: async () => {
    const { id } = await created(server)
    const { versions } = await changed(server, id, { name: "Planned", publishedAt: "2999-01-01T00:00:00Z" })
    return { method: "DELETE", path: `${privacy()}/consent-types/${id}/versions/${versions[1]!.id}` }
  },
  takeTranslationBack: async () => {
    const { id } = await created(server)
    const { versions } = await changed(server, id, { name: "Planned", publishedAt: "2999-01-01T00:00:00Z" })
    const path = `${privacy()}/consent-types/${id}/versions/${versions[1]!.id}/texts/de`
    await server.request("PUT", path, { headers: asOwner, json: { name: "Geplant" } })
    return { method: "DELETE", path }
  },
  undoJoin: async () => ({ method: "DELETE", path: await joinPath() }),
}

const send = ({ json, method, path }: Change, key: string): Promise<Answer> =>
  server.request(method, path, {
    headers: { ...asOwner, "idempotency-key": key },
    ...(json !== undefined && { json }),
  })

// Kills: IdempotencyKey.of ignores the key of a PATCH or a DELETE; a use case keeps no record of its answer.
describe.each(Object.entries(changes))("%s with a key, of every PATCH and DELETE", (_, make) => {
  test("is made once: the same request again gets the same bytes", async () => {
    const [change, key] = [await make(), crypto.randomUUID()]
    const first = await send(change, key)
    expect([first.status, isReplayed(first)], first.text).toEqual([200, false])
    const before = written(server)
    const again = await send(change, key)
    expect([again.status, isReplayed(again), again.text]).toEqual([200, true, first.text])
    expect(written(server)).toBe(before)
  })

  test("is 422 for another request of the same key, which changes nothing", async () => {
    const key = crypto.randomUUID()
    expect((await send(await make(), key)).status).toBe(200)
    const change = await make()
    const before = written(server)
    const json = change.json === undefined ? {} : { json: { ...change.json, name: "Another name" } }
    const other = await send({ ...change, ...json }, key)
    expect([other.status, codes(other)]).toEqual([422, ["idempotency_key_reused"]])
    expect(written(server)).toBe(before)
  })

  test("sent many times at once is made once: the others are told that it is in flight, or get its answer", async () => {
    const [change, key] = [await make(), crypto.randomUUID()]
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(change, key)))
    const made = answers.filter((answer) => answer.status === 200 && !isReplayed(answer))
    expect(made).toHaveLength(1)
    for (const answer of answers) {
      if (answer.status === 409) expect(codes(answer)).toEqual(["idempotency_key_in_flight"])
      else expect(answer.text).toBe(made[0]!.text)
    }
  })
})

test("a refused change keeps no answer: the same key can be sent again", async () => {
  const [path, key] = [await typePath(), crypto.randomUUID()]
  const refused = { method: "PATCH", path, json: { publishedAt: "2020-01-01T00:00:00Z", name: "Too early" } } as const
  for (let tries = 0; tries < 2; tries++) expect((await send(refused, key)).status).toBe(422)
  expect((await send({ method: "PATCH", path, json: { name: "In time" } }, key)).status).toBe(200)
})

test("a request to ask everyone again asks once, however often it is sent", async () => {
  const { id } = await created(server)
  await say(server, id, [{ userId: "asked once" }])
  const change = { method: "PATCH", path: `${privacy()}/consent-types/${id}`, json: { requireReaccept: true } } as const
  const key = crypto.randomUUID()
  const versions = []
  for (let tries = 0; tries < 3; tries++) versions.push((await send(change, key)).json.version)
  expect(versions).toEqual([2, 2, 2])
})
