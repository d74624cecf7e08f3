/**
 * A reader's desk: a folder that is a checkout without data, and a shell in it, in which commands are run one after
 * the other as a reader pastes them.
 *
 * The checkout has the files of this repository as links. `npm` answers from what is installed: `npm ci` does nothing,
 * `npm install` links the packages it names, and scripts run as package.json has them. `assent` is the command line of
 * this repository. `npm start` really starts the server on a free port; the next one, and the end, stop it.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { Readable } from "node:stream"
import { childEnv } from "../../support/childEnv.ts"
import { freePort } from "../../support/server.ts"
import * as Programs from "../../support/programs.ts"
import { read, root } from "../sources.ts"

/** What commands have printed. */
export interface Printed {
  readonly stdout: string
  readonly stderr: string
}

/** A folder and a shell. */
export interface Desk {
  /** Runs commands in the shell, and fails if one of them does. */
  readonly run: (commands: string) => Promise<Printed>
  /** Writes a file where the shell is. */
  readonly write: (name: string, text: string) => Promise<void>
  /** Ends the shell and everything that it has started. */
  readonly leave: () => Promise<void>
}

const manifest = JSON.parse(read("package.json"))

/** package.json of the checkout: programs import the sources, so that nothing has to be built. */
const linkedManifest = (): string =>
  JSON.stringify(manifest).replaceAll(/"\.\/dist\/([^"]*)\.js"/g, (_, path) => `"./${path}.ts"`)

/** `npm`, from the scripts of package.json. */
const npm = (): string => {
  const scripts = Object.entries<string>(manifest.scripts).map(
    ([name, script]) => `${name}) shift; exec ${script.replace(/^exec /, "")} "$@" ;;`,
  )
  return `#!/bin/sh
case "$1" in
  ci) exit 0 ;;
  init) echo '{ "name": "new", "private": true }' > package.json; exit 0 ;;
  pack) touch assent-${manifest.version}.tgz; exit 0 ;;
  install) shift; exec node "$DESK/install.mjs" "$@" ;;
  start) set -- run "$@" ;;
  run) ;;
  *) echo "npm $1 is not known to this test" >&2; exit 1 ;;
esac
shift
while [ "$1" = -s ] || [ "$1" = --silent ]; do shift; done
name=$1; shift
if [ "$1" = -- ]; then shift; fi
set -- "$name" "$@"
case "$name" in
  ${scripts.join("\n  ")}
esac
echo "npm: there is no script $name" >&2
exit 1
`
}

/** `npm install`: links packages that this repository has installed into the folder. */
const install = `import { existsSync, mkdirSync, symlinkSync } from "node:fs"
import { dirname, join } from "node:path"
for (const given of process.argv.slice(2).filter((word) => !word.startsWith("-"))) {
  const name = /\\.tgz$/.test(given) ? "assent" : given.replace(/(?<=.)@.*$/, "")
  const from = name === "assent" ? process.env.CHECKOUT : join(process.env.CHECKOUT, "node_modules", name)
  if (/\\.tgz$/.test(given) ? !existsSync(given) : !existsSync(from)) throw new Error(given + ": no such package")
  // In the checkout everything is installed.
  if (process.cwd() === process.env.CHECKOUT) continue
  const to = join("node_modules", name)
  mkdirSync(dirname(to), { recursive: true })
  if (!existsSync(to)) symlinkSync(from, to)
}
`

const assent = `#!/bin/sh\nexec node "${Programs.command}" "$@"\n`

/** Shell functions: `listening` starts a server, waits until it has printed a text, and prints what it has printed. */
const prelude = `set -eo pipefail
listening() {
  local text="$1"; shift
  if [ -n "$SERVING" ]; then kill "$SERVING" 2> /dev/null || true; wait "$SERVING" || true; fi
  "$@" > "$DESK/server.out" 2> "$DESK/server.log" &
  SERVING=$!
  until grep -q -e "$text" "$DESK/server.out"; do
    if ! kill -0 "$SERVING" 2> /dev/null; then cat "$DESK/server.out" "$DESK/server.log" >&2; return 1; fi
    sleep 0.05
  done
  curl --silent --retry 60 --retry-connrefused --output /dev/null "http://127.0.0.1:$PORT/readyz"
  eval "$(grep '^export ' "$DESK/server.out")"
  export CONSENT_TYPE=$(awk '/ newsletter$/ { print $1 }' "$DESK/server.out")
  cat "$DESK/server.out"
}
`

