/**
 * The rows of compliance requests that are written while their lanes are locked.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { ComplianceFact } from "../../core/compliance/ComplianceFact.ts"
import * as ComplianceBody from "../../core/ports/ComplianceBody.ts"
import type * as Port from "../../core/ports/ComplianceStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as OutboxRows from "./OutboxRows.ts"
import * as RequestFileRows from "./RequestFileRows.ts"
import * as Sql from "./Sql.ts"

/** The key of the rows of a request. */
export interface RequestPlace {
  readonly lane: number
  readonly request: string
}

/** A change of a request, with the place of the request. */
export interface PlacedRequestChange extends Port.RequestChange, RequestPlace {}

const placeColumns = {
  lane: ["bigint", ({ lane }: RequestPlace) => lane],
  request: ["uuid", ({ request }: RequestPlace) => request],
} as const

/** The places of requests. */
export const places = ArrayColumns.make<RequestPlace>(placeColumns)

interface PlacedFact {
  readonly lane: number
  readonly position: number
  readonly fact: ComplianceFact
}

const facts = ArrayColumns.make<PlacedFact>({
  lane: ["bigint", ({ lane }) => lane],
  position: ["bigint", ({ position }) => position],
  request: ["uuid", ({ fact }) => fact.requestId],
  ordinal: ["bigint", ({ fact }) => fact.ordinal],
  fact_id: ["uuid", ({ fact }) => fact.id],
  kind: ["text", ({ fact }) => fact.kind],
  recorded_at: ["bigint", ({ fact }) => fact.at],
  day: ["text", ({ fact }) => fact.on],
  actor: ["text", ({ fact }) => fact.by],
  body: ["text", ({ fact }) => ComplianceBody.write(fact)],
})

/** Inserts the facts at the next positions of their lanes, and counts them. */
const factSteps = (sql: Sql.Sql, changes: ReadonlyArray<PlacedRequestChange>, heads: ReadonlyMap<number, number>) => {
  const next = new Map(heads)
  const all = changes.flatMap(({ facts, lane }) =>
    facts.map((fact): PlacedFact => {
      const position = next.get(lane)!
      next.set(lane, position + 1)
      return { lane, position, fact }
    }),
  )
  return [
    Sql.query(sql, `INSERT INTO compliance_fact SELECT * FROM ${facts.rows} v`, facts.parameters(all)),
    Sql.query(
      sql,
      `UPDATE compliance_head h SET next_position = v.next_position
       FROM unnest($1::bigint[], $2::bigint[]) AS v (lane, next_position) WHERE h.lane = v.lane`,
      [[...next.keys()], [...next.values()]],
    ),
  ]
}

const requestColumns: Readonly<Record<string, ArrayColumns.Column<PlacedRequestChange>>> = {
  ordinal: ["bigint", ({ row }) => row.ordinal],
  state: ["text", ({ row }) => row.state],
  kind: ["text", ({ row }) => row.kind],
  status: ["text", ({ row }) => row.status],
  resolution_status: ["text", ({ row }) => row.resolutionStatus],
  regulation: ["text", ({ row }) => row.regulation],
  domain: ["text", ({ row }) => row.domain],
  country: ["text", ({ row }) => row.country],
  request_date: ["bigint", ({ row }) => row.requestDate],
  created_at: ["bigint", ({ row }) => row.dateCreated],
  updated_at: ["bigint", ({ row }) => row.dateUpdated],
  due_on: ["text", ({ row }) => row.dueOn],
  sweep_on: ["text", ({ row }) => row.sweepOn],
  is_lapsed: ["boolean", ({ row }) => row.isLapsed],
}

type KeptChange = PlacedRequestChange & { readonly private: Port.PrivateRow }

const hasPrivate = (change: PlacedRequestChange): change is KeptChange =>
  change.private !== undefined && change.private !== "removed"

