/**
 * The port of an upgrade: a ledger of an earlier version, and the new one, which is filled from it in steps and takes
 * its place in the end.
 *
 * From the first step until the swap the earlier ledger is marked, so that servers of any version refuse to start on
 * it, and nothing else writes to it. A step is kept with its place, so that an upgrade whose process ended goes on
 * where it was.
 */
import { Data, type Effect } from "effect"
import type { Owner } from "../model/Lane.ts"
import type { NoLedger, Row, StoreDamaged, TableName } from "./LedgerRows.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"
import type { NameBefore, RowBefore } from "./TablesBefore.ts"

/** The ledger is in use, or there is no space for the new one. Nothing was changed; it can be tried again. */
export class CannotUpgrade extends Data.TaggedError("CannotUpgrade")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

/** A ledger is of this version, of an earlier one, or an upgrade of it was begun and not ended. */
export type LedgerState = "current" | "before" | "begun"

/** Values of the columns of a table's key, in the order of the key. */
export type RowKey = ReadonlyArray<string | number>

/** Rows of the new ledger, by table. Keys of people and personal data that are there already stay as they are. */
export type NewRows = { readonly [Name in TableName]?: ReadonlyArray<Row<Name>> }

/** Names the key of a person. */
export type PersonKeyPlace = Pick<Row<"person_key">, "lane" | "person">

/** Names personal data. */
export type PersonalDataPlace = Pick<Row<"personal_data">, "lane" | "person" | "kind" | "id">

type Failing<A> = Effect.Effect<A, StoreUnavailable | StoreDamaged>

/** Rows in the order of their key, batch after batch; empty after the last one. */
export type NextRows<Of> = Failing<ReadonlyArray<Of>>

/** An upgrade under way. */
export interface Upgrade {
  /** The rows of a table of the earlier ledger, after a key. */
  readonly before: <Name extends NameBefore>(table: Name, after?: RowKey) => Failing<NextRows<RowBefore<Name>>>
  /** The facts of a person in the earlier ledger. */
  readonly factsOf: (organization: Owner, concordId: string) => Failing<ReadonlyArray<RowBefore<"person_fact">>>
  /** The rows of a table of the new ledger that are there now, after a key. The order is that of `before`. */
  readonly after: <Name extends TableName>(table: Name, after?: RowKey) => Failing<NextRows<Row<Name>>>
  /** The keys of people, in the order of their places. */
  readonly personKeys: (places: ReadonlyArray<PersonKeyPlace>) => Failing<ReadonlyArray<Row<"person_key"> | undefined>>
  /** Personal data, in the order of their places. */
  readonly personalData: (
    places: ReadonlyArray<PersonalDataPlace>,
  ) => Failing<ReadonlyArray<Row<"personal_data"> | undefined>>
  /** How far each part of the upgrade is, by its name; nothing for a part that has not begun. */
  readonly places: Failing<ReadonlyMap<string, RowKey>>
  /** Inserts rows and keeps the place of a part, in one transaction. */
  readonly write: (part: string, place: RowKey, rows: NewRows) => Failing<void>
  /** The number of rows of a table of the new ledger. */
  readonly count: (table: TableName) => Failing<number>
  readonly countBefore: (table: NameBefore) => Failing<number>
}

/** What an upgrade ends with, and whether the new ledger takes the place of the earlier one, or is removed. */
export interface UpgradeEnd<A> {
  readonly isSame: boolean
  readonly value: A
}

/** The upgrade of one stored ledger. */
export interface LedgerUpgrade {
  readonly state: Effect.Effect<LedgerState, NoLedger | StoreUnavailable | StoreDamaged>
  /**
   * Begins an upgrade or goes on with it. If the steps end with `isSame`, the new ledger takes the place of the earlier
   * one, which is removed; otherwise the new one is removed, and the earlier one is as it was. If they fail, the
   * upgrade stays as far as it is.
   */
  readonly run: <A, E>(
    steps: (upgrade: Upgrade) => Effect.Effect<UpgradeEnd<A>, E>,
  ) => Effect.Effect<A, E | CannotUpgrade | NoLedger | StoreUnavailable | StoreDamaged>
}
