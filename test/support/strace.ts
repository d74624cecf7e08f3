/**
 * The system calls of processes, recorded by strace: which bytes they write to which file, and which files they sync to
 * the disk.
 */
import { spawn } from "node:child_process"
import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"

/** A write or a sync. Instants are in seconds since 1970, of one clock for all processes. */
export interface Call {
  readonly name: "write" | "sync"
  /** The file or folder. */
  readonly path: string
  /** The bytes written, in lower-case hexadecimal; empty for a sync. */
  readonly hex: string
  readonly begin: number
  readonly end: number
}

const calls = "trace=write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync_file_range"

/** Options of strace: paths of files, instants, the duration of each call, and all written bytes as hexadecimal. */
const options = ["-f", "-y", "-ttt", "-T", "-xx", "-s", "16777216", "-e", calls]

/**
 * The command that runs a process and records the calls of all its threads. The process is a child of the caller, not
 * of strace.
 */
export const straced = (file: string, env: Readonly<Record<string, string>> = {}): ReadonlyArray<string> => [
  "strace",
  "-D",
  "-qq",
  ...options,
  ...Object.entries(env).flatMap(([name, value]) => ["-E", `${name}=${value}`]),
  ...["-o", file],
]

/** The messages of strace about a process that it was to watch: it is attached, or the process had ended. */
const settledPattern = /Process (\d+) attached|PTRACE_SEIZE, (\d+)\): No such process/g

/**
 * Records the calls of running processes and of those that they start, from when this resolves until the returned
 * function is called.
 */
export const attachStrace = async (file: string, pids: ReadonlyArray<number>): Promise<() => Promise<void>> => {
  const tracing = spawn("strace", [...options, "-o", file, ...pids.flatMap((pid) => ["-p", String(pid)])], {
    stdio: ["ignore", "ignore", "pipe"],
  })
  const ended = new Promise<void>((resolve) => tracing.once("close", () => resolve()))
  let said = ""
  await new Promise<void>((resolve, reject) => {
    tracing.stderr.on("data", (data: Buffer) => {
      said += data.toString()
      const settled = new Set([...said.matchAll(settledPattern)].map(([, attached, gone]) => Number(attached ?? gone)))
      // Processes that these start meanwhile are among the messages, too.
      if (pids.every((pid) => settled.has(pid))) resolve()
    })
    void ended.then(() => reject(new Error(`strace has ended: ${said}`)))
  })
  return async () => {
    tracing.kill("SIGINT")
    await ended
  }
}

const started = /^(\d+) +([\d.]+) (?:(\w+)\((.*)|<\.\.\. \w+ resumed>(.*))$/
const finished = /\) += (-?\d+).* <([\d.]+)>$/
const opened = /^\d+<([^>]*)>/

/** With `-xx` strings are written as `\x68\x69`, and paths too. */
const hexOf = (text: string): string => text.replaceAll("\\x", "")
const pathOf = (text: string): string => (text.startsWith("\\x") ? Buffer.from(hexOf(text), "hex").toString() : text)
const bytesOf = (text: string): string => [...text.matchAll(/"([^"]*)"/g)].map(([, bytes]) => hexOf(bytes!)).join("")

/** The recorded calls that did not fail, in the order of their end. */
export const readCalls = async (file: string): Promise<ReadonlyArray<Call>> => {
  const all: Array<Call> = []
  const begun = new Map<string, { readonly name: string; readonly text: string; readonly begin: number }>()
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const [, pid, at, name, rest, resumed] = started.exec(line) ?? []
    if (pid === undefined) continue
    const call =
      name === undefined
        ? { ...begun.get(pid)!, text: begun.get(pid)!.text + resumed }
        : { name, text: rest!, begin: Number(at) }
    const [, result, took] = finished.exec(call.text) ?? []
    if (took === undefined) {
      begun.set(pid, { ...call, text: call.text.replace(/ <unfinished \.\.\.>$/, "") })
      continue
    }
    const path = opened.exec(call.text)?.[1]
    if (path === undefined || Number(result) < 0) continue
    const isSync = call.name.includes("sync")
    all.push({
      name: isSync ? "sync" : "write",
      path: pathOf(path),
      hex: isSync ? "" : bytesOf(call.text),
      begin: call.begin,
      end: call.begin + Number(took),
    })
  }
  return all
}
