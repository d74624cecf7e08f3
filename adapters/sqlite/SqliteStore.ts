/**
 * The ledger's store in one SQLite file: nothing to install, nothing to run beside it.
 *
 * Reads go straight to the file on a connection of their own; writes go to the one writer, which syncs every commit to
 * the disk before it is acknowledged.
 */
import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import { Effect, Layer } from "effect"
import * as Catalog from "../../core/Catalog.ts"
import type { ConsentAction, ConsentState } from "../../core/ConsentState.ts"
import * as Lane from "../../core/Lane.ts"
import {
  type Appended,
  LedgerStore,
  type Session,
  type StoredEvent,
  StoreUnavailable,
} from "../../core/ports/LedgerStore.ts"
import * as GroupCommit from "./GroupCommit.ts"
import * as Tables from "./Tables.ts"
import * as Uuid from "./Uuid.ts"

const columns = `e.person, e.event_id, e.consent_type, e.version, e.consent_state, e.consent_action, e.consent_date,
  e.recorded_at, e.expiration_date, e.submitter, e.session, e.body`

const prepareStatements = (db: DatabaseSync) => ({
  revision: db.prepare("SELECT revision FROM configuration_head"),
  configuration: db.prepare("SELECT kind, body FROM configuration ORDER BY kind, ordinal"),
  alias: db.prepare("SELECT person FROM alias WHERE lane = ? AND hash = ?"),
  heads: db.prepare(`
    SELECT ${columns} FROM head h JOIN event e ON e.lane = h.lane AND e.position = h.position
    WHERE h.lane = ? AND h.person = ? ORDER BY h.consent_type, h.consent_state`),
  events: db.prepare(`SELECT ${columns} FROM event e WHERE e.lane = ? AND e.person = ? ORDER BY e.position`),
  session: db.prepare("SELECT expires_at, body FROM session WHERE token_hash = ?"),
})

type Row = Record<string, unknown>

/** The columns are written by the writer alone, with the types they are read back as. */
const eventFromRow = (row: Row): StoredEvent => ({
  id: Uuid.fromBytes(row["event_id"] as Uint8Array),
  concordId: Uuid.fromBytes(row["person"] as Uint8Array),
  consentType: Uuid.fromBytes(row["consent_type"] as Uint8Array),
  version: row["version"] as number,
  consentState: row["consent_state"] as ConsentState,
  consentAction: row["consent_action"] as ConsentAction,
  consentDate: row["consent_date"] as number,
  dateCreated: row["recorded_at"] as number,
  ...(row["expiration_date"] !== null && { expirationDate: row["expiration_date"] as number }),
  submitter: row["submitter"] as string,
  ...(row["session"] !== null && { session: row["session"] as string }),
  body: row["body"] as string,
})

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
      catch: (error) => new StoreUnavailable({ reason: String(error) }),
    }),
    (db) => Effect.sync(() => db.close()),
  )

/** A read, at once and in full. An error of the disk or the file is told without its values. */
const read = <A>(run: () => A): Effect.Effect<A, StoreUnavailable> =>
  Effect.try({
    try: run,
    catch: (error) => new StoreUnavailable({ reason: error instanceof Error ? error.message : "the disk failed" }),
  })

/** A read of the catalog that parses it only when its revision has changed. */
const catalogReader = (statements: ReturnType<typeof prepareStatements>): (() => Catalog.Catalog) => {
  let revision: unknown
  let catalog = Catalog.empty
  return () => {
    const current = statements.revision.get()?.["revision"]
    if (current !== revision) {
      catalog = catalogFromRows(statements.configuration.all())
      revision = current
    }
    return catalog
  }
}

const make = Effect.fnUntraced(function* (path: string) {
  yield* Effect.try({
    try: () => mkdirSync(dirname(path), { recursive: true }),
    catch: (error) => new StoreUnavailable({ reason: String(error) }),
  })
  const writer = yield* GroupCommit.make(path)
  const statements = prepareStatements(yield* openReader(path))
  const readCatalog = catalogReader(statements)

  const personOf = (organization: Lane.Owner, hash: string): string | undefined => {
    const row = statements.alias.get(Lane.of(organization, hash), Uuid.toBytes(hash))
    return row === undefined ? undefined : Uuid.fromBytes(row["person"] as Uint8Array)
  }

  const sessionOf = (tokenHash: string): Session | undefined => {
    const row = statements.session.get(Uuid.toBytes(tokenHash))
    return row === undefined ? undefined : { ...JSON.parse(row["body"] as string), expiresAt: row["expires_at"] }
  }

  return LedgerStore.of({
    catalog: read(readCatalog),
    found: (entries) => Effect.map(writer.write({ _tag: "Found", entries }), (value) => value === true),
    append: (request) => Effect.map(writer.write({ _tag: "Append", request }), (value) => value as Appended),
    peopleByAlias: (organization, hashes) => read(() => hashes.map((hash) => personOf(organization, hash))),
    heads: (project, concordId) =>
      read(() => statements.heads.all(Lane.of(project, concordId), Uuid.toBytes(concordId)).map(eventFromRow)),
    events: (project, concordId) =>
      read(() => statements.events.all(Lane.of(project, concordId), Uuid.toBytes(concordId)).map(eventFromRow)),
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
