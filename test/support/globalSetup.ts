/**
 * Before the first test: says whether the short or the long ones are run, builds the script files of pages, and bundles
 * the programs that tests start.
 * A new bundle is compiled too, because Node.js keeps what it has compiled only when a process ends by itself, and most
 * servers are killed.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { buildAll } from "../../apps/site-client/build.ts"
import * as Bundle from "./bundle.ts"
import { childEnv } from "./childEnv.ts"

const compile = (program: string, ...args: ReadonlyArray<string>): Promise<void> =>
  new Promise((resolve, reject) => {
    const env = { ...childEnv, HOST: "127.0.0.1", PORT: "0", ASSENT_STORE: "memory:" }
    const child = spawn(process.execPath, [program, ...args], { env, stdio: ["ignore", "pipe", "ignore"] })
    child.stdout.once("data", () => child.kill("SIGTERM"))
    child.once("error", reject)
    child.once("close", () => resolve())
  })

export default async ({ config }: TestProject): Promise<() => void> => {
  console.log(
    config.mode === "long"
      ? "The long tests (*.long.test.ts): kill loops, long floods, all runs of slow properties, the whole image."
      : "The short tests. `npm run test:long` runs the long ones (*.long.test.ts).",
  )
  // Files that the processes of the tests make once, and use together.
  const files = mkdtempSync(join(tmpdir(), "assent-tests-"))
  process.env["ASSENT_TEST_FILES"] = files
  await buildAll()
  const { folder, isNew } = await Bundle.bundle()
  // Read by `programs.ts`, in the processes of the tests.
  process.env["ASSENT_TEST_BUNDLE"] = folder
  if (isNew) {
    const [command, server] = ["command.js", "server.js"].map((name) => join(folder, name)) as [string, string]
    await Promise.all([compile(command, "--completions", "bash"), compile(server)])
  }
  return () => rmSync(files, { recursive: true, force: true })
}