const entries = execFileSync("git", ["ls-tree", "--name-only", "HEAD"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n")
  .filter((name) => !name.startsWith(".") && name !== "package.json")

/** Makes the checkout, and the programs in a folder next to it. */
const furnish = (folder: string, desk: string): void => {
  mkdirSync(folder)
  for (const name of [...entries, "node_modules"]) symlinkSync(join(root, name), join(folder, name))
  writeFileSync(join(folder, "package.json"), linkedManifest())
  mkdirSync(join(desk, "bin"), { recursive: true })
  for (const [name, program] of Object.entries({ npm: npm(), assent })) {
    writeFileSync(join(desk, "bin", name), program, { mode: 0o755 })
  }
  writeFileSync(join(desk, "install.mjs"), install)
}

/** The last line of the banner of the server; it stands in the banner of every start. */
const isUp = "listens on"

/** The command that starts the server and does not end: here it waits until the server listens. */
const foregroundStart = /(?<=^|\s)npm start(?=[ \t]*$)/gm

/** The URL of a database that a page has invented. */
const someDatabase = /postgres:\/\/[^\s"']+/g

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) =>
    child.exitCode === null && child.signalCode === null ? child.once("exit", () => resolve()) : resolve(),
  )

/** Sits down at a new desk. `database` makes an empty database, where a page names one. */
export const sitDown = async (database: () => Promise<string>): Promise<Desk> => {
  const base = mkdtempSync(join(tmpdir(), "assent-docs-"))
  const folder = join(base, "assent")
  const desk = join(base, "desk")
  furnish(folder, desk)
  const port = await freePort()
  const shell = spawn("bash", ["--norc", "--noprofile"], {
    cwd: folder,
    // A group of its own, so that everything it starts can be ended.
    detached: true,
    stdio: ["pipe", "ignore", "ignore", "pipe"],
    env: {
      ...childEnv,
      PATH: `${join(desk, "bin")}:${dirname(process.execPath)}:${childEnv["PATH"]}`,
      HOME: base,
      TMPDIR: base,
      NO_COLOR: "1",
      PORT: String(port),
      DESK: desk,
      CHECKOUT: folder,
    },
  })
  shell.stdin!.write(prelude)
  const isEnded = ended(shell)
  const answers = (shell.stdio[3] as Readable).setEncoding("utf8")
  /** Resolves when the shell has answered a step, or has ended. */
  const next = (): Promise<unknown> =>
    Promise.race([
      new Promise((resolve) => answers.once("data", resolve)),
      isEnded.then(() => answers.removeAllListeners()),
    ])
  let steps = 0
  let url: Promise<string> | undefined
  /** Commands with the port of this desk, and with a database of its own. */
  const own = async (commands: string): Promise<string> => {
    const served = commands.replaceAll(foregroundStart, `listening "${isUp}" npm start`).replaceAll(":4000", `:${port}`)
    if (served.search(someDatabase) === -1) return served
    url ??= database()
    return served.replaceAll(someDatabase, await url)
  }
  const run: Desk["run"] = async (commands) => {
    const name = join(desk, `step-${++steps}`)
    writeFileSync(`${name}.sh`, await own(commands))
    shell.stdin!.write(`. ${name}.sh > ${name}.out 2> ${name}.err < /dev/null; echo done >&3\n`)
    await next()
    if (shell.exitCode !== null)
      throw new Error(`it ended with ${shell.exitCode}: ${readFileSync(`${name}.err`, "utf8")}`)
    const printed = (end: string) => readFileSync(`${name}.${end}`, "utf8").replaceAll(`:${port}`, ":4000")
    return { stdout: printed("out"), stderr: printed("err") }
  }
  return {
    run,
    write: async (name, text) => {
      const path = join((await run("pwd")).stdout.trim(), name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, await own(text))
    },
    leave: async () => {
      if (shell.exitCode === null) shell.stdin!.end()
      try {
        process.kill(-shell.pid!, "SIGKILL")
      } catch {
        // Everything has ended.
      }
      await isEnded
      rmSync(base, { recursive: true, force: true })
    },
  }
}
