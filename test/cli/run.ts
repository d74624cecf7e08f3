/**
 * Runs the real command as a child process, in a folder of its own.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"

const main = fileURLToPath(new URL("../../apps/cli/main.ts", import.meta.url))

/** How a run ended. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What a run may be given beside its arguments. */
export interface Options {
  readonly stdin?: string | Uint8Array
  readonly nodeFlags?: ReadonlyArray<string>
  readonly env?: { readonly [name: string]: string }
}

/** A folder with files, a folder for temporary files, and the command run there. */
export interface Workplace {
  readonly folder: string
  readonly write: (name: string, content: string | Uint8Array) => void
  readonly start: (args: ReadonlyArray<string>, options?: Options) => ReturnType<typeof spawn>
  readonly run: (args: ReadonlyArray<string>, options?: Options) => Promise<Outcome>
  readonly temporaryFiles: () => ReadonlyArray<string>
}

/** Makes a workplace that is gone after the tests of the file. */
export const workplace = (): Workplace => {
  const folder = mkdtempSync(join(tmpdir(), "assent-test-"))
  const temporary = mkdtempSync(join(folder, "tmp-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const start: Workplace["start"] = (args, { nodeFlags = [], env = {} } = {}) =>
    spawn(process.execPath, [...nodeFlags, main, ...args], {
      cwd: folder,
      env: { PATH: process.env["PATH"], TMPDIR: temporary, NO_COLOR: "1", ...env },
    })
  const run: Workplace["run"] = (args, options = {}) =>
    new Promise((resolve, reject) => {
      const child = start(args, options)
      const chunks = { stdout: new Array<Buffer>(), stderr: new Array<Buffer>() }
      child.stdout?.on("data", (chunk: Buffer) => chunks.stdout.push(chunk))
      child.stderr?.on("data", (chunk: Buffer) => chunks.stderr.push(chunk))
      child.on("error", reject)
      child.on("close", (code) => {
        const text = (name: "stdout" | "stderr") => Buffer.concat(chunks[name]).toString("utf8")
        resolve({ code, stdout: text("stdout"), stderr: text("stderr") })
      })
      child.stdin?.on("error", () => undefined)
      child.stdin?.end(options.stdin ?? "")
    })
  return {
    folder,
    write: (name, content) => writeFileSync(join(folder, name), content),
    start,
    run,
    temporaryFiles: () => readdirSync(temporary),
  }
}

/** The JSON values of lines. */
export const linesOf = (text: string): ReadonlyArray<{ readonly [member: string]: unknown }> =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))

/** A line of events.ndjson with everything right. */
export const line = (changes: { readonly [field: string]: unknown } = {}): string =>
  JSON.stringify({
    id: "e1",
    concordId: "ann",
    consentType: "news",
    version: 1,
    consentState: "accepted",
    consentAction: "user_click",
    consentDate: "2024-01-31T00:00:00.000Z",
    dateCreated: "2024-01-31T00:00:00.000Z",
    ...changes,
  })
