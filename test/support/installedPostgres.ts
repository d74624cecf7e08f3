/**
 * The PostgreSQL that is installed on the machine, with its tools: the commands of `docs/operating.md` are run with it.
 * Debian's package `postgresql` has all of them; the embedded one has the server alone.
 */
import { spawnSync } from "node:child_process"
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Programs from "./programs.ts"

/** Where the newest one's programs are. */
const programs = (): string => {
  const folder = "/usr/lib/postgresql"
  const [newest] = (existsSync(folder) ? readdirSync(folder) : []).toSorted((a, b) => Number(b) - Number(a))
  if (newest === undefined)
    throw new Error("PostgreSQL's server and tools are not installed: apt-get install postgresql")
  return join(folder, newest, "bin")
}

/** Run by root, a server runs as the user that its package made: root may not run one. */
const user = (): { readonly uid?: number; readonly gid?: number } => {
  if (process.getuid!() !== 0) return {}
  const idOf = (flag: string) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout)
  return { uid: idOf("-u"), gid: idOf("-g") }
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** The machine's PostgreSQL, in a folder that is gone when it is stopped. */
export interface Installed {
  readonly folder: string
  readonly port: number
  /** Runs commands of a shell; `env` is laid over what names the server. Answers what was printed. */
  readonly run: (commands: string, env?: Readonly<Record<string, string>>) => string
  /** Runs statements; answers rows as text. */
  readonly rows: (statements: string, url: string) => ReadonlyArray<string>
  /** Starts a server on files that are there; answers its port. */
  readonly start: (data: string) => Promise<number>
  readonly stop: () => void
}

/** Makes a server and starts it. */
export const startInstalled = async (): Promise<Installed> => {
  const as = user()
  const folder = mkdtempSync(join(tmpdir(), "assent-installed-"))
  const bin = join(folder, "bin")
  mkdirSync(bin)
  writeFileSync(join(bin, "assent"), `#!/bin/sh\nexec "${process.execPath}" "${Programs.command}" "$@"\n`, {
    mode: 0o755,
  })
  if (as.uid !== undefined) for (const each of [folder, bin]) chownSync(each, as.uid, as.gid!)
  const path = `${bin}:${programs()}:${process.env["PATH"]}`
  let port = 0

  const runAs = (commands: string, env: Readonly<Record<string, string>>, who: typeof as): string => {
    const named = {
      PATH: path,
      PGHOST: "127.0.0.1",
      ...(port > 0 && { PGPORT: String(port) }),
      PGUSER: "postgres",
      ...env,
    }
    const ran = spawnSync("bash", ["--norc", "-euc", commands], { cwd: folder, encoding: "utf8", env: named, ...who })
    if (ran.status !== 0) throw new Error(`${commands}\nended with ${ran.status}: ${ran.stderr}`)
    return ran.stdout
  }
  const started: Array<string> = []
  const start: Installed["start"] = async (data) => {
    const own = await freePort()
    const flags = `-p ${own} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`
    runAs(`pg_ctl start --silent --wait -D ${data} -l ${data}.log -o "${flags}"`, {}, as)
    started.unshift(data)
    return own
  }
  const data = join(folder, "data")
  runAs(`initdb --auth=trust --username=postgres --encoding=UTF8 --locale=C -D ${data}`, {}, as)
  port = await start(data)
  return {
    folder,
    port,
    // A backup belongs to the user of the server; everything else runs as the user of the tests.
    run: (commands, env = {}) => runAs(commands, env, commands.includes("pg_basebackup") ? as : {}),
    rows: (statements, url) =>
      runAs('psql -XqAt -v ON_ERROR_STOP=1 "$URL" -c "$STATEMENTS"', { URL: url, STATEMENTS: statements }, {})
        .split("\n")
        .filter((row) => row !== ""),
    start,
    stop: () => {
      for (const each of started) runAs(`pg_ctl stop --silent --mode=immediate -D ${each}`, {}, as)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
