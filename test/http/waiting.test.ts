/**
 * Requests that wait take nothing from requests that are worked on: three hundred connections of one key, which ask for
 * positions that never come, change nothing for another key.
 */
import { Agent, request as httpRequest } from "node:http"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { times } from "../support/long.ts"
import { type Server, start } from "../support/server.ts"
import { acme, asOwner, other, foreign, privacy, record, secretOf, startWorld, yes } from "./world.ts"

const connections = 300
const neverReached = { "assent-positions": "configuration=999999" }

/** Repeats a request on each of many connections, a second apart, until it is stopped; counts answers by status. */
const flood = (port: number, path: string, headers: Readonly<Record<string, string>>) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const statuses = new Map<number, number>()
  let isStopped = false
  const once = () =>
    new Promise<void>((resolve) => {
      const sent = httpRequest({ port, host: "127.0.0.1", path, headers, agent }, (response) => {
        const { statusCode = 0 } = response.resume()
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
        response.once("close", resolve)
      })
      sent.once("error", () => resolve())
      sent.end()
    })
  const repeat = async () => {
    while (!isStopped) {
      await once()
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
  void Promise.all(Array.from({ length: connections }, repeat))
  return {
    statuses,
    /** Waits until a number of answers has come. */
    answered: async (count: number) => {
      while ([...statuses.values()].reduce((sum, n) => sum + n, 0) < count) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    stop: () => {
      isStopped = true
      agent.destroy()
    },
  }
}

let server: Server
let replica: Server
beforeAll(async () => {
  server = await startWorld()
  replica = await start({ file: server.file, env: { ASSENT_REPLICA: "on" } })
})
afterAll(async () => {
  await replica.end("SIGTERM")
  await server.stop()
})

const question = `${privacy(foreign)}/consent-decisions?userId=x`

describe.each(["none", "viewer"] as const)(
  "a flood of questions of a key with the role %s, whose positions never come",
  (role) => {
    const headers = { "x-api-key": secretOf(other, role), ...neverReached }

    // Mutant: a request waits in the working set.
    test("keeps no decline of another key from being recorded", async () => {
      const flooding = flood(server.port, question, headers)
      const statuses: Array<number> = []
      for (let n = 0; n < times(10, 60); n++) {
        await flooding.answered(n * 10)
        const no = yes({ userId: `declines ${role} ${n}`, consentState: "declined" })
        statuses.push((await record(server, [no])).status)
      }
      flooding.stop()
      expect(statuses).toEqual(statuses.map(() => 201))
      expect([...flooding.statuses.keys()]).toEqual([role === "none" ? 403 : 503])
    })

    test("keeps no question of another key from being answered by a replica", async () => {
      const flooding = flood(replica.port, question, headers)
      const statuses: Array<number> = []
      for (let n = 0; n < times(10, 60); n++) {
        await flooding.answered(n * 5)
        const path = `${privacy()}/consent-decisions?userId=asks%20${n}`
        statuses.push((await replica.request("GET", path, { headers: asOwner })).status)
      }
      flooding.stop()
      expect(statuses).toEqual(statuses.map(() => 200))
      expect([...flooding.statuses.keys()]).toEqual([503])
    })
  },
)

// Mutant: a change waits for the lock of the catalog in the working set.
test("changes of the catalog that wait for each other keep no decline of another key from being recorded", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const headers = { "x-api-key": secretOf(other, "owner"), "content-type": "application/json" }
  const change = (n: number) =>
    new Promise<number>((resolve, reject) => {
      const path = privacy(foreign)
      const sent = httpRequest({ port: server.port, host: "127.0.0.1", method: "PATCH", path, headers, agent })
      sent.once("response", (response) => {
        response.resume().once("close", () => resolve(response.statusCode!))
      })
      sent.once("error", reject).end(JSON.stringify({ name: `Foreign ${n}` }))
    })
  const changes = Promise.all(Array.from({ length: connections }, (_, n) => change(n)))
  const declines: Array<number> = []
  for (let n = 0; n < 20; n++) {
    const no = yes({ userId: `declines during changes ${n}`, consentState: "declined" })
    declines.push((await record(server, [no])).status)
  }
  const changed = await changes
  agent.destroy()
  expect(declines).toEqual(declines.map(() => 201))
  expect(new Set(changed)).toEqual(new Set([200, 503]))
})

describe("a request that may not be made", () => {
  const paths = [
    [401, { "x-api-key": "unknown" }, question],
    [403, { "x-api-key": secretOf(other, "none") }, question],
    [404, { "x-api-key": secretOf(acme, "owner") }, question],
  ] as const
  test.each(paths)("is answered %i at once by a primary, whatever positions it names", async (status, key, path) => {
    const answer = await server.request("GET", path, { headers: { ...key, ...neverReached } })
    expect(answer.status).toBe(status)
  })
})