const privateColumns: Readonly<Record<string, ArrayColumns.Column<KeptChange>>> = {
  opener: ["uuid", ({ private: { opener } }) => opener],
  session: ["uuid", ({ private: { session } }) => session],
  subject: ["uuid", ({ private: { subject } }) => subject],
  email_hash: ["bytea", ({ private: { emailHash } }) => emailHash && ArrayColumns.bytes(emailHash)],
  nonce: ["bytea", ({ private: { sealed } }) => sealed?.nonce],
  encrypted: ["bytea", ({ private: { sealed } }) => sealed?.encrypted],
}

/** Makes the statement that inserts rows of requests, or replaces those that are there. */
const replacing = <Row extends PlacedRequestChange>(
  table: string,
  columns: Readonly<Record<string, ArrayColumns.Column<Row>>>,
) => {
  const rows = ArrayColumns.make<Row>({
    ...placeColumns,
    ...columns,
  })
  const names = Object.keys(columns)
  const statement = `INSERT INTO ${table} (lane, request, ${names.join(", ")}) SELECT * FROM ${rows.rows} v
    ON CONFLICT (lane, request) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(", ")}`
  return (sql: Sql.Sql, of: ReadonlyArray<Row>) =>
    of.length === 0 ? [] : [Sql.query(sql, statement, rows.parameters(of))]
}

const replaceRequests = replacing("compliance_request", requestColumns)
const replacePrivate = replacing("compliance_private", privateColumns)

type KeyedChange = PlacedRequestChange & { readonly key: Port.RequestKey }

const hasKey = (change: PlacedRequestChange): change is KeyedChange =>
  change.key !== undefined && change.private !== "removed"

const requestKeys = ArrayColumns.make<KeyedChange>({
  ...placeColumns,
  epoch: ["bigint", ({ key }) => key.epoch],
  wrapped: ["bytea", ({ key }) => key.wrapped],
})

const keepKeys = (sql: Sql.Sql, of: ReadonlyArray<KeyedChange>) =>
  of.length === 0
    ? []
    : [
        Sql.query(
          sql,
          `INSERT INTO request_key SELECT * FROM ${requestKeys.rows} v ON CONFLICT (lane, request) DO NOTHING`,
          requestKeys.parameters(of),
        ),
      ]

/**
 * The statements that remove what is personal of requests, with the keys that it is encrypted under, their files, and
 * the words of their mails.
 */
export const removePrivate = (
  sql: Sql.Sql,
  of: ReadonlyArray<OutboxRows.ChangedRequest>,
): ReadonlyArray<Effect.Effect<unknown, SqlError>> =>
  of.length === 0
    ? []
    : [
        ...["compliance_private", "request_key"].map((table) =>
          Sql.query(
            sql,
            `DELETE FROM ${table} t USING ${places.rows} v WHERE t.lane = v.lane AND t.request = v.request`,
            places.parameters(of),
          ),
        ),
        ...RequestFileRows.removeAll(sql, of),
        ...OutboxRows.removeWords(sql, of),
      ]

const changedAt = (change: PlacedRequestChange) => ({ ...change, at: change.row.dateUpdated })

/**
 * The steps that write the changes; one of them rejects with `stale` if a mail or a file is not as the change says.
 * `heads`: the next positions of their lanes, which are locked.
 */
export const steps = (
  sql: Sql.Sql,
  changes: ReadonlyArray<PlacedRequestChange>,
  heads: ReadonlyMap<number, number>,
): ReadonlyArray<Effect.Effect<"stale" | undefined, SqlError>> => {
  const rows: ReadonlyArray<Effect.Effect<unknown, SqlError>> = [
    ...factSteps(sql, changes, heads),
    ...replaceRequests(sql, changes),
    ...replacePrivate(sql, changes.filter(hasPrivate)),
    ...keepKeys(sql, changes.filter(hasKey)),
  ]
  const removed = changes.filter((each) => each.private === "removed").map(changedAt)
  return [
    ...rows.map(Effect.as(undefined)),
    ...OutboxRows.steps(sql, changes.map(changedAt)),
    ...RequestFileRows.steps(sql, changes),
    // Last, because what such a change adds is removed, too.
    ...removePrivate(sql, removed).map(Effect.as(undefined)),
  ]
}
