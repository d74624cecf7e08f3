/**
 * A read stores nothing: for every endpoint that only reads, no table has more rows after its requests than before,
 * whatever headers they have. The store is SQLite, and in a long run PostgreSQL, too.
 */
import { DatabaseSync } from "node:sqlite"
import { HttpApi } from "effect/http-api"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Api } from "../../adapters/http/api/Api.ts"
import { isRead } from "../../adapters/http/api/Endpoint.ts"
import { isLong } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import type { Server } from "../support/server.ts"
import { type Make, makers, pathOf } from "./requests.ts"
import { ownTables } from "./posts.ts"
import { acme, secretOf, shop, startWorld, startWorldOn, visit } from "./world.ts"

/** The endpoints that only read, by method and path. */
const reads: ReadonlyArray<string> = (() => {
  const found: Array<string> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => void (isRead(endpoint) && found.push(`${endpoint.method} ${endpoint.path}`)),
  })
  // Every download of a file is recorded, as the law of compliance requests asks.
  return found.filter((endpoint) => !endpoint.endsWith("/files/:fileId"))
})()

/** Whether requests alone write to a table. The scheduler writes to lanes, too. */
const isOfRequests = (table: string): boolean => table !== "lane_head" && !ownTables.includes(table)

/** The number of rows by table. */
type Counts = Readonly<Record<string, number>>

const countsOfFile = (file: string): Counts => {
  const database = new DatabaseSync(file, { readOnly: true })
  const all = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  const names = all.filter(({ name }) => isOfRequests(String(name)))
  const counts = names.map(({ name }) => [name, database.prepare(`SELECT count(*) AS n FROM ${name}`).get()!["n"]])
  database.close()
  return Object.fromEntries(counts)
}

const countsOfDatabase = async (postgres: Postgres, database: string): Promise<Counts> => {
  const rows = await postgres.administer(
    `SELECT relname AS name, (xpath('/row/n/text()', query_to_xml(
       format('SELECT count(*) AS n FROM %I', relname), false, true, '')))[1]::text::int AS n
     FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`,
    new URL(database).pathname.slice(1),
  )
  return Object.fromEntries(rows.flatMap(({ n, name }) => (isOfRequests(String(name)) ? [[name, n]] : [])))
}

let postgres: Postgres | undefined
afterAll(() => postgres?.stop())

interface Store {
  readonly server: Server
  readonly counts: () => Promise<Counts>
}

const stores: Readonly<Record<string, () => Promise<Store>>> = {
  SQLite: async () => {
    const server = await startWorld()
    return { server, counts: async () => countsOfFile(server.file) }
  },
  PostgreSQL: async () => {
    const started = await startPostgres()
    postgres = started
    const database = await started.database()
    return { server: await startWorldOn(database), counts: () => countsOfDatabase(started, database) }
  },
}

describe.each(isLong ? ["SQLite", "PostgreSQL"] : ["SQLite"])("on %s", (name) => {
  let store: Store
  let valid: ReadonlyMap<string, Make>
  let session: string
  beforeAll(async () => {
    store = await stores[name]!()
    valid = await makers(store.server)
    session = (await visit(store.server)).session
    // The first use of a key is noted in a row.
    for (const role of ["viewer", "owner"] as const) {
      const headers = { "x-api-key": secretOf(acme, role) }
      await store.server.request("GET", "/privacy-v1/organizations", { headers })
    }
  })
  afterAll(() => store.server.stop())

  test.each(reads)("%s leaves the number of rows of every table", async (endpoint) => {
    const [method, template] = endpoint.split(" ") as [string, string]
    const maker: Make = valid.get(endpoint) ?? (() => ({ params: { id: shop.id } }))
    const { json, params = {}, query } = await maker(shop)
    const ids = { organizationId: acme.id, projectId: shop.id, ...params }
    const path = pathOf(template, ids, query)
    const role = /\/(api-keys|data)$/.test(template) ? "owner" : "viewer"
    const credential: Record<string, string> = template.startsWith("/site-v1")
      ? { "x-session": session }
      : { "x-api-key": secretOf(acme, role) }
    const before = await store.counts()
    for (let n = 0; n < 3; n++) {
      const headers = { ...credential, "idempotency-key": crypto.randomUUID() }
      const answer = await store.server.request(method, path, { headers, ...(json !== undefined && { json }) })
      expect(answer.status, answer.text).toBeOneOf([200, 404])
      expect(answer.headers).not.toHaveProperty("idempotent-replayed")
    }
    expect(await store.counts()).toEqual(before)
  })
})
