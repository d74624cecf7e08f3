/**
 * The database is away: shut down, killed, slow, hanging, or another one in its place. Nobody waits for ever, nobody is told that
 * something is recorded that is not, and the server is back by itself when the database is, without meeting it all at once.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { expect, test, type TestContext } from "vitest"
import { startGate } from "../support/gate.ts"
import { startPostgres } from "../support/postgres.ts"
import { startEmpty } from "../support/server.ts"
import { clientsOf, expectKept, until } from "./load.ts"
import { faultsOf, postgres as inPostgres } from "./wholeness.ts"

/** The longest that any request may wait, in milliseconds, on a machine that does much else. */
const limitMillis = 15_000 + 2_000

/** How long it may take until the server is ready again, in milliseconds. */
const backMillis = 10_000

/** A server whose database is behind a gate. */
const begin = async ({ onTestFinished }: TestContext) => {
  const postgres = await startPostgres()
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

/** While it is away: 503 to who writes, reads or asks whether it is ready, with when to try again; and it lives. */
const expectAway = async (clients: ReturnType<typeof clientsOf>): Promise<void> => {
  await until(503, clients.ready, limitMillis)
  for (const ask of [clients.ready, () => clients.state("user-1"), () => clients.record("nobody")]) {
    const { millis, retryAfter, status } = await ask()
    expect([status, retryAfter]).toEqual([503, "1"])
    expect(millis).toBeLessThan(limitMillis)
  }
  expect((await clients.alive()).status).toBe(200)
}

test.concurrent("a database that is shut down, and one that is killed, is told at once and used again by itself", async (context) => {
  const { clients, connectionsSince, load, postgres, url } = await begin(context)
  for (const end of [postgres.shutDown, postgres.kill]) {
    await end()
    await expectAway(clients)
    await sleep(1_000)
    // By now it is looked for once in a while, although twelve clients ask ten times a second each.
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
  }
  await expectKept(load, inPostgres(url), limitMillis)
})

test.concurrent("a database that hangs makes nobody wait for longer than the limit, and is used again when it goes on", async (context) => {
  const { clients, connectionsSince, gate, load, url } = await begin(context)
  gate.set("stuck")
  const stuck = performance.now()
  await expectAway(clients)
  while (performance.now() < stuck + 20_000) {
    expect((await clients.alive()).millis).toBeLessThan(2_000)
    await sleep(500)
  }
  expect(connectionsSince(stuck)).toBeLessThan(60)
  gate.set("open")
  await until(200, clients.ready, limitMillis)
  await load.goesOn()
  await expectKept(load, inPostgres(url), limitMillis)
})

test.concurrent("a database that is slow is waited for, but not for longer than the limit", async (context) => {
  const { clients, gate, load, url } = await begin(context)
  gate.set(40)
  const from = load.writes.length
  await sleep(3_000)
  await load.finish()
  expect(new Set(load.writes.slice(from).map(({ status }) => status))).toEqual(new Set([201]))
  expect(load.acknowledged).toHaveLength(2 * load.requests())
  expect((await clients.ready()).status).toBe(200)
  // Each question is answered in time; all that a request asks are not. Sent again with its key, it is recorded once.
  gate.set(2_000)
  const late = clients.load(4)
  while (late.writes.length < 4) await sleep(100)
  expect(late.writes.map(({ status }) => status)).toEqual([503, 503, 503, 503])
  gate.set("open")
  await late.goesOn()
  await late.finish()
  expect(await faultsOf(inPostgres(url), [...load.acknowledged, ...late.acknowledged])).toEqual([])
})

test.concurrent("another database takes the place of one that is lost, and has everything that was acknowledged", async (context) => {
  const { clients, gate, load, postgres, url } = await begin(context)
  const standby = await postgres.standby()
  context.onTestFinished(() => standby.stop())
  // A commit is acknowledged once the standby has it on its disk, too.
  await postgres.administer("ALTER SYSTEM SET synchronous_standby_names = '*'")
  await postgres.administer("SELECT pg_reload_conf()")
  await load.goesOn()
  await sleep(1_000)
  // Its machine is gone: on connections to it nothing is heard any more, not even that it has ended.
  gate.set("stuck")
  await postgres.kill()
  await expectAway(clients)
  await standby.administer("SELECT pg_promote()")
  gate.lead(standby.port)
  gate.set("open")
  // Its idle connections must have been given up, too.
  await until(200, clients.ready, 40_000)
  await load.goesOn()
  const promoted = url.replace(`:${postgres.port}/`, `:${standby.port}/`)
  await expectKept(load, inPostgres(promoted), limitMillis)
})
