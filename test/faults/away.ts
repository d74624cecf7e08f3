/**
 * A server whose database goes away under load.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { expect, type TestContext } from "vitest"
import { startGate } from "../support/gate.ts"
import { startPostgres, synced } from "../support/postgres.ts"
import { startEmpty } from "../support/server.ts"
import { clientsOf, expectKept, until } from "./load.ts"
import { postgres as inPostgres } from "./wholeness.ts"

/** The longest that a request may wait, in milliseconds: 15 seconds, and time for a busy machine to answer. */
export const limitMillis = 15_000 + 8_000

/** The longest time until the server is ready again, in milliseconds, on a busy machine. */
const backMillis = 20_000

/** Starts a server that reaches its database through a gate, and twelve writers. */
export const begin = async ({ onTestFinished }: TestContext) => {
  const postgres = await startPostgres(synced)
  onTestFinished(() => postgres.stop())
  const url = await postgres.database()
  const gate = await startGate(postgres.port)
  onTestFinished(() => gate.stop())
  const server = await startEmpty({
    ASSENT_STORE: url.replace(`:${postgres.port}/`, `:${gate.port}/`),
    ASSENT_RATE_LIMIT_KEY: "off",
  })
  onTestFinished(() => server.stop())
  const clients = clientsOf(server)
  const load = clients.load(12)
  await load.goesOn()
  const connectionsSince = (from: number) => gate.asked.filter((at) => at >= from).length
  return { clients, connectionsSince, gate, load, postgres, url }
}

/** While the database is away, writes, reads and `/readyz` are answered 503 with Retry-After, and `/livez` 200. */
export const expectAway = async (clients: ReturnType<typeof clientsOf>): Promise<void> => {
  await until(503, clients.ready, limitMillis)
  for (const ask of [clients.ready, () => clients.state("user-1"), () => clients.record("nobody")]) {
    const { millis, retryAfter, status } = await ask()
    expect([status, retryAfter]).toEqual([503, "1"])
    expect(millis).toBeLessThan(limitMillis)
  }
  expect((await clients.alive()).status).toBe(200)
}

/** Ends the database, starts it again, and expects the server to notice both at once and by itself. */
export const expectEnded = async (
  end: "shutDown" | "kill",
  { clients, connectionsSince, load, postgres, url }: Awaited<ReturnType<typeof begin>>,
): Promise<void> => {
  await postgres[end]()
  await expectAway(clients)
  await sleep(1_000)
  // By now the server tries to connect once in a while only, although twelve clients ask ten times a second each.
  const quiet = performance.now()
  await sleep(4_000)
  expect(connectionsSince(quiet)).toBeLessThan(12)
  const back = performance.now()
  await postgres.start()
  await until(200, clients.ready, backMillis)
  await load.goesOn()
  await sleep(1_000)
  // The pool has ten connections.
  expect(connectionsSince(back)).toBeLessThan(25)
  await expectKept(load, inPostgres(url), limitMillis)
}
