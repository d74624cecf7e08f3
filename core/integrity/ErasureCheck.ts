/**
 * Checks erasures: each of their people has a row that agrees with the others, nothing that an erasure deletes is left
 * of them, and the lanes that they live in are marked. Of people whose identifiers were kept, things may have been
 * recorded since.
 */
import { Effect } from "effect"
import type { Project } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import * as ErasureBody from "../ports/ErasureBody.ts"
import type { Next, Row } from "../ports/LedgerRows.ts"
import * as TableReader from "../transfer/TableReader.ts"
import * as CatalogCheck from "./CatalogCheck.ts"
import type { Findings } from "./Findings.ts"

/** The people that were erased. A person is in one organization only. */
export type ErasedPeople = ReadonlySet<string>

/** The table of erasures of everything, or of those that kept identifiers. */
type Table = "erasure" | "held_erasure"

/** An erasure while its rows are read. */
interface Seen {
  /** What every one of its rows holds. */
  readonly common: string
  /** The first row, for a finding. */
  readonly row: Row<Table>
  /** Its people without a row so far. */
  readonly missing: Set<string>
}

/** The people of a body, without duplicates; `undefined` if it cannot be read. */
const membersOf = ({ body, destroyed }: Row<Table>): ReadonlySet<string> | undefined => {
  try {
    JSON.parse(destroyed)
    const { members } = ErasureBody.read(body)
    return Array.isArray(members) ? new Set(members) : undefined
  } catch {
    return undefined
  }
}

/** Checks the rows of erasures, and returns the people that were erased. */
const checkRows = Effect.fnUntraced(function* <Name extends Table>(
  table: Name,
  next: Next<Name>,
  { byNumber }: CatalogCheck.Owners,
  findings: Findings,
) {
  const seen = new Map<string, Seen>()
  const rows: Array<Pick<Row<Table>, "lane" | "person">> = []
  const note = ({ lane, person }: Pick<Row<Table>, "lane" | "person">, what: string) =>
    findings.note({ table, lane, person, what })

  const use = (row: Row<Table>): void => {
    const { body, destroyed, erasure_id, lane, person, recorded_at } = row
    rows.push({ lane, person })
    const owner = byNumber.get(CatalogCheck.numberOf(lane))
    if (owner === undefined || "organization" in owner || Lane.of(owner, person) !== lane) {
      note(row, "is not in the lane of its person")
    }
    const members = membersOf(row)
    if (members === undefined) return note(row, "the body cannot be read")
    if (!members.has(person)) note(row, "the body does not name the person")
    const common = JSON.stringify([recorded_at, body, destroyed])
    const erasure = seen.get(erasure_id) ?? { common, row, missing: new Set(members) }
    seen.set(erasure_id, erasure)
    erasure.missing.delete(person)
    if (erasure.common !== common) note(row, "is not what the other rows of the erasure say")
  }

  yield* TableReader.forEach(next, (batch) => Effect.sync(() => batch.forEach(use)))
  for (const { missing, row } of seen.values()) {
    for (const person of missing) note(row, `the erasure of ${person} with it is missing`)
  }
  return rows
})

/** Checks that the lanes that erased people live in are marked. A lane without events is marked with its first. */
const checkLanes = (
  erased: ReadonlyArray<Pick<Row<Table>, "lane" | "person">>,
  lanes: ReadonlyArray<Row<"lane_head">>,
  { byNumber, projects }: CatalogCheck.Owners,
  findings: Findings,
): void => {
  const byOrganization: ReadonlyMap<string, ReadonlyArray<Project>> = Map.groupBy(
    projects.values(),
    ({ organization }) => organization,
  )
  const needed = new Set<number>()
  for (const { lane, person } of erased) {
    const organization = byNumber.get(CatalogCheck.numberOf(lane))?.id
    for (const project of byOrganization.get(organization ?? "") ?? []) needed.add(Lane.of(project, person))
  }
  for (const { has_erased, lane, next_position } of lanes) {
    if (needed.has(lane) && !has_erased && next_position > 0) {
      findings.note({ table: "lane_head", lane, what: "an erased person lived in the lane, and it is not marked" })
    }
  }
}

/** Checks the erasures of a table, which are read in full. Returns the people that were erased. */
export const check = Effect.fnUntraced(function* <Name extends Table>(
  table: Name,
  next: Next<Name>,
  lanes: ReadonlyArray<Row<"lane_head">>,
  owners: CatalogCheck.Owners,
  findings: Findings,
) {
  const erased = yield* checkRows(table, next, owners, findings)
  checkLanes(erased, lanes, owners, findings)
  return new Set(erased.map(({ person }) => person)) as ErasedPeople
})

/** The tables whose rows about a person an erasure deletes, but for external ids: they are checked with the log. */
const emptied = ["alias", "former_alias", "person_key", "personal_data", "session", "used_identity_token"] as const

/** One of the tables whose rows about a person an erasure deletes. */
export type Emptied = (typeof emptied)[number]

/** Whether an erasure deletes the rows about a person in a table. */
export const isEmptied = (table: string): table is Emptied => (emptied as ReadonlyArray<string>).includes(table)

/** Notes the rows of a table that are about an erased person, as they are read. */
export const watching = <Name extends Emptied>(
  table: Name,
  next: Next<Name>,
  erased: ErasedPeople,
  findings: Findings,
): Next<Name> =>
  Effect.tap(next, (rows) =>
    Effect.sync(() => {
      for (const row of rows as ReadonlyArray<{ readonly person: string; readonly lane?: number }>) {
        if (!erased.has(row.person)) continue
        const lane = row.lane !== undefined && { lane: row.lane }
        findings.note({ table, ...lane, person: row.person, what: "is there still, and its person was erased" })
      }
    }),
  )
