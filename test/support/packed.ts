/**
 * The package as its users get it: packed as for the registry, and projects that have it with chosen other packages.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** The folder of the repository. */
export const root = new URL("../../", import.meta.url).pathname

/** The packages that npm installs with the package itself, and what they need. */
export const dependencies = ["@noble/hashes", "fflate", "libphonenumber-js", "punycode", "tr46"]

/** The outcome of a process. */
export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Node.js that runs the tests first in the path, so that a script with `#!/usr/bin/env node` is run by it. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`, NODE_OPTIONS: "" }

/** Runs a program to its end. */
export const run = (cwd: string, program: string, ...args: ReadonlyArray<string>): Outcome => {
  const { status, stderr, stdout } = spawnSync(program, args, { cwd, env, encoding: "utf8" })
  return { status, stdout, stderr }
}

/** Installs packages in a folder from the registry, or from a file. */
export const install = (folder: string, ...packages: ReadonlyArray<string>): void => {
  const options = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"]
  const { status, stderr } = run(folder, "npm", "install", ...options, ...packages)
  if (status !== 0) throw new Error(`npm install ${packages.join(" ")}: ${stderr}`)
}

/** The packed package. */
export interface Packed {
  readonly tarball: string
  /** The paths of its files, without the folder `package/`. */
  readonly files: ReadonlyArray<string>
  /** Makes an empty folder for a project, which is removed with the package. */
  readonly folder: () => string
  /** Makes a project that has the package, with its dependencies, and the named packages. */
  readonly project: (packages: ReadonlyArray<string>) => Project
  readonly remove: () => void
}

/** A project that has the package. */
export interface Project {
  readonly folder: string
  /** What a script of the project prints. Fails if the script does. */
  readonly run: (code: string) => string
  /** Runs the command line of the package. */
  readonly assent: (...args: ReadonlyArray<string>) => Outcome
}

/** What a script prints in a folder. */
export const runScript = (folder: string, code: string): string => {
  const file = join(folder, "example.mts")
  writeFileSync(file, code)
  return execFileSync(process.execPath, [file], { cwd: folder, env, encoding: "utf8" }).trim()
}

/** What TypeScript finds wrong in code of a folder, in its strictest form, declarations of packages included. */
export const typeErrors = (folder: string, code: string, ...options: ReadonlyArray<string>): string => {
  writeFileSync(join(folder, "example.mts"), code)
  const rules = ["--strict", "--exactOptionalPropertyTypes", "--target", "es2024", "--module", "nodenext"]
  const all = ["--ignoreConfig", "--noEmit", ...rules, ...options, "example.mts"]
  return run(folder, join(root, "node_modules/.bin/tsc"), ...all).stdout
}

/** Packs the package. */
export const pack = (): Packed => {
  const place = mkdtempSync(join(tmpdir(), "assent-packed-"))
  execFileSync("npm", ["pack", "--pack-destination", place], { cwd: root, env, stdio: "pipe" })
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const tarball = join(place, `assent-${version}.tgz`)
  execFileSync("tar", ["xzf", tarball, "-C", place])
  const files = execFileSync("tar", ["tzf", tarball], { encoding: "utf8" }).trim().split("\n")
  const folder = (): string => mkdtempSync(join(place, "project-"))
  const project: Packed["project"] = (packages) => {
    const its = folder()
    const modules = join(its, "node_modules")
    mkdirSync(modules)
    // Hard links, because Node.js looks for packages from where a symbolic link leads to.
    execFileSync("cp", ["-rl", join(place, "package"), join(modules, "assent")])
    for (const name of [...dependencies, ...packages]) {
      mkdirSync(dirname(join(modules, name)), { recursive: true })
      symlinkSync(join(root, "node_modules", name), join(modules, name))
    }
    const command = join(modules, "assent", "dist/apps/cli/main.js")
    return {
      folder: its,
      run: (code) => runScript(its, code),
      assent: (...args) => run(its, process.execPath, command, ...args),
    }
  }
  return {
    tarball,
    files: files.map((file) => file.replace(/^package\//, "")),
    folder,
    project,
    remove: () => rmSync(place, { recursive: true, force: true }),
  }
}
