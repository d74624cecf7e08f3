/**
 * The service on PostgreSQL answers byte for byte what the ledger in memory answers, and so does the service on SQLite
 * (`random.test.ts`, with the same requests): no caller can tell the three stores apart.
 *
 * Two server processes share the database, and requests go to both in turn: nothing may depend on the memory of one
 * process. `ASSENT_TEST_SEED` repeats a run, `ASSENT_TEST_RUNS` makes it longer.
 */
import * as fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { start, type Server } from "../support/server.ts"
import * as Commands from "./random/commands.ts"
import { play } from "./random/play.ts"
import { startWorldOn } from "./world.ts"

const runs = Number(process.env["ASSENT_TEST_RUNS"] ?? 12)
const given = process.env["ASSENT_TEST_SEED"]
const seed = given === undefined ? {} : { seed: Number(given) }

let postgres: Postgres
let servers: ReadonlyArray<Server> = []
beforeAll(async () => {
  // The database server is never killed here, so without syncs nothing is lost.
  postgres = await startPostgres()
  const database = await postgres.database()
  const env = { ASSENT_RATE_LIMIT_KEY: "off", ASSENT_RATE_LIMIT_SESSION: "off" }
  const first = await startWorldOn(database, env)
  servers = [first, await start({ env: { ...env, ASSENT_STORE: database } })]
})
afterAll(async () => {
  for (const server of servers) await server.stop()
  await postgres.stop()
})

test(
  "A sequence of requests to two servers on one PostgreSQL is answered as the ledger in memory answers it",
  { timeout: 300_000 },
  async () => {
    let requests = 0
    const statuses = new Set<number>()
    await fc.assert(
      fc.asyncProperty(Commands.sequence, async (sequence) => {
        await play(sequence, async (...request) => {
          const answer = await servers[requests++ % servers.length]!.request(...request)
          statuses.add(answer.status)
          return answer
        })
      }),
      { numRuns: runs, ...seed },
    )
    expect(requests).toBeGreaterThan(runs * 5)
    for (const status of [200, 201, 404, 422]) expect(statuses, String(status)).toContain(status)
  },
)
