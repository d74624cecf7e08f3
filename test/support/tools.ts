/**
 * Tools of the system that some faults need. If one is missing, its tests are skipped and say what to install; in CI
 * they fail.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"

const told = (problem: string): boolean => {
  if (process.env["CI"] !== undefined) throw new Error(problem)
  console.warn(`skipped: ${problem}`)
  return false
}

const isCommand = (name: string): boolean =>
  (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(`${folder}/${name}`))

/** Whether the linker finds a library: it reports a missing one, and starts the process nevertheless. */
const isLibrary = (name: string): boolean =>
  spawnSync(process.execPath, ["--version"], { env: { LD_PRELOAD: name } }).stderr.length === 0

/** Whether Debian packages are installed, each recognized by a command or a library (`lib….so`) of it. */
export const hasPackages = (packages: Readonly<Record<string, string>>): boolean => {
  const missing = Object.entries(packages).filter(
    ([, file]) => !(file.endsWith(".so") ? isLibrary(file) : isCommand(file)),
  )
  return missing.length === 0 || told(`not installed: apt-get install ${missing.map(([name]) => name).join(" ")}`)
}

/** Runs a command. Returns whether it succeeded. */
export const run = (command: string, ...rest: ReadonlyArray<string>): boolean =>
  spawnSync(command, rest, { stdio: "ignore" }).status === 0

/** Mounts an empty file system of a few megabytes on a folder. Returns whether that is allowed here. */
export const mountSmall = (folder: string, megabytes: number): boolean =>
  run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder) ||
  told("no file system can be mounted: run as root, in a container with CAP_SYS_ADMIN")
