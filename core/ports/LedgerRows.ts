/**
 * A stored ledger below its use cases: the rows of its tables, for checking a ledger and for moving one.
 *
 * Rows have the same form in every store, so that two ledgers can be compared: a UUID is lower-case text, bytes are
 * lower-case hexadecimal, whole numbers are numbers, and a missing value is `null`. A move has two ledgers, so this is
 * a plain value and not a service. A store in memory keeps nothing and has no rows.
 *
 * The file is longer than others because it has one list of all tables with their columns.
 */
import { Data, type Effect } from "effect"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/** There is no ledger at that place: no file, no tables, or tables of another version. A retry does not help. */
export class NoLedger extends Data.TaggedError("NoLedger")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

/**
 * The ledger was written before personal data was kept apart. It is not migrated in place, because every event is
 * written again: `assent upgrade` does so.
 */
export class UpgradeNeeded extends Data.TaggedError("UpgradeNeeded")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

/** The store finds its own files damaged, so that rows cannot be read. */
export class StoreDamaged extends Data.TaggedError("StoreDamaged")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

/** The target of a move has a ledger already; nothing was changed. */
export class NotEmpty extends Data.TaggedError("NotEmpty")<{ readonly table: TableName }> {
  override get message(): string {
    return `the target is not empty: its table ${this.table} has rows; a ledger is moved into an empty store only`
  }
}

/** The kind of value in a column. With `?` it may be `null`. */
export type Kind = "whole" | "whole?" | "uuid" | "uuid?" | "bytes" | "bytes?" | "text" | "text?" | "boolean"

/** A table: its columns in their order, and the columns that its rows are ordered by. */
export interface Table {
  readonly columns: Readonly<Record<string, Kind>>
  readonly key: ReadonlyArray<string>
}

/**
 * Every table of a ledger, with the columns that all stores have. A store may have further columns that are derived
 * from these. The catalog comes first. Leases are left out, because they end by themselves and nothing is right because
 * of them.
 */
