/**
 * The drill of docs/operating.md on SQLite: a person that was erased stays erased when an older backup is restored.
 * It is among the long tests; `http/erasure.test.ts` shows the same of a server in the short ones.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { childEnv } from "../support/childEnv.ts"
import { freePort } from "../support/server.ts"
import { isLong } from "../support/long.ts"
import { hasPackages } from "../support/tools.ts"
import { drill, expectDrilled } from "./drill.ts"

const folder = mkdtempSync(join(tmpdir(), "assent-drill-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.runIf(isLong && hasPackages({ sqlite3: "sqlite3", curl: "curl" }))("the drill", () => {
  test("on SQLite ends with the person erased again", async () => {
    const commands = drill("SQLite", folder, await freePort())
    const { status, stderr, stdout } = spawnSync("bash", ["--norc", "-euc", commands], {
      encoding: "utf8",
      env: childEnv,
    })
    expect([status, stderr, stdout], `${stderr}\n${stdout}`).toEqual([0, expect.anything(), expect.anything()])
    expectDrilled(stdout, true)
  })
})
