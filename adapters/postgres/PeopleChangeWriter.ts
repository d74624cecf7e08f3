/**
 * Notes the identity changes that a change feed tells of, at the positions that they have in the lanes that count them.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Lane from "../../core/model/Lane.ts"
import type { Fact } from "../../core/model/People.ts"
import type { ErasureChange, NotedIdentityChange } from "../../core/ports/LedgerStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as Sql from "./Sql.ts"

/** What is noted of an identity change. */
export interface Noted extends Omit<NotedIdentityChange, "lane" | "position"> {
  /** The number of the lane, which is counted in the same transaction. */
  readonly lane: number
}

/** The facts that a feed tells of, each in the lane of its survivor. */
export const ofFacts = (organization: Lane.Owner, facts: ReadonlyArray<Fact>): ReadonlyArray<Noted> =>
  facts.flatMap(({ dateCreated, id, kind, member, survivor }) =>
    kind === "joined" || kind === "undone" || kind === "identified" || kind === "region"
      ? [{ lane: Lane.of(organization, survivor), kind, recordedAt: dateCreated, id, member, survivor }]
      : [],
  )

/** An erasure, in the lane of its first member in the order of their ids. */
export const ofErasure = ({ id, members, organization, recordedAt }: ErasureChange): ReadonlyArray<Noted> => {
  const member = members.toSorted()[0]!
  return [{ lane: Lane.of(organization, member), kind: "erased", recordedAt, id, member, survivor: member }]
}

const rows = ArrayColumns.make<Noted>({
  lane: ["bigint", ({ lane }) => lane],
  kind: ["text", ({ kind }) => kind],
  recorded_at: ["bigint", ({ recordedAt }) => recordedAt],
  id: ["uuid", ({ id }) => id],
  member: ["uuid", ({ member }) => member],
  survivor: ["uuid", ({ survivor }) => survivor],
})

/** The step that notes changes right after their lanes were counted, while these are locked; none if there are none. */
export const steps = (sql: Sql.Sql, noted: ReadonlyArray<Noted>): ReadonlyArray<Effect.Effect<undefined, SqlError>> =>
  noted.length === 0
    ? []
    : [
        Effect.as(
          Effect.suspend(() =>
            Sql.query(
              sql,
              `INSERT INTO people_change
               SELECT v.lane, h.next_position - 1, v.kind, v.recorded_at, v.id, v.member, v.survivor
               FROM ${rows.rows} v JOIN people_head h ON h.lane = v.lane`,
              rows.parameters(noted),
            ),
          ),
          undefined,
        ),
      ]
