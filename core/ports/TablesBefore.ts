/**
 * The tables of a ledger of migration 7, the last one in which personal data were kept in clear. `assent upgrade` reads
 * them. They are written out here because the tables of later versions may change, and these never do.
 */
import type { Kind, Table, ValueOf } from "./LedgerRows.ts"

const head = {
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
} as const satisfies Table

/** Every table, with the columns that both stores have. */
export const tablesBefore = {
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
      profile: "text?",
      survivor: "uuid?",
      learnt: "whole?",
    },
    key: ["lane", "person"],
  },
  person_fact: {
    columns: { lane: "whole", person: "uuid", ordinal: "whole", body: "text" },
    key: ["lane", "person", "ordinal"],
  },
  people_head: { columns: { lane: "whole", next_position: "whole" }, key: ["lane"] },
  session: {
    columns: { token_hash: "bytes", person: "uuid", expires_at: "whole", body: "text" },
    key: ["token_hash"],
  },
  used_identity_token: { columns: { hash: "bytes", expires_at: "whole" }, key: ["hash"] },
  idempotency: {
    columns: { lane: "whole", hash: "bytes", digest: "bytes", answer: "text", recorded_at: "whole" },
    key: ["lane", "hash"],
  },
  lane_head: {
    columns: { lane: "whole", next_position: "whole", last_recorded_at: "whole", has_joined: "boolean" },
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
      external_id: "bytes?",
      body: "text",
      digest: "bytes",
    },
    key: ["lane", "position"],
  },
  head,
  joined_head: head,
  external_id: {
    columns: { lane: "whole", hash: "bytes", event_lane: "whole", position: "whole" },
    key: ["lane", "hash"],
  },
  used_type: {
    columns: { lane: "whole", consent_type: "uuid", version: "whole" },
    key: ["lane", "consent_type", "version"],
  },
} as const satisfies Readonly<Record<string, Table>>

/** The name of a table. */
export type NameBefore = keyof typeof tablesBefore

/** The names of all tables, in their order. */
export const namesBefore = Object.keys(tablesBefore) as ReadonlyArray<NameBefore>

type ColumnsBefore<Name extends NameBefore> = (typeof tablesBefore)[Name]["columns"]

/** A row. */
export type RowBefore<Name extends NameBefore> = {
  readonly [Each in keyof ColumnsBefore<Name> & string]: ColumnsBefore<Name>[Each] extends Kind
    ? ValueOf<ColumnsBefore<Name>[Each]>
    : never
}
