/**
 * The database is killed and started again. No request waits for ever, nothing is acknowledged that is not recorded,
 * and the server uses the database again by itself, without opening all connections at once. `away.long.test.ts` has
 * more faults.
 */
import { test } from "vitest"
import { begin, expectEnded } from "./away.ts"

test("a database that is killed is noticed at once, and used again by itself", async (context) => {
  await expectEnded("kill", await begin(context))
})
