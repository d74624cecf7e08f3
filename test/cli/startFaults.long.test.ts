/**
 * Why a server does not start, and a command does not begin: each message names the variable or the flag, the file or
 * the database, the cause with its code, and what mends it; never a password.
 */
import { spawnSync } from "node:child_process"
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type AddressInfo, type Server as NetServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Effect, Layer } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as FileFault from "../../adapters/sqlite/FileFault.ts"
import * as Store from "../../apps/Store.ts"
import type { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import { childEnv } from "../support/childEnv.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"

let folder: string
let files = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "assent-start-"))
  chmodSync(folder, 0o755)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A folder of its own for one case. */
const place = (): string => {
  const made = join(folder, `case${++files}`)
  mkdirSync(made)
  chmodSync(made, 0o755)
  return made
}

/** The user that is denied what its owner may: root is denied nothing. */
const nobody = 65_534
const isRoot = process.getuid?.() === 0
const uid = isRoot ? nobody : process.getuid!()

/** Opens stores as that user, in one process; returns why each cannot be opened. */
const openAsNobody = (paths: ReadonlyArray<string>): ReadonlyArray<string> => {
  const script = join(import.meta.dirname, "../support/openings.ts")
  const urls = paths.map((path) => `sqlite:${path}`)
  const options = { cwd: folder, env: childEnv, encoding: "utf8", ...(isRoot && { uid: nobody, gid: nobody }) } as const
  const { stderr, stdout } = spawnSync(process.execPath, [script, ...urls], options)
  expect(stderr).toBe("")
  return JSON.parse(stdout)
}

/** Why a server that records cannot open a store. */
const faultOf = async (url: string) => {
  const failure = await Effect.runPromise(Effect.flip(Effect.scoped(Layer.build(Store.primary(url)))))
  return { reason: failure.message, isLasting: (failure as StoreUnavailable).isLasting === true }
}

const make = (path: string) => Effect.runPromise(Effect.scoped(Layer.build(Store.layer(`sqlite:${path}`))))

/** Writes to a file that is not open. */
const exec = (path: string, statements: string): void => {
  const db = new DatabaseSync(path)
  db.exec(statements)
  db.close()
}

describe("a SQLite file", () => {
  interface Case {
    readonly name: string
    /** Makes what is there, and gives the path. */
    readonly path: () => string | Promise<string>
    /** What is said after the path. */
    readonly cause: (path: string) => string
    /** Whether it can never be opened until something is changed. */
    readonly isLasting: boolean
  }

  /** Cases of a user that lacks rights. */
  const denied: ReadonlyArray<Case> = [
    {
      name: "whose folder cannot be made",
      path: () => join(place(), "missing", "a.db"),
      cause: (path) =>
        `uid ${uid} may not make its folder in ${dirname(dirname(path))} (EACCES): sudo install -d -m 700 -o ${uid} ${dirname(path)}`,
      isLasting: true,
    },
    {
      name: "in a folder that cannot be written to",
      path: () => {
        const made = place()
        chmodSync(made, 0o555)
        return join(made, "a.db")
      },
      cause: (path) =>
        `uid ${uid} may not write to the folder ${dirname(path)} (EACCES), where SQLite keeps its log: ` +
        (isRoot ? `sudo chown ${uid} ${dirname(path)}` : `chmod u+rwx ${dirname(path)}`),
      isLasting: true,
    },
    {
      name: "that cannot be written",
      path: async () => {
        const path = join(place(), "a.db")
        await make(path)
        if (isRoot) for (const each of [dirname(path), path]) chownSync(each, nobody, nobody)
        chmodSync(path, 0o400)
        return path
      },
      cause: (path) => `uid ${uid} may not read and write ${path} (EACCES): chmod u+rw ${path}`,
      isLasting: true,
    },
    {
      name: "of another user",
      path: async () => {
        const path = join(place(), "a.db")
        await make(path)
        chmodSync(dirname(path), 0o777)
        return path
      },
      cause: (path) =>
        `uid ${uid} may not read and write ${path} (EACCES): ${isRoot ? `sudo chown ${uid}` : "chmod u+rw"} ${path}`,
      isLasting: true,
    },
  ]
  const others: ReadonlyArray<Case> = [
    {
      name: "in a folder that is a file",
      path: () => {
        const made = place()
        writeFileSync(join(made, "file"), "")
        return join(made, "file", "a.db")
      },
      cause: (path) => `${dirname(path)} is a file and no folder (ENOTDIR): name a path in a folder`,
      isLasting: true,
    },
    {
      name: "that is a folder",
      path: place,
      cause: (path) => `this is a folder (EISDIR): name a file in it, such as sqlite:${path}/assent.db`,
      isLasting: true,
    },
    {
      name: "that is no database",
      path: () => {
        const path = join(place(), "a.db")
        writeFileSync(path, "no database".repeat(100))
        return path
      },
      cause: () => "the file is not a database (SQLITE_NOTADB): name a ledger, or a file that does not exist yet",
      isLasting: true,
    },
    {
      name: "of another program",
      path: () => {
        const path = join(place(), "a.db")
        exec(path, "CREATE TABLE t (a)")
        return path
      },
      cause: () => "the file is not an Assent ledger: name a ledger, or a file that does not exist yet",
      isLasting: true,
    },
    {
      name: "of a later version",
      path: async () => {
        const path = join(place(), "a.db")
        await make(path)
        exec(path, "PRAGMA user_version = 999")
        return path
      },
      cause: () => "the ledger was written by a later version of Assent: run that version",
      isLasting: true,
    },
  ]

  test("that this user may not use: its path, the cause, and the command that gives the right", async () => {
    const paths: Array<string> = []
    for (const { path } of denied) paths.push(await path())
    expect(openAsNobody(paths)).toEqual(
      denied.map(({ cause }, index) => `ASSENT_STORE: ${paths[index]}: ${cause(paths[index]!)}`),
    )
  })

  test.concurrent.each(others)("$name", async ({ cause, isLasting, path }) => {
    const at = await path()
    expect(await faultOf(`sqlite:${at}`)).toEqual({ reason: `ASSENT_STORE: ${at}: ${cause(at)}`, isLasting })
  })

  // The wait for the lock is left out.
  test("that another process has locked", async () => {
    const path = join(place(), "a.db")
    await make(path)
    const [holder, other] = [new DatabaseSync(path), new DatabaseSync(path, { timeout: 0 })]
    holder.exec("BEGIN IMMEDIATE")
    try {
      other.exec("BEGIN IMMEDIATE")
      expect.unreachable()
    } catch (error) {
      expect(FileFault.of(path, error)).toEqual({
        reason: `${path}: another process has locked it (SQLITE_BUSY): end that process, which fuser -v ${path} shows`,
        isLasting: false,
      })
    } finally {
      for (const db of [holder, other]) db.close()
    }
  })
})

