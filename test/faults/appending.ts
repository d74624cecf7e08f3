/**
 * The appender as a process that starts in a quarter of a second, because it is bundled once, with the threads of the
 * SQLite store as files in the same folder, as in a program that embeds the ledger.
 */
import { spawn } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "esbuild"
import { childEnv } from "../support/childEnv.ts"

const root = join(import.meta.dirname, "../..")

/** A process that appends. */
export interface Appending {
  /** The ids of the events that were acknowledged to it so far. */
  readonly acknowledged: () => ReadonlyArray<string>
  /** Resolves when the next event is acknowledged; rejects when the process has ended by itself. */
  readonly goesOn: () => Promise<void>
  /** Ends it with SIGKILL, and returns the ids of all acknowledged events; rejects when it had ended by itself. */
  readonly kill: () => Promise<ReadonlyArray<string>>
}

/** Starts appenders. */
export interface Appender {
  /** `under` is a command that runs the process, such as `["strace", "-f"]`. */
  readonly start: (url: string, under?: ReadonlyArray<string>, env?: NodeJS.ProcessEnv) => Appending
  readonly remove: () => void
}

const start = (folder: string, url: string, under: ReadonlyArray<string>, env: NodeJS.ProcessEnv): Appending => {
  const [command, ...rest] = [...under, process.execPath, join(folder, "appender.js"), url]
  // A file has everything that was written to it, also after a kill.
  const written = join(mkdtempSync(join(folder, "run-")), "acknowledged")
  const output = openSync(written, "w")
  const child = spawn(command!, rest, { env: { ...childEnv, ...env }, stdio: ["ignore", output, "pipe"] })
  closeSync(output)
  let errors = ""
  child.stderr!.on("data", (data: Buffer) => (errors += data.toString()))
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()))
  const checkRunning = () => {
    if (child.exitCode !== null) throw new Error(`the appender ended by itself: ${errors}`)
  }
  // The kill may cut the last line short.
  const acknowledged = () => readFileSync(written, "utf8").split("\n").slice(0, -1)
  return {
    acknowledged,
    goesOn: async () => {
      const before = statSync(written).size
      for (; statSync(written).size === before; checkRunning()) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    kill: async () => {
      checkRunning()
      child.kill("SIGKILL")
      await closed
      return acknowledged()
    },
  }
}

/** Bundles the appender. */
export const makeAppender = async (): Promise<Appender> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-appender-"))
  await build({
    absWorkingDir: root,
    entryPoints: ["test/faults/appender.ts", "adapters/sqlite/writerThread.ts", "adapters/sqlite/listThread.ts"],
    entryNames: "[name]",
    outdir: folder,
    bundle: true,
    format: "esm",
    platform: "node",
  })
  return {
    start: (url, under = [], env = {}) => start(folder, url, under, env),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
