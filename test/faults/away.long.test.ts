/**
 * The database is killed, is shut down, is slow, hangs, or another one takes its place. No request waits for ever,
 * nothing is acknowledged that is not recorded, and the server uses the database again by itself, without opening all
 * connections at once.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { expect, test } from "vitest"
import { begin, expectAway, expectEnded, limitMillis } from "./away.ts"
import { expectKept, until } from "./load.ts"
import { faultsOf, postgres as inPostgres } from "./wholeness.ts"

test.concurrent("a database that is killed is noticed at once, and used again by itself", async (context) => {
  await expectEnded("kill", await begin(context))
})

test.concurrent("a database that is shut down is noticed at once, and used again by itself", async (context) => {
  await expectEnded("shutDown", await begin(context))
})

test.concurrent("a database that hangs makes no request wait for longer than the limit, and is used again when it goes on", async (context) => {
  const { clients, connectionsSince, gate, load, url } = await begin(context)
  gate.set("stuck")
  const stuck = performance.now()
  await expectAway(clients)
  while (performance.now() < stuck + limitMillis + 4_000) {
    expect((await clients.alive()).millis).toBeLessThan(2_000)
    await sleep(500)
  }
  expect(connectionsSince(stuck)).toBeLessThan(90)
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
  // One query is answered in time, but not all queries of a request. Sent again with its key, the request is recorded
  // once.
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
  // A commit is acknowledged only when the standby has it on its disk, too.
  await postgres.administer("ALTER SYSTEM SET synchronous_standby_names = '*'")
  await postgres.administer("SELECT pg_reload_conf()")
  await load.goesOn()
  await sleep(1_000)
  // Its machine is gone: its connections are silent, and do not even end.
  gate.set("stuck")
  await postgres.kill()
  await expectAway(clients)
  await standby.administer("SELECT pg_promote()")
  gate.lead(standby.port)
  gate.set("open")
  // The server must have closed its idle connections, too.
  await until(200, clients.ready, 40_000)
  await load.goesOn()
  const promoted = url.replace(`:${postgres.port}/`, `:${standby.port}/`)
  await expectKept(load, inPostgres(promoted), limitMillis)
})