describe("a database", () => {
  let postgres: Postgres
  let silent: NetServer
  let closing: NetServer
  const portOf = (server: NetServer): number => (server.address() as AddressInfo).port
  const listen = async (server: NetServer): Promise<NetServer> => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()))
    return server
  }
  let url: string
  beforeAll(async () => {
    postgres = await startPostgres()
    url = await postgres.database()
    const password = "PASSWORD 'not-a-secret'"
    await postgres.administer(
      `CREATE ROLE guest LOGIN ${password}; CREATE ROLE limited LOGIN ${password} CONNECTION LIMIT 0;
       CREATE ROLE idle NOLOGIN ${password}`,
    )
    await postgres.administer("CREATE DATABASE closed OWNER assent")
    await postgres.administer("REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
    silent = await listen(createServer())
    closing = await listen(createServer((socket) => void socket.destroy()))
  })
  afterAll(async () => {
    for (const server of [silent, closing]) server.close()
    await postgres.stop()
  })

  const changed = (change: (url: URL) => void): string => {
    const parsed = new URL(url)
    change(parsed)
    return parsed.toString()
  }
  const on = (port: number, database = "assent_1", host = "127.0.0.1"): string =>
    `ASSENT_STORE: database "${database}" on ${host}:${port}: `

  /** The URL, the reason, and whether it lasts. */
  type Case = readonly [name: string, url: () => string, reason: () => string, isLasting: boolean]
  const cases: ReadonlyArray<Case> = [
    [
      "whose port is closed",
      () => changed((of) => (of.port = "9")),
      () => `${on(9)}nothing listens on 127.0.0.1:9 (ECONNREFUSED): start PostgreSQL there, or correct host and port`,
      false,
    ],
    [
      "whose host is unknown",
      () => changed((of) => (of.hostname = "no-such-host.invalid")),
      () =>
        `${on(postgres.port, "assent_1", "no-such-host.invalid")}the host no-such-host.invalid is unknown (ENOTFOUND): ` +
        "correct its name, or the DNS of this machine",
      false,
    ],
    [
      "that does not answer in time",
      () =>
        changed((of) => {
          of.port = String(portOf(silent))
          of.search = "?connect_timeout=1"
        }),
      () =>
        `${on(portOf(silent))}127.0.0.1:${portOf(silent)} does not answer in time (ETIMEDOUT): let this machine reach it ` +
        `through firewalls, and try pg_isready -h 127.0.0.1 -p ${portOf(silent)}`,
      false,
    ],
    [
      "that closes the connection",
      () => changed((of) => (of.port = String(portOf(closing)))),
      () =>
        `${on(portOf(closing))}127.0.0.1:${portOf(closing)} has closed the connection (ECONNRESET): name a port of ` +
        "PostgreSQL, or look into its log",
      false,
    ],
    [
      "that refuses the password",
      () => changed((of) => (of.password = "hunter2-zq7")),
      () =>
        `${on(postgres.port)}wrong password of the role "assent", or no such role (28P01): correct the URL, or as a ` +
        "superuser CREATE ROLE assent LOGIN or ALTER ROLE assent with a PASSWORD",
      true,
    ],
    [
      "without a password in its URL",
      () => changed((of) => (of.password = "")),
      () =>
        `${on(postgres.port)}the server asks for the password of "assent": ` +
        `postgres://assent:PASSWORD@127.0.0.1:${postgres.port}/assent_1`,
      true,
    ],
    [
      "without a role of that name",
      () => changed((of) => (of.username = "missing")),
      () =>
        `${on(postgres.port)}wrong password of the role "missing", or no such role (28P01): correct the URL, or as a ` +
        "superuser CREATE ROLE missing LOGIN or ALTER ROLE missing with a PASSWORD",
      true,
    ],
    [
      "whose role may not log in",
      () => changed((of) => (of.username = "idle")),
      () =>
        `${on(postgres.port)}role "idle" is not permitted to log in (28000): as a superuser CREATE ROLE idle LOGIN or ` +
        "ALTER ROLE idle LOGIN, or let pg_hba.conf accept it; ?sslmode=require in the URL asks for TLS",
      true,
    ],
    [
      "that does not exist",
      () => changed((of) => (of.pathname = "/missing")),
      () =>
        `${on(postgres.port, "missing")}it does not exist (3D000): createdb -h 127.0.0.1 -p ${postgres.port} -O assent missing`,
      true,
    ],
    [
      "that the role may not connect to",
      () =>
        changed((of) => {
          of.username = "guest"
          of.pathname = "/closed"
        }),
      () =>
        `${on(postgres.port, "closed")}permission denied for database "closed" (42501): ` +
        "GRANT CONNECT ON DATABASE closed TO guest",
      true,
    ],
    [
      "without tables, whose role may not make them",
      () => changed((of) => (of.username = "guest")),
      () =>
        `${on(postgres.port)}permission denied for schema public (42501): make the tables with assent migrate --store ` +
        `postgres://OWNER:PASSWORD@127.0.0.1:${postgres.port}/assent_1, and grant "guest" what docs/operating.md lists`,
      true,
    ],
    [
      "with too many connections",
      () => changed((of) => (of.username = "limited")),
      () =>
        `${on(postgres.port)}too many connections for role "limited" (53300): start fewer servers, each of which takes ` +
        "up to 10 connections, or raise max_connections or the role's CONNECTION LIMIT",
      false,
    ],
    [
      "without TLS, which the URL asks for",
      () => changed((of) => (of.search = "?sslmode=require")),
      () =>
        `${on(postgres.port)}the server has no TLS, which sslmode asks for: set ssl = on there, or change sslmode in the URL`,
      true,
    ],
    [
      "whose URL has an unknown sslmode",
      () => changed((of) => (of.search = "?sslmode=hunter2-zq7")),
      () => `${on(postgres.port)}the URL cannot be read: Unrecognized sslmode in URL`,
      true,
    ],
  ]

  test.concurrent.each(cases)("%s", async (_, of, reason, isLasting) => {
    const fault = await faultOf(of())
    expect(fault).toEqual({ reason: reason(), isLasting })
    expect(fault.reason).not.toMatch(/not-a-secret|hunter2/)
  })

  test("of a later version", async () => {
    const later = await postgres.database()
    await Effect.runPromise(Effect.scoped(Layer.build(Store.layer(later))))
    await postgres.administer(
      "INSERT INTO migration VALUES (999, 'later', 'x', 'postgres')",
      new URL(later).pathname.slice(1),
    )
    expect(await faultOf(later)).toEqual({
      reason: `${on(postgres.port, "assent_2")}the database was written by a later version of Assent: run that version`,
      isLasting: true,
    })
  })
})
