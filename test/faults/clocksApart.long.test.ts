/** Two servers on one PostgreSQL whose clocks are up to an hour apart, as on one SQLite file. */
import { afterAll, beforeAll, test } from "vitest"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { open } from "./clocksApart.ts"
import { playAll } from "./clocksApart.test.ts"

let postgres: Postgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

test("On PostgreSQL an answer changes only by what the other server records while its clock is behind; refusals count at once", async () => {
  await playAll(await open(await postgres.database()), 500)
})
