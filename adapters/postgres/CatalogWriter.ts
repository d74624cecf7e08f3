/**
 * What is set up: an entry that changes is written anew; its earlier states stay.
 */
import { Effect } from "effect"
import * as Catalog from "../../core/model/Catalog.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { CatalogChange, DocumentKey, Kept } from "../../core/ports/LedgerStore.ts"
import * as IdempotentChange from "./IdempotentChange.ts"
import { everywhere } from "./PeopleWriter.ts"
import * as IdempotencyWriter from "./IdempotencyWriter.ts"
import * as Sql from "./Sql.ts"

/** The lane of the configuration, and what owns it. */
const lane = 0
const installation: Lane.Owner = { number: 0, lanes: 1 }

const steps = Effect.fnUntraced(function* (sql: Sql.Sql, change: CatalogChange) {
  const { documents, entries, owner, idempotencyRecord, revision } = change
  const idempotency = owner === undefined || idempotencyRecord === undefined ? [] : [{ owner, idempotencyRecord }]
  if (!(yield* IdempotencyWriter.keep(sql, idempotency))) return "repeated"
  const moved = yield* Sql.query(
    sql,
    "UPDATE catalog_head SET revision = revision + 1 WHERE lane = $1 AND revision = $2 RETURNING revision",
    [lane, revision],
  )
  if (moved.length === 0) return "stale"
  const rows = Object.entries(entries).flatMap(([kind, changed]) =>
    changed.map((entry) => ({ kind, body: JSON.stringify(entry) })),
  )
  yield* Sql.query(
    sql,
    `INSERT INTO catalog_entry SELECT $1, $2, v.ordinal, v.kind, v.body
     FROM unnest($3::bigint[], $4::text[], $5::text[]) AS v (ordinal, kind, body)`,
    [lane, revision + 1, rows.map((_, ordinal) => ordinal), rows.map(({ kind }) => kind), rows.map(({ body }) => body)],
  )
  for (const { consentType, document, version } of documents) {
    const of = Lane.of(everywhere, consentType)
    yield* Sql.query(sql, "INSERT INTO document VALUES ($1, $2, $3, $4)", [of, consentType, version, document])
  }
  return "kept"
})

/** Changes what is set up. */
export const configure = (sql: Sql.Sql, change: CatalogChange) =>
  IdempotentChange.change<Kept>(sql, installation, steps(sql, change))

/** The documents of versions. */
export const documents = Effect.fnUntraced(function* (sql: Sql.Sql, of: ReadonlyArray<DocumentKey>) {
  const rows = yield* Sql.query<{ readonly ordinal: number; readonly document: string }>(
    sql,
    `SELECT v.ordinal, d.document FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::bigint[])
       AS v (ordinal, lane, consent_type, version)
     JOIN document d ON d.lane = v.lane AND d.consent_type = v.consent_type AND d.version = v.version`,
    [
      of.map((_, ordinal) => ordinal),
      of.map(({ consentType }) => Lane.of(everywhere, consentType)),
      of.map(({ consentType }) => consentType),
      of.map(({ version }) => version),
    ],
  )
  const found = new Map(rows.map(({ document, ordinal }) => [ordinal, document]))
  return of.map((_, ordinal) => found.get(ordinal))
})

type Kind = keyof Catalog.Entries

/** Reads the catalog; the same object as long as nothing changes. Parses only what has changed since. */
export const makeReader = (sql: Sql.Sql) => {
  const entries: { readonly [Each in Kind]: Map<string, Catalog.Entries[Each][number]> } = {
    organizations: new Map(),
    projects: new Map(),
    apiKeys: new Map(),
    consentTypes: new Map(),
  }
  let catalog = Catalog.empty

  const load = Effect.fnUntraced(function* (revision: number) {
    const rows = yield* Sql.query<{ readonly kind: Kind; readonly body: string; readonly revision: number }>(
      sql,
      `SELECT revision, kind, body FROM catalog_entry WHERE lane = $1 AND revision > $2 AND revision <= $3
       ORDER BY revision, ordinal`,
      [lane, catalog.revision, revision],
    )
    if (revision <= catalog.revision) return
    for (const { body, kind } of rows) {
      const entry = JSON.parse(body)
      entries[kind].set(entry.id, entry)
    }
    const listOf = <Each extends Kind>(kind: Each) => [...entries[kind].values()]
    catalog = Catalog.index(
      {
        organizations: listOf("organizations"),
        projects: listOf("projects"),
        apiKeys: listOf("apiKeys"),
        consentTypes: listOf("consentTypes"),
      },
      revision,
    )
  })

  return Effect.gen(function* () {
    const [head] = yield* Sql.query<{ readonly revision: number }>(
      sql,
      "SELECT revision FROM catalog_head WHERE lane = $1",
      [lane],
    )
    if (head!.revision > catalog.revision) yield* load(head!.revision)
    return catalog
  })
}
