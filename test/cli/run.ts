/**
 * Runs the command in a folder of its own: in the tests' own process, where starting one takes most of the time of a
 * short run, or as a process, where a test is about the process.
 */
import { spawn } from "node:child_process"
import { Console as NodeConsole } from "node:console"
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Layer, Stdio, Stream } from "effect"
import { afterAll } from "vitest"
import * as Assent from "../../apps/cli/Assent.ts"
import * as ExitCode from "../../apps/cli/ExitCode.ts"
import { childEnv } from "../support/childEnv.ts"
import * as TestKeys from "../support/keys.ts"
import * as Programs from "../support/programs.ts"

/** The exit code and the outputs of a run. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The input and the environment of a run. */
export interface Options {
  readonly stdin?: string | Uint8Array
  readonly env?: { readonly [name: string]: string }
}

/** Options of a run that is a process. */
export interface ProcessOptions extends Options {
  readonly nodeFlags?: ReadonlyArray<string>
}

/** A folder with files, a folder for temporary files, and the command run there. */
export interface Workplace {
  readonly folder: string
  readonly write: (name: string, content: string | Uint8Array) => void
  /** Copies a SQLite file that no process has open, with its keys. */
  readonly copyLedger: (from: string, to: string) => void
  /** Runs the command in this process, after the runs that were asked for before. */
  readonly run: (args: ReadonlyArray<string>, options?: Options) => Promise<Outcome>
  /** Runs the command as a process. */
  readonly runProcess: (args: ReadonlyArray<string>, options?: ProcessOptions) => Promise<Outcome>
  /** Starts the command as a process. */
  readonly start: (args: ReadonlyArray<string>, options?: ProcessOptions) => ReturnType<typeof spawn>
  readonly temporaryFiles: () => ReadonlyArray<string>
}

/** Replaces this process's folder, environment and outputs, until the returned function restores them. */
const replaceProcess = (folder: string, env: Readonly<Record<string, string>>) => {
  const before = { env: { ...process.env }, folder: process.cwd(), exitCode: process.exitCode }
  const replaceEnv = (env: NodeJS.ProcessEnv) => {
    for (const name of Object.keys(process.env)) delete process.env[name]
    Object.assign(process.env, env)
  }
  const written = { stdout: new Array<Buffer>(), stderr: new Array<Buffer>() }
  const capture = (name: "stdout" | "stderr") => {
    const stream = process[name]
    const write = Object.getOwnPropertyDescriptor(stream, "write")
    stream.write = (chunk: string | Uint8Array, ...rest: ReadonlyArray<unknown>) => {
      written[name].push(Buffer.from(chunk))
      const done = rest.at(-1)
      if (typeof done === "function") queueMicrotask(() => done())
      return true
    }
    return () => {
      Reflect.deleteProperty(stream, "write")
      if (write !== undefined) Object.defineProperty(stream, "write", write)
    }
  }
  const restoring = [capture("stdout"), capture("stderr")]
  process.chdir(folder)
  replaceEnv(env)
  process.exitCode = undefined
  return (): Omit<Outcome, "code"> => {
    for (const restore of restoring) restore()
    process.chdir(before.folder)
    replaceEnv(before.env)
    process.exitCode = before.exitCode
    const text = (name: "stdout" | "stderr") => Buffer.concat(written[name]).toString("utf8")
    return { stdout: text("stdout"), stderr: text("stderr") }
  }
}

/** The most that a pipe gives at a time. */
const chunkBytes = 65_536

/** The services that the command needs, with standard input given by the test. */
const services = (stdin: string | Uint8Array) => {
  const bytes = Buffer.from(stdin)
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  )
  return Layer.mergeAll(
    NodeServices.layer,
    Stdio.layerTest({ stdin: Stream.fromIterable(chunks, { chunkSize: 1 }) }),
    // The test runner's console writes to its own report.
    Layer.succeed(Console.Console, new NodeConsole({ stdout: process.stdout, stderr: process.stderr })),
  )
}

const runHere = async (
  folder: string,
  env: Readonly<Record<string, string>>,
  args: ReadonlyArray<string>,
  stdin: string | Uint8Array,
): Promise<Outcome> => {
  const assent = await Assent.load(args)
  const running = Effect.provide(Assent.run(assent, args), services(stdin))
  const restore = replaceProcess(folder, env)
  const exit = await Effect.runPromiseExit(running)
  const code = await new Promise<number>((resolve) => ExitCode.teardown(exit, resolve))
  return { code, ...restore() }
}

/** Makes a workplace that is removed after the tests of the file. */
export const workplace = (): Workplace => {
  const folder = mkdtempSync(join(tmpdir(), "assent-test-"))
  const temporary = mkdtempSync(join(folder, "tmp-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const envOf = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => ({
    ...childEnv,
    ...Object.assign({}, ...[...args, ...Object.values(env)].map(TestKeys.environment)),
    TMPDIR: temporary,
    NO_COLOR: "1",
    ...env,
  })
  const start: Workplace["start"] = (args, { nodeFlags = [], env } = {}) =>
    spawn(process.execPath, [...nodeFlags, Programs.command, ...args], { cwd: folder, env: envOf(args, env) })
  const runProcess: Workplace["runProcess"] = (args, options = {}) =>
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
  let last: Promise<unknown> = Promise.resolve()
  const run: Workplace["run"] = (args, { env, stdin = "" } = {}) => {
    const running = last.then(() => runHere(folder, envOf(args, env), args, stdin))
    last = running.catch(() => undefined)
    return running
  }
  return {
    folder,
    write: (name, content) => writeFileSync(join(folder, name), content),
    copyLedger: (from, to) => {
      for (const ending of ["", ".keys"]) copyFileSync(join(folder, from + ending), join(folder, to + ending))
    },
    run,
    runProcess,
    start,
    temporaryFiles: () => readdirSync(temporary),
  }
}

/** The JSON values of lines. */
export const linesOf = (text: string): ReadonlyArray<{ readonly [member: string]: unknown }> =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))

/** A valid line of events.ndjson. */
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
