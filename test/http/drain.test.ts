/** SIGTERM and Ctrl-C: accepted requests are answered, and the process ends with 0 within 10 seconds. */
import { afterEach, describe, expect, test } from "vitest"
import { start, type Server } from "../support/server.ts"
import { isLong } from "../support/long.ts"
import { ask, asOwner, privacy, record, startWorld, yes } from "./world.ts"

const running: Array<Server> = []
const world = async (): Promise<Server> => {
  const server = await startWorld()
  running.push(server)
  return server
}
afterEach(async () => {
  for (const server of running.splice(0).toReversed()) await server.stop()
})

const limitMillis = 10_000

/** A request to record in two parts: its head, with `Expect: 100-continue`, and its body. */
const cut = (userId: string): readonly [string, string] => {
  const body = JSON.stringify({ items: [yes({ userId })] })
  const head =
    `POST ${privacy()}/consent-events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n` +
    `x-api-key: ${asOwner["x-api-key"]}\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`
  return [head, body]
}

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s ends an idle server with 0 at once, with idle connections open",
  async (signal) => {
    const server = await world()
    // Both clients keep their connection after the answer.
    expect((await server.request("GET", "/livez")).status).toBe(200)
    const talk = await server.connect()
    talk.write("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
    await talk.until(/\}$/)
    const ending = await server.end(signal)
    expect(ending).toMatchObject({ code: 0, signal: null })
    expect(ending.millis).toBeLessThan(4_000)
    expect(server.output()).toContain('"message":"the service stops: ')
    await talk.closed
  },
)

test("requests under way when the signal comes are answered, what they recorded is there, and no new connection is taken", async () => {
  const server = await world()
  const talks = await Promise.all(Array.from({ length: 10 }, () => server.connect()))
  // The server sends 100 once it has accepted the request.
  for (const [n, talk] of talks.entries()) talk.write(cut(`under way ${n}`)[0])
  await Promise.all(talks.map((talk) => talk.until(/^HTTP\/1\.1 100 /)))
  const ending = server.end("SIGTERM")
  await new Promise((resolve) => setTimeout(resolve, 500))
  await expect(server.connect()).rejects.toThrow("ECONNREFUSED")
  for (const [n, talk] of talks.entries()) talk.write(cut(`under way ${n}`)[1])
  await Promise.all(talks.map((talk) => talk.closed))
  for (const talk of talks) {
    expect(talk.received()).toMatch(/\r\n\r\nHTTP\/1\.1 201 [^]*"count":1/)
    // The connection ends with its answer, and says so.
    expect(talk.received()).toMatch(/\r\nconnection: close\r\n/i)
  }
  expect(await ending).toMatchObject({ code: 0 })
  expect((await ending).millis).toBeLessThan(limitMillis)

  const again = await start({ file: server.file })
  running.push(again)
  for (const n of talks.keys())
    expect((await ask(again, "consent-state", { userId: `under way ${n}` })).json.count).toBe(1)
})

test.runIf(isLong)(
  "in the middle of many requests none is answered with an error of the server's, and no 201 is lost",
  async () => {
    const server = await world()
    const recorded: Array<string> = []
    const unanswered: Array<string> = []
    const statuses = new Set<number>()
    const client = async (name: number) => {
      for (let n = 0; ; n++) {
        const userId = `many ${name} ${n}`
        const answer = await record(server, [yes({ userId })]).catch(() => undefined)
        if (answer === undefined) return unanswered.push(userId)
        statuses.add(answer.status)
        if (answer.status === 201) recorded.push(userId)
      }
    }
    const clients = Array.from({ length: 16 }, (_, name) => client(name))
    await new Promise((resolve) => setTimeout(resolve, 500))
    const ending = await server.end("SIGTERM")
    await Promise.all(clients)
    expect(ending).toMatchObject({ code: 0 })
    expect(ending.millis).toBeLessThan(limitMillis)
    // 503 says "try again"; any other failure would be an accepted request that was lost.
    expect([...statuses].filter((status) => status !== 201 && status !== 503)).toEqual([])
    expect(recorded.length).toBeGreaterThan(0)

    const again = await start({ file: server.file })
    running.push(again)
    for (const userId of recorded.slice(-50)) expect((await ask(again, "consent-state", { userId })).json.count).toBe(1)
    // A request without an answer was not accepted: nothing of it was recorded.
    expect(unanswered).toHaveLength(16)
    for (const userId of unanswered) expect((await ask(again, "consent-state", { userId })).json.count).toBe(0)
  },
)

