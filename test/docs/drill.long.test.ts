/** The drill of docs/operating.md, on PostgreSQL with the machine's own tools and the roles of the page, too. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type Installed, startInstalled } from "../support/installedPostgres.ts"
import { freePort } from "../support/server.ts"
import { drill, expectDrilled } from "./drill.ts"
import { prepare, urlOf } from "./preparedPostgres.ts"
import "./drill.test.ts"

let installed: Installed
beforeAll(async () => {
  installed = await startInstalled()
}, 60_000)
afterAll(() => installed.stop())

test("the drill on PostgreSQL ends with the person erased again", async () => {
  const { OWNER, SERVICE } = prepare(installed, "drilled")
  const folder = join(installed.folder, "drill")
  mkdirSync(folder)
  const output = installed.run(drill("PostgreSQL", folder, await freePort()), { OWNER, SERVICE })
  // The role of the service has no right to vacuum, unless the owner grants it (PostgreSQL 17 and later).
  expectDrilled(output, false)
  expect(installed.rows("SELECT count(*) FROM alias", urlOf(installed, "assent_service", "drilled"))).toEqual(["0"])
})
