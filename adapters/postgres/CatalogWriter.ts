/**
 * Writes the catalog. An entry that changes is inserted again under the new revision; its earlier states stay.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { CatalogChange, Kept } from "../../core/ports/LedgerStore.ts"
import * as IdempotencyWriter from "./IdempotencyWriter.ts"
import * as IdempotentChange from "./IdempotentChange.ts"
import * as Lanes from "./Lanes.ts"
import * as Sql from "./Sql.ts"

/** The owner of the lane with the attempts of catalog changes. */
const installation: Lane.Owner = { number: 0, lanes: 1 }

/** Keeps or removes what is personal of entries. */
const keepPrivates = Effect.fnUntraced(function* (sql: Sql.Sql, privates: CatalogChange["privates"] = []) {
  for (const { entry, organization, sealed } of privates) {
    const place = [Lane.of(organization, entry), entry]
    if (sealed === "removed") {
      yield* Sql.query(sql, "DELETE FROM entry_private WHERE lane = $1 AND entry = $2", place)
      continue
    }
    yield* Sql.query(
      sql,
      `INSERT INTO entry_private VALUES ($1, $2, $3, $4)
       ON CONFLICT (lane, entry) DO UPDATE SET nonce = excluded.nonce, encrypted = excluded.encrypted`,
      [...place, sealed.nonce, sealed.encrypted],
    )
  }
})

const steps = Effect.fnUntraced(function* (sql: Sql.Sql, change: CatalogChange) {
  const { documents, entries, owner, idempotencyRecord, revision } = change
  const idempotency = owner === undefined || idempotencyRecord === undefined ? [] : [{ owner, idempotencyRecord }]
  if (!(yield* IdempotencyWriter.keep(sql, idempotency))) return "repeated"
  const moved = yield* Sql.query(
    sql,
    "UPDATE catalog_head SET revision = revision + 1 WHERE lane = $1 AND revision = $2 RETURNING revision",
    [Lanes.catalog, revision],
  )
  if (moved.length === 0) return "stale"
  const rows = Object.entries(entries).flatMap(([kind, changed]) =>
    changed.map((entry) => ({ kind, body: JSON.stringify(entry) })),
  )
  yield* Sql.query(
    sql,
    `INSERT INTO catalog_entry SELECT $1, $2, v.ordinal, v.kind, v.body
     FROM unnest($3::bigint[], $4::text[], $5::text[]) AS v (ordinal, kind, body)`,
    [
      Lanes.catalog,
      revision + 1,
      rows.map((_, ordinal) => ordinal),
      rows.map(({ kind }) => kind),
      rows.map(({ body }) => body),
    ],
  )
  for (const { consentType, document, number } of documents) {
    const of = Lane.of(Lanes.unowned, consentType)
    yield* Sql.query(sql, "INSERT INTO document VALUES ($1, $2, $3, $4)", [of, consentType, number, document])
  }
  yield* keepPrivates(sql, change.privates)
  return "kept"
})

/** Writes a catalog change, unless the catalog has another revision than the change was prepared against. */
export const change = (sql: Sql.Sql, change: CatalogChange) =>
  IdempotentChange.run<Kept>(sql, installation, steps(sql, change))

/** Notes when an API key was used; an earlier use does not replace a later one. */
export const useKey = (sql: Sql.Sql, id: string, at: number) =>
  Sql.query(
    sql,
    `INSERT INTO key_use VALUES ($1, $2, $3)
     ON CONFLICT (lane, id) DO UPDATE SET last_used_at = greatest(key_use.last_used_at, excluded.last_used_at)`,
    [Lane.of(Lanes.unowned, id), id, at],
  )
