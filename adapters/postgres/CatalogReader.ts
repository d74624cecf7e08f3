/**
 * Reads the catalog, the documents of consent types, and the last uses of API keys.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Catalog from "../../core/model/Catalog.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { DocumentKey } from "../../core/ports/LedgerStore.ts"
import type { Sealed } from "../../core/ports/Sealed.ts"
import * as Lanes from "./Lanes.ts"
import * as Sql from "./Sql.ts"

/** Reads the catalog. Returns the same object as long as it has not changed, and parses only entries that have. */
export type CatalogReader = Effect.Effect<Catalog.Catalog, SqlError>

/** Makes a reader, which starts from an empty catalog. */
export const make = (sql: Sql.Sql): CatalogReader => {
  const entries = Catalog.collector()
  let catalog = Catalog.empty

  const load = Effect.fnUntraced(function* (revision: number) {
    const rows = yield* Sql.query<{
      readonly kind: keyof Catalog.Entries
      readonly body: string
      readonly revision: number
    }>(
      sql,
      `SELECT revision, kind, body FROM catalog_entry WHERE lane = $1 AND revision > $2 AND revision <= $3
       ORDER BY revision, ordinal`,
      [Lanes.catalog, catalog.revision, revision],
    )
    if (revision <= catalog.revision) return
    // A concurrent load may have added the first of the rows already.
    const added = rows.filter((row) => row.revision > catalog.revision)
    for (const { body, kind } of added) entries.add(kind, JSON.parse(body))
    catalog = Catalog.index(entries.all(), revision)
  })

  return Effect.gen(function* () {
    const [head] = yield* Sql.query<{ readonly revision: number }>(
      sql,
      "SELECT revision FROM catalog_head WHERE lane = $1",
      [Lanes.catalog],
    )
    if (head!.revision > catalog.revision) yield* load(head!.revision)
    return catalog
  })
}

/** Documents in the order of `of`; `undefined` for one that does not exist or is longer than `maxLength` characters. */
export const documents = Effect.fnUntraced(function* (sql: Sql.Sql, of: ReadonlyArray<DocumentKey>, maxLength: number) {
  if (of.length === 0) return []
  const rows = yield* Sql.query<{ readonly ordinal: number; readonly document: string }>(
    sql,
    `SELECT v.ordinal, d.document FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::bigint[])
       AS v (ordinal, lane, consent_type, number)
     JOIN document d ON d.lane = v.lane AND d.consent_type = v.consent_type AND d.number = v.number
     WHERE char_length(d.document) <= $5`,
    [
      of.map((_, ordinal) => ordinal),
      of.map(({ consentType }) => Lane.of(Lanes.unowned, consentType)),
      of.map(({ consentType }) => consentType),
      of.map(({ number }) => number),
      maxLength,
    ],
  )
  const found = new Map(rows.map(({ document, ordinal }) => [ordinal, document]))
  return of.map((_, ordinal) => found.get(ordinal))
})

/** What is personal of entries of an organization, in their order. */
export const privates = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  entries: ReadonlyArray<string>,
) {
  if (entries.length === 0) return []
  const rows = yield* Sql.query<{ readonly ordinal: number } & Sealed>(
    sql,
    `SELECT v.ordinal, p.nonce, p.encrypted FROM unnest($1::bigint[], $2::bigint[], $3::uuid[])
       AS v (ordinal, lane, entry)
     JOIN entry_private p ON p.lane = v.lane AND p.entry = v.entry`,
    [entries.map((_, ordinal) => ordinal), entries.map((entry) => Lane.of(organization, entry)), entries],
  )
  const found = new Map(rows.map(({ ordinal, ...sealed }) => [ordinal, sealed]))
  return entries.map((_, ordinal) => found.get(ordinal))
})

/** When each API key was last used, by its id. */
export const keyUses = (sql: Sql.Sql) =>
  Effect.map(
    Sql.query<{ readonly id: string; readonly last_used_at: number }>(
      sql,
      "SELECT id, last_used_at FROM key_use WHERE lane = ANY($1::bigint[])",
      [Lane.all(Lanes.unowned)],
    ),
    (rows) => new Map(rows.map(({ id, last_used_at }) => [id, last_used_at])),
  )