describe.runIf(isLong).concurrent("the process ends with 0 within 10 seconds, whatever its clients do:", () => {
  test("one has said nothing, one half a head, one half a body, and one never reads", async ({ expect }) => {
    const server = await startWorld()
    try {
      const [silent, head, body, deaf] = await Promise.all([
        server.connect(),
        server.connect(),
        server.connect(),
        server.connect(),
      ])
      head.write("GET /livez HTTP/1.1\r\nHost: a\r\nX-Half")
      body.write(cut("half")[0])
      await body.until(/^HTTP\/1\.1 100 /)
      body.write(cut("half")[1].slice(0, 20))
      // 20 pages of 3 MB: more than the sockets can hold.
      deaf.socket.pause()
      deaf.write("GET /docs HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20))
      await new Promise((resolve) => setTimeout(resolve, 700))
      const ending = await server.end("SIGTERM")
      expect(ending).toMatchObject({ code: 0, signal: null })
      expect(ending.millis).toBeLessThan(limitMillis)
      for (const talk of [silent, head, body, deaf]) talk.socket.destroy()
    } finally {
      await server.stop()
    }
  })

  test("imports are open, some with more blocks than are worked on, and changes of the catalog wait", async ({
    expect,
  }) => {
    const server = await startWorld()
    try {
      const consentDate = "2024-01-31T00:00:00Z"
      const rows = Array.from({ length: 5000 }, (_, n) => `${JSON.stringify(yes({ userId: `${n}`, consentDate }))}\n`)
      const imports = await Promise.all(Array.from({ length: 8 }, () => server.connect()))
      for (const [index, talk] of imports.entries()) {
        talk.write(
          `POST ${privacy()}/consent-events/import HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n` +
            `x-api-key: ${asOwner["x-api-key"]}\r\nContent-Length: 99999999\r\n\r\n`,
        )
        talk.write(index < 4 ? rows.join("") : "{")
      }
      const change = { headers: asOwner, json: { name: "Shop" } }
      const changes = Array.from({ length: 40 }, () =>
        server.request("PATCH", privacy(), change).catch(() => undefined),
      )
      await new Promise((resolve) => setTimeout(resolve, 300))
      const ending = await server.end("SIGTERM")
      expect(ending).toMatchObject({ code: 0, signal: null })
      expect(ending.millis).toBeLessThan(limitMillis)
      await Promise.all(changes)
      expect(server.log()).not.toMatch(/"level":"error"/)
    } finally {
      await server.stop()
    }
  })

  test("a second signal does not end it earlier than its requests, or ends it cleanly", async ({ expect }) => {
    const server = await startWorld()
    try {
      const talk = await server.connect()
      talk.write(cut("twice")[0])
      await talk.until(/^HTTP\/1\.1 100 /)
      const ending = server.end("SIGTERM")
      await new Promise((resolve) => setTimeout(resolve, 300))
      void server.end("SIGTERM")
      await new Promise((resolve) => setTimeout(resolve, 300))
      talk.write(cut("twice")[1])
      await talk.closed
      expect(talk.received()).toMatch(/HTTP\/1\.1 201 /)
      expect(await ending).toMatchObject({ code: 0 })
    } finally {
      await server.stop()
    }
  })
})
