/**
 * The image of `deploy/Dockerfile`, built without Docker: every instruction is followed in empty folders, one for each
 * stage.
 *
 * In place of the base images it has the Node.js that runs the tests, with the libraries it is linked to and nothing
 * else.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import {
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join, relative, resolve } from "node:path"
import { type Copy, DockerfileParser, type Instruction } from "dockerfile-ast"
import { isLong } from "./long.ts"

const root = join(import.meta.dirname, "../..")
const file = join(root, "deploy/Dockerfile")

/**
 * Whether packages are installed as the Dockerfile says, which takes a minute, or copied from the packages of the
 * tests.
 */
const isWhole = isLong || process.env["ASSENT_TEST_IMAGE"] === "whole"

/** A built image. */
export interface Image {
  /** Where `/data` of the image is. */
  readonly data: string
  /** The arguments that start the server. */
  readonly command: ReadonlyArray<string>
  /** The arguments of the health check. */
  readonly healthcheck: ReadonlyArray<string>
  /** `uid:gid`. */
  readonly user: string
  /** Runs a program as its user: without any capability, on a root that cannot be written to. */
  readonly run: (command: ReadonlyArray<string>, environment: Readonly<Record<string, string>>) => ChildProcess
  readonly remove: () => void
}

/** The files of the repository that an image may be made of: the paths that `.dockerignore` lets through. */
const context = (): ReadonlyArray<string> => {
  const [first, ...lines] = readFileSync(`${file}.dockerignore`, "utf8").trim().split("\n")
  if (first !== "**" || lines.some((line) => !/^![\w./-]+$/.test(line)))
    throw new Error("more than a list of what is let through")
  return lines.map((line) => line.slice(1))
}

interface Stage {
  readonly name: string | null
  readonly instructions: ReadonlyArray<Instruction>
}

/** The stages of the Dockerfile. */
const stages = (): ReadonlyArray<Stage> => {
  const dockerfile = DockerfileParser.parse(readFileSync(file, "utf8"))
  return dockerfile.getFROMs().map((from, index, all) => {
    const next = all[index + 1]?.getRange().start.line ?? Number.POSITIVE_INFINITY
    const isOurs = ({ start }: { start: { line: number } }) =>
      start.line > from.getRange().start.line && start.line < next
    return {
      name: from.getBuildStage(),
      instructions: dockerfile.getInstructions().filter((each) => isOurs(each.getRange())),
    }
  })
}

const argumentsOf = (instruction: Instruction): string => instruction.getArgumentsContent() ?? ""

/** The value of an instruction that occurs once. */
const only = ({ instructions }: Stage, keyword: string): string => {
  const found = instructions.filter((each) => each.getKeyword() === keyword)
  if (found.length !== 1) throw new Error(`${keyword} comes ${found.length} times`)
  return argumentsOf(found[0]!)
}

/**
 * Copies a file, or the content of a folder, as COPY does; between stages by links, because there are thousands of
 * files.
 */
const copy = (from: string, to: string, isFolder: boolean, isStage: boolean): void => {
  const isInto = isFolder && !lstatSync(from).isDirectory()
  mkdirSync(isInto ? to : dirname(to), { recursive: true })
  const flags = ["--archive", "--no-target-directory", ...(isStage ? ["--link"] : [])]
  execFileSync("cp", [...flags, from, isInto ? join(to, basename(from)) : to])
}

/** The folders below `node_modules` of the packages that the package of a folder needs, directly or not. */
const needed = (folder: string, found = new Set<string>()): ReadonlySet<string> => {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  for (const name of Object.keys(dependencies)) {
    const below = [join(folder, "node_modules", name), join(root, "node_modules", name)].find((each) =>
      existsSync(each),
    )
    if (below === undefined) throw new Error(`${name} is not installed`)
    const path = relative(root, below)
    if (!found.has(path)) needed(below, found.add(path))
  }
  return found
}

/**
 * Installs the packages that `npm ci` would: all packages for the build, or those of a workspace alone, without peers.
 */
const install = (command: string, directory: string): void => {
  const workspace = /--workspace=(\S+)/.exec(command)?.[1]
  if (workspace === undefined) return symlinkSync(join(root, "node_modules"), join(directory, "node_modules"))
  if (!/--omit=dev --omit=peer/.test(command)) throw new Error(`cannot do what "${command}" does`)
  for (const path of needed(join(root, workspace))) cpSync(join(root, path), join(directory, path), { recursive: true })
}