export const tables = {
  catalog_head: { columns: { revision: "whole" }, key: [] },
  catalog_entry: {
    columns: { revision: "whole", ordinal: "whole", kind: "text", body: "text" },
    key: ["revision", "ordinal"],
  },
  document: {
    columns: { consent_type: "uuid", number: "whole", document: "text" },
    key: ["consent_type", "number"],
  },
  key_use: { columns: { id: "uuid", last_used_at: "whole" }, key: ["id"] },
  entry_private: {
    columns: { lane: "whole", entry: "uuid", nonce: "bytes", encrypted: "bytes" },
    key: ["lane", "entry"],
  },
  alias: {
    columns: {
      lane: "whole",
      hash: "bytes",
      person: "uuid",
      recorded_at: "whole",
      kind: "text?",
      project: "uuid?",
      normalization: "whole",
    },
    key: ["lane", "hash"],
  },
  former_alias: {
    columns: {
      lane: "whole",
      hash: "bytes",
      recorded_at: "whole",
      released_at: "whole",
      person: "uuid",
      kind: "text?",
      project: "uuid?",
      is_renamed: "boolean",
    },
    key: ["lane", "hash", "recorded_at", "released_at"],
  },
  person: {
    columns: {
      lane: "whole",
      person: "uuid",
      revision: "whole",
      is_identified: "boolean",
      survivor: "uuid?",
      learnt: "whole?",
    },
    key: ["lane", "person"],
  },
  person_fact: {
    columns: { lane: "whole", person: "uuid", ordinal: "whole", body: "text" },
    key: ["lane", "person", "ordinal"],
  },
  person_key: {
    columns: { lane: "whole", person: "uuid", epoch: "whole", wrapped: "bytes" },
    key: ["lane", "person"],
  },
  personal_data: {
    columns: { lane: "whole", person: "uuid", kind: "text", id: "bytes", nonce: "bytes", encrypted: "bytes" },
    key: ["lane", "person", "kind", "id"],
  },
  erasure: {
    columns: {
      lane: "whole",
      person: "uuid",
      erasure_id: "uuid",
      recorded_at: "whole",
      body: "text",
      destroyed: "text",
    },
    key: ["lane", "person"],
  },
  held_erasure: {
    columns: {
      lane: "whole",
      person: "uuid",
      erasure_id: "uuid",
      recorded_at: "whole",
      body: "text",
      destroyed: "text",
    },
    key: ["lane", "person", "erasure_id"],
  },
  people_head: { columns: { lane: "whole", next_position: "whole" }, key: ["lane"] },
  people_change: {
    columns: {
      lane: "whole",
      position: "whole",
      kind: "text",
      recorded_at: "whole",
      id: "uuid",
      member: "uuid",
      survivor: "uuid",
    },
    key: ["lane", "position", "id"],
  },
  session: {
    columns: { token_hash: "bytes", person: "uuid", expires_at: "whole", body: "text" },
    key: ["token_hash"],
  },
  used_identity_token: { columns: { hash: "bytes", expires_at: "whole", person: "uuid" }, key: ["hash"] },
  idempotency: {
    columns: { lane: "whole", hash: "bytes", digest: "bytes", answer: "text", recorded_at: "whole" },
    key: ["lane", "hash"],
  },
  lane_head: {
    columns: {
      lane: "whole",
      next_position: "whole",
      last_recorded_at: "whole",
      has_joined: "boolean",
      has_erased: "boolean",
    },
    key: ["lane"],
  },
  event: {
    columns: {
      lane: "whole",
      position: "whole",
      person: "uuid",
      event_id: "uuid",
      consent_type: "uuid",
      version: "whole",
      consent_state: "text",
      consent_action: "text",
      consent_date: "whole",
      recorded_at: "whole",
      expiration_date: "whole?",
      submitter: "text",
      session: "text?",
      domain: "text?",
      geography: "text?",
      body: "text",
      leaf: "bytes",
    },
    key: ["lane", "position"],
  },
  head: {
    columns: {
      lane: "whole",
      person: "uuid",
      consent_type: "uuid",
      consent_state: "text",
      consent_date: "whole",
      recorded_at: "whole",
      event_id: "uuid",
      position: "whole",
    },
    key: ["lane", "person", "consent_type", "consent_state"],
  },
  joined_head: {
    columns: {
      lane: "whole",
      person: "uuid",
      consent_type: "uuid",
      consent_state: "text",
      consent_date: "whole",
      recorded_at: "whole",
      event_id: "uuid",
      position: "whole",
    },
    key: ["lane", "person", "consent_type", "consent_state"],
  },
  external_id: {
    columns: { lane: "whole", hash: "bytes", event_lane: "whole", position: "whole", person: "uuid" },
    key: ["lane", "hash"],
  },
  lane_feed: { columns: { lane: "whole", next_number: "whole", incarnation: "whole" }, key: ["lane"] },
  change: {
    columns: {
      lane: "whole",
      number: "whole",
      before_position: "whole",
      recorded_at: "whole",
      at: "whole",
      type: "text",
      person: "uuid?",
      consent_type: "uuid?",
      body: "text",
    },
    key: ["lane", "number"],
  },
  due_scan: { columns: { lane: "whole", name: "text", state: "text" }, key: ["lane", "name"] },
  webhook_cursor: {
    columns: { lane: "whole", webhook: "uuid", name: "text", revision: "whole", state: "text" },
    key: ["lane", "webhook", "name"],
  },
  parked: {
    columns: {
      lane: "whole",
      webhook: "uuid",
      person: "text",
      item_lane: "whole",
      position: "whole",
      number: "whole",
      tries: "whole",
      next_at: "whole",
    },
    key: ["lane", "webhook", "person", "item_lane", "position", "number"],
  },
  dead_letter: {
    columns: {
      lane: "whole",
      webhook: "uuid",
      item_lane: "whole",
      position: "whole",
      number: "whole",
      person: "text",
      buried_at: "whole",
      tries: "whole",
      outcome: "text",
    },
    key: ["lane", "webhook", "item_lane", "position", "number"],
  },
  delivery: {
    columns: {
      lane: "whole",
      webhook: "uuid",
      slot: "whole",
      n: "whole",
      change_id: "text",
      type: "text",
      attempt: "whole",
      tried_at: "whole",
      millis: "whole",
      outcome: "text",
      is_replay: "boolean",
    },
    key: ["lane", "webhook", "slot"],
  },
  compliance_head: { columns: { lane: "whole", next_position: "whole" }, key: ["lane"] },
  compliance_fact: {
    columns: {
      lane: "whole",
      position: "whole",
      request: "uuid",
      ordinal: "whole",
      fact_id: "uuid",
      kind: "text",
      recorded_at: "whole",
      day: "text",
      actor: "text",
      body: "text",
    },
    key: ["lane", "position"],
  },
  compliance_request: {
    columns: {
      lane: "whole",
      request: "uuid",
      ordinal: "whole",
      kind: "text",
      status: "text",
      resolution_status: "text?",
      regulation: "text",
      domain: "text?",
      country: "text?",
      request_date: "whole",
      created_at: "whole",
      updated_at: "whole",
      due_on: "text?",
      is_lapsed: "boolean",
      state: "text",
      sweep_on: "text?",
    },
    key: ["lane", "request"],
  },
  compliance_private: {
    columns: {
      lane: "whole",
      request: "uuid",
      opener: "uuid?",
      session: "uuid?",
      subject: "uuid?",
      email_hash: "bytes?",
      nonce: "bytes?",
      encrypted: "bytes?",
    },
    key: ["lane", "request"],
  },
  request_key: {
    columns: { lane: "whole", request: "uuid", epoch: "whole", wrapped: "bytes" },
    key: ["lane", "request"],
  },
  outbox: {
    columns: {
      lane: "whole",
      mail: "uuid",
      request: "uuid",
      template: "text",
      state: "text",
      tries: "whole",
      created_at: "whole",
      due_at: "whole",
      ends_at: "whole",
      recipient_hash: "bytes?",
      outcome: "text?",
      ended_at: "whole?",
      nonce: "bytes?",
      encrypted: "bytes?",
    },
    key: ["lane", "mail"],
  },
  request_file: {
    columns: { lane: "whole", request: "uuid", file: "uuid", begun_at: "whole", is_attached: "boolean" },
    key: ["lane", "request", "file"],
  },
  file_chunk: {
    columns: { lane: "whole", request: "uuid", file: "uuid", ordinal: "whole", nonce: "bytes", encrypted: "bytes" },
    key: ["lane", "request", "file", "ordinal"],
  },
  consumer: { columns: { lane: "whole", name: "text", position: "whole" }, key: ["lane", "name"] },
  metric: {
    columns: { lane: "whole", family: "text", day: "whole", key: "text", count: "whole" },
    key: ["lane", "family", "day", "key"],
  },
  day_visitors: { columns: { lane: "whole", day: "whole", registers: "bytes" }, key: ["lane", "day"] },
  used_type: {
    columns: { lane: "whole", consent_type: "uuid", version: "whole" },
    key: ["lane", "consent_type", "version"],
  },
} as const satisfies Readonly<Record<string, Table>>

