/**
 * The ledger's store in one SQLite file: nothing to install, nothing to run beside it.
 *
 * Reads go straight to the file on a connection of their own; writes go to the one writer, which syncs every commit to
 * the disk before it is acknowledged.
 */
import { existsSync, mkdirSync } from "node:fs"
import { dirname, resolve } from "node:path"
import type { DatabaseSync, StatementSync } from "node:sqlite"
import { Effect, Layer } from "effect"
import * as Catalog from "../../core/Catalog.ts"
import type { ConsentAction, ConsentState } from "../../core/ConsentState.ts"
import * as Lane from "../../core/Lane.ts"
import {
  type Appended,
  LedgerStore,
  type Page,
  type Session,
  type StoredEvent,
  StoreUnavailable,
} from "../../core/ports/LedgerStore.ts"
import * as GroupCommit from "./GroupCommit.ts"
import * as Tables from "./Tables.ts"
import * as Uuid from "./Uuid.ts"

const columns = `e.event_id, e.consent_type, e.version, e.consent_state, e.consent_action, e.consent_date,
  e.recorded_at, e.expiration_date, e.submitter, e.session, e.body`

/** The {@link columns} of a row, with the types that the writer, which alone writes them, has given them. */
type EventRow = readonly [
  id: Uint8Array,
  consentType: Uint8Array,
  version: number,
  consentState: ConsentState,
  consentAction: ConsentAction,
  consentDate: number,
  recordedAt: number,
  expirationDate: number | null,
  submitter: string,
  session: string | null,
  body: string,
]

/** Rows as arrays: half the time of rows as objects. */
const arrays = (statement: StatementSync): StatementSync => {
  statement.setReturnArrays(true)
  return statement
}

const matching = "FROM event e WHERE e.lane = ? AND e.person = ? AND e.consent_date >= ? AND e.consent_date < ?"

/** The statements of a page, one for each sort and order. */
const preparePages = (db: DatabaseSync) => {
  const ordered = (by: string, order: string) =>
    arrays(db.prepare(`SELECT ${columns} ${matching} ORDER BY ${by} ${order}, e.event_id ${order} LIMIT ? OFFSET ?`))
  return {
    consentDate: { asc: ordered("e.consent_date", "ASC"), desc: ordered("e.consent_date", "DESC") },
    dateCreated: { asc: ordered("e.recorded_at", "ASC"), desc: ordered("e.recorded_at", "DESC") },
  } satisfies { readonly [Sort in Page["sort"]]: { readonly [Order in Page["order"]]: StatementSync } }
}

const prepareStatements = (db: DatabaseSync) => ({
  revision: db.prepare("SELECT revision FROM configuration_head"),
  configuration: db.prepare("SELECT kind, body FROM configuration ORDER BY kind, ordinal"),
  alias: db.prepare("SELECT person FROM alias WHERE lane = ? AND hash = ?"),
  heads: arrays(
    db.prepare(`
      SELECT ${columns} FROM head h JOIN event e ON e.lane = h.lane AND e.position = h.position
      WHERE h.lane = ? AND h.person = ? ORDER BY h.consent_type, h.consent_state`),
  ),
  events: arrays(db.prepare(`SELECT ${columns} FROM event e WHERE e.lane = ? AND e.person = ? ORDER BY e.position`)),
  matching: db.prepare(`SELECT count(*) AS total ${matching}`),
  pages: preparePages(db),
  session: db.prepare("SELECT expires_at, body FROM session WHERE token_hash = ?"),
})

const eventFromRow = (concordId: string, row: EventRow): StoredEvent => {
  const [id, consentType, version, consentState, consentAction, consentDate, dateCreated, expires, submitter, session] =
    row
  return {
    id: Uuid.fromBytes(id),
    concordId,
    consentType: Uuid.fromBytes(consentType),
    version,
    consentState,
    consentAction,
    consentDate,
    dateCreated,
    ...(expires !== null && { expirationDate: expires }),
    submitter,
    ...(session !== null && { session }),
    body: row[10],
  }
}

type Row = Record<string, unknown>

const catalogFromRows = (rows: ReadonlyArray<Row>): Catalog.Catalog => {
  const of = <Entry>(kind: keyof Catalog.Entries): ReadonlyArray<Entry> =>
    rows.filter((row) => row["kind"] === kind).map((row) => JSON.parse(row["body"] as string))
  return Catalog.index({
    organizations: of("organizations"),
    projects: of("projects"),
    apiKeys: of("apiKeys"),
    consentTypes: of("consentTypes"),
  })
}

