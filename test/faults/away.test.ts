/**
 * The database is away: killed here; shut down, slow, hanging or replaced in `away.long.test.ts`. No request waits for ever, nothing is acknowledged that is not recorded,
 * and the server is back by itself when the database is, without opening all connections at once.
 */
import { test } from "vitest"
import { begin, expectEnded } from "./away.ts"

test("a database that is killed is noticed at once, and used again by itself", async (context) => {
  await expectEnded("kill", await begin(context))
})
