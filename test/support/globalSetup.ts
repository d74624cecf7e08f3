/**
 * Before the first test: says whether the short or the long ones are run, and compiles the command and the server where
 * nothing is compiled yet, because Node.js keeps what it has compiled only when a process ends by itself, and most
 * servers are killed.
 */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { childEnv } from "./childEnv.ts"

const apps = join(import.meta.dirname, "../../apps")

const compile = (main: string, ...args: ReadonlyArray<string>): Promise<void> =>
  new Promise((resolve, reject) => {
    const env = { ...childEnv, HOST: "127.0.0.1", PORT: "0", ASSENT_STORE: "memory:" }
    const child = spawn(process.execPath, [join(apps, main), ...args], { env, stdio: ["ignore", "pipe", "ignore"] })
    child.stdout.once("data", () => child.kill("SIGTERM"))
    child.once("error", reject)
    child.once("close", () => resolve())
  })

export default async ({ config }: TestProject): Promise<void> => {
  console.log(
    config.mode === "long"
      ? "The long tests (*.long.test.ts): kill loops, long floods, all runs of slow properties, the whole image."
      : "The short tests. `npm run test:long` runs the long ones (*.long.test.ts).",
  )
  if (existsSync(childEnv["NODE_COMPILE_CACHE"] ?? "")) return
  await Promise.all([compile("cli/main.ts", "--completions", "bash"), compile("server/main.ts")])
}