const openReader = (path: string) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const db = Tables.open(path)
        db.exec("PRAGMA query_only = ON")
        return db
      },
      catch: unavailable,
    }),
    (db) => Effect.sync(() => db.close()),
  )

/** What the disk or the file says; never what was asked. */
const unavailable = (error: unknown): StoreUnavailable =>
  new StoreUnavailable({ reason: error instanceof Error ? error.message : "the disk failed" })

/** A read, at once and in full. */
const read = <A>(run: () => A): Effect.Effect<A, StoreUnavailable> =>
  Effect.try({
    try: run,
    catch: unavailable,
  })

/**
 * Reads the catalog, parsing it only when its revision has changed. The revision is looked at once for all requests that
 * the event loop takes in at a time, unless `forget` says that it has changed.
 */
const catalogReader = (statements: ReturnType<typeof prepareStatements>) => {
  let revision: unknown
  let catalog = Catalog.empty
  let isCurrent = false
  const forget = (): void => {
    isCurrent = false
  }
  const read = (): Catalog.Catalog => {
    if (isCurrent) return catalog
    const current = statements.revision.get()?.["revision"]
    if (current !== revision) {
      catalog = catalogFromRows(statements.configuration.all())
      revision = current
    }
    isCurrent = true
    setImmediate(forget)
    return catalog
  }
  return { read, forget }
}

/** Makes a folder and those above it. Node's own recursive form never ends where the system denies it, as in /proc. */
const makeFolder = (folder: string): void => {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder)
}

const make = Effect.fnUntraced(function* (path: string) {
  yield* Effect.try({
    try: () => makeFolder(resolve(dirname(path))),
    catch: unavailable,
  })
  const writer = yield* GroupCommit.make(path)
  const statements = prepareStatements(yield* openReader(path))
  const catalog = catalogReader(statements)

  const personOf = (organization: Lane.Owner, hash: string): string | undefined => {
    const row = statements.alias.get(Lane.of(organization, hash), Uuid.toBytes(hash))
    return row === undefined ? undefined : Uuid.fromBytes(row["person"] as Uint8Array)
  }

  const eventsOf = (
    statement: StatementSync,
    project: Lane.Owner,
    concordId: string,
    ...parameters: ReadonlyArray<number>
  ): ReadonlyArray<StoredEvent> => {
    const person = [Lane.of(project, concordId), Uuid.toBytes(concordId)] as const
    const rows: ReadonlyArray<unknown> = statement.all(...person, ...parameters)
    return rows.map((row) => eventFromRow(concordId, row as EventRow))
  }

  const pageOf = (project: Lane.Owner, concordId: string, page: Page) => {
    const { startDate, endDate, sort, order, offset, limit } = page
    const person = [Lane.of(project, concordId), Uuid.toBytes(concordId)] as const
    const total = Number(statements.matching.get(...person, startDate, endDate)?.["total"])
    const statement = statements.pages[sort][order]
    return { total, events: eventsOf(statement, project, concordId, startDate, endDate, limit, offset) }
  }

  const sessionOf = (tokenHash: string): Session | undefined => {
    const row = statements.session.get(Uuid.toBytes(tokenHash))
    return row === undefined ? undefined : { ...JSON.parse(row["body"] as string), expiresAt: row["expires_at"] }
  }

  return LedgerStore.of({
    ready: Effect.asVoid(writer.write({ _tag: "Check" })),
    catalog: read(catalog.read),
    found: (entries) =>
      Effect.map(writer.write({ _tag: "Found", entries }), (value) => {
        catalog.forget()
        return value === true
      }),
    append: (request) => Effect.map(writer.write({ _tag: "Append", request }), (value) => value as Appended),
    peopleByAlias: (organization, hashes) => read(() => hashes.map((hash) => personOf(organization, hash))),
    heads: (project, concordId) => read(() => eventsOf(statements.heads, project, concordId)),
    events: (project, concordId) => read(() => eventsOf(statements.events, project, concordId)),
    page: (project, concordId, page) => read(() => pageOf(project, concordId, page)),
    openSession: (organization, session, claim) =>
      Effect.map(writer.write({ _tag: "OpenSession", organization, session, claim }), (value) => value === true),
    extendSession: (tokenHash, expiresAt) =>
      Effect.asVoid(writer.write({ _tag: "ExtendSession", tokenHash, expiresAt })),
    session: (tokenHash) => read(() => sessionOf(tokenHash)),
  })
})

/**
 * The store of a file, made where there is none, with its folder. Fails where the file is something else, was written
 * by another version, or cannot be written. Closing the scope answers every request accepted before.
 */
export const layer = (path: string): Layer.Layer<LedgerStore, StoreUnavailable> => Layer.effect(LedgerStore, make(path))