/** Follows the instructions of a stage in a folder; `folders` has those of the stages before. */
const follow = ({ instructions }: Stage, folder: string, folders: ReadonlyMap<string, string>): void => {
  let directory = folder
  const within = (path: string): string => (path.startsWith("/") ? join(folder, path) : resolve(directory, path))

  const copyAll = (instruction: Copy): void => {
    const flags = new Map(instruction.getFlags().map((flag) => [flag.getName(), flag.getValue() ?? ""]))
    const paths = argumentsOf(instruction).split(/\s+/)
    const to = paths.pop()!
    const [from, allowed] = flags.has("from") ? [folders.get(flags.get("from")!)!, undefined] : [root, context()]
    for (const path of paths) {
      // Copies only the files that `.dockerignore` lets through.
      if (path === "." && allowed !== undefined) {
        for (const each of allowed) copy(join(from, each), within(each), false, false)
        continue
      }
      if (allowed !== undefined && !allowed.includes(path))
        throw new Error(`${path} is not let through by .dockerignore`)
      copy(join(from, path), within(to), to.endsWith("/") || paths.length > 1, allowed === undefined)
    }
    const [uid, gid] = (flags.get("chown") ?? "").split(":").map(Number)
    if (uid !== undefined && gid !== undefined) chownSync(within(to), uid, gid)
  }

  for (const instruction of instructions) {
    const line = argumentsOf(instruction)
    if (instruction.getKeyword() === "WORKDIR") mkdirSync((directory = within(line)), { recursive: true })
    if (instruction.getKeyword() === "COPY") copyAll(instruction as Copy)
    if (instruction.getKeyword() !== "RUN") continue
    if (line.startsWith("npm ci ") && !isWhole) install(line, directory)
    else run(line, directory)
  }
}

/** Runs a line of the build. What it prints is in the error, because a compiler writes its errors to its output. */
const run = (line: string, directory: string): void => {
  const env = { ...process.env, npm_config_prefer_offline: "true" }
  const { error, status, stderr, stdout } = spawnSync("sh", ["-c", line], { cwd: directory, env, encoding: "utf8" })
  if (status !== 0) throw new Error(`${line} ended with ${status}: ${error?.message ?? ""}${stdout}${stderr}`)
}

/** Node.js where the base image has it. */
const addNode = (folder: string): void => {
  const linked = execFileSync("ldd", [process.execPath], { encoding: "utf8" }).match(/\/\S+\.so\S*/g)!
  const files = [[process.execPath, "/nodejs/bin/node"], ...linked.map((library) => [library, library])]
  for (const [from, to] of files) {
    mkdirSync(dirname(join(folder, to!)), { recursive: true })
    copyFileSync(from!, join(folder, to!))
  }
}

/**
 * Everything is mounted in a namespace of the program's own, and disappears with it. Only `chroot` inherits the
 * capability that it needs: the change of the user drops it.
 */
const start = (
  folder: string,
  directory: string,
  user: string,
  command: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>,
) => {
  const script = `set -e
    for each in proc dev; do mkdir -p $each; done
    mount --bind . . && cd "$PWD"
    mount --bind data data
    mount -t proc proc proc
    mount --rbind /dev dev
    mount -o remount,bind,ro .
    inherit="--inh-caps=-all,+sys_chroot,+setuid,+setgid"
    change="chroot --userspec=${user} --groups= ."
    exec setpriv $inherit setpriv --no-new-privs --bounding-set=-all $change "$@"`
  // Node.js gets its folder as an argument, because there is no shell that could change the folder.
  const [program, ...parameters] = command.map((word) => (word.startsWith("dist/") ? join(directory, word) : word))
  const words = ["--mount", "--propagation=private", "sh", "-c", script, "sh", program!, ...parameters]
  return spawn("unshare", words, { cwd: folder, env: { PATH: process.env["PATH"], ...env } })
}

/** Builds the image. */
export const build = (): Image => {
  const top = mkdtempSync(join(tmpdir(), "assent-image-"))
  const folders = new Map<string, string>()
  const remove = () => rmSync(top, { recursive: true, force: true })
  const all = stages()
  try {
    for (const [index, stage] of all.entries()) {
      const folder = join(top, String(index))
      mkdirSync(folder)
      follow(stage, folder, folders)
      if (stage.name !== null) folders.set(stage.name, folder)
    }
  } catch (error) {
    remove()
    throw error
  }
  const folder = join(top, String(all.length - 1))
  addNode(folder)
  const last = all.at(-1)!
  const user = only(last, "USER")
  const fixed = Object.fromEntries(
    only(last, "ENV")
      .split(/\s+/)
      .map((pair) => pair.split("=") as [string, string]),
  )
  return {
    data: join(folder, only(last, "VOLUME")),
    // The entry point of the base image is Node.js.
    command: ["/nodejs/bin/node", ...JSON.parse(only(last, "CMD"))],
    healthcheck: JSON.parse(/^CMD (\[.*\])$/.exec(only(last, "HEALTHCHECK"))![1]!),
    user,
    run: (command, environment) => start(folder, only(last, "WORKDIR"), user, command, { ...fixed, ...environment }),
    remove,
  }
}