/** The name of a table. */
export type TableName = keyof typeof tables

/** The names of all tables, in their order. */
export const tableNames = Object.keys(tables) as ReadonlyArray<TableName>

/** A value of a kind. */
export type ValueOf<Of extends Kind> = Of extends `${infer Least extends Kind}?`
  ? ValueOf<Least> | null
  : Of extends "whole"
    ? number
    : Of extends "boolean"
      ? boolean
      : string

type ColumnsOf<Name extends TableName> = (typeof tables)[Name]["columns"]

/** The name of a column. */
export type ColumnName<Name extends TableName> = keyof ColumnsOf<Name> & string

/** A row, or some of its columns, in the order of the table's columns. */
export type Row<Name extends TableName, Column extends ColumnName<Name> = ColumnName<Name>> = {
  readonly [Each in Column]: ColumnsOf<Name>[Each] extends Kind ? ValueOf<ColumnsOf<Name>[Each]> : never
}

/** Tables whose rows may be long. */
const batches: Readonly<Partial<Record<TableName, number>>> = { document: 4, file_chunk: 4, outbox: 100 }

/** The number of rows in a batch; only the last batch of a table has fewer. */
export const batchRows = (table: TableName): number => batches[table] ?? 1000

/** The next batch, of {@link batchRows} rows; empty after the last one. */
export type Next<Name extends TableName, Column extends ColumnName<Name> = ColumnName<Name>> = Effect.Effect<
  ReadonlyArray<Row<Name, Column>>,
  StoreUnavailable | StoreDamaged
>

/** The columns and the order in which a table is read, where that is not all columns in the order of the key. */
export interface Selection<Name extends TableName, Column extends ColumnName<Name>> {
  /** In the order of the table's columns. */
  readonly columns: ReadonlyArray<Column>
  /** The columns that the rows are ordered by. */
  readonly by: ReadonlyArray<Column>
}

/** A ledger as it was at one moment. Several tables may be read at the same time. */
export interface Snapshot {
  /** Begins to read a table, in ascending order: numbers by size, all other values by their bytes. */
  readonly rows: <Name extends TableName, Column extends ColumnName<Name> = ColumnName<Name>>(
    table: Name,
    selection?: Selection<Name, Column>,
  ) => Effect.Effect<Next<Name, Column>, StoreUnavailable | StoreDamaged>
  /** The faults that the store itself finds in its files and tables, one sentence for each. */
  readonly faults: Effect.Effect<ReadonlyArray<string>, StoreUnavailable>
}

/** An empty ledger that is being filled; the inserted rows can be read back. */
export interface Target extends Snapshot {
  readonly insert: <Name extends TableName>(
    table: Name,
    rows: ReadonlyArray<Row<Name>>,
  ) => Effect.Effect<void, StoreUnavailable>
}

/** The rows of one stored ledger. */
export interface LedgerRows {
  /** Reads from one snapshot. Writes nothing, and blocks no write. */
  readonly read: <A, E>(
    steps: (snapshot: Snapshot) => Effect.Effect<A, E>,
  ) => Effect.Effect<A, E | NoLedger | UpgradeNeeded | StoreUnavailable | StoreDamaged>
  /**
   * Fills an empty ledger, which is created if it does not exist, in one transaction: everything that the steps insert
   * is kept durably, or nothing if they fail or the process ends first.
   */
  readonly fill: <A, E>(
    steps: (target: Target) => Effect.Effect<A, E>,
  ) => Effect.Effect<A, E | NotEmpty | UpgradeNeeded | StoreUnavailable | StoreDamaged>
  /**
   * Writes again, in one transaction, what is derived of joins: the survivor of each person, and the merged heads.
   * Waits for other writes.
   */
  readonly rebuildJoined: Effect.Effect<void, NoLedger | UpgradeNeeded | StoreUnavailable | StoreDamaged>
}
