/** SIGTERM to `npm start` reaches the server, which ends: npm signals only the process that it has started itself. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { expect, test } from "vitest"
import { childEnv } from "../support/childEnv.ts"
import { freePort } from "../support/server.ts"
import { root } from "./sources.ts"

// Kills: the script `start` of package.json without `exec`.
test("a server that `npm start` has started ends with it", async () => {
  const port = await freePort()
  const env = { ...childEnv, PORT: String(port), ASSENT_STORE: "memory:" }
  const npm = spawn("npm", ["start"], { cwd: root, env, detached: true, stdio: ["ignore", "pipe", "ignore"] })
  let output = ""
  npm.stdout.setEncoding("utf8")
  for await (const text of npm.stdout) if ((output += text).includes("listens on")) break
  expect(output).toContain("listens on")
  try {
    process.kill(npm.pid!, "SIGTERM")
    if (npm.exitCode === null && npm.signalCode === null) await once(npm, "exit")
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow("fetch failed")
  } finally {
    try {
      process.kill(-npm.pid!, "SIGKILL")
    } catch {
      // Everything has ended.
    }
  }
})
