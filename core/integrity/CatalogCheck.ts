/**
 * Checks the catalog: every change is there, in order and readable, and no two owners share lanes.
 */
import { Effect } from "effect"
import { entryKinds, type Organization, type Project } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import type { Row, Snapshot } from "../ports/LedgerRows.ts"
import type { Findings } from "./Findings.ts"
import * as TableReader from "../transfer/TableReader.ts"

/** The owners of lanes. */
export interface Owners {
  readonly projects: ReadonlyMap<string, Project>
  /** The projects and organizations, by their numbers. */
  readonly byNumber: ReadonlyMap<number, Organization | Project>
}

const kinds: ReadonlySet<string> = new Set(entryKinds)

/** The entry of a row; `undefined` if the row is not one. */
const entryOf = ({ body, kind }: Row<"catalog_entry">): { readonly id: string } | undefined => {
  try {
    const entry: unknown = JSON.parse(body)
    const isEntry = typeof entry === "object" && entry !== null && "id" in entry && typeof entry.id === "string"
    return isEntry && kinds.has(kind) ? (entry as { readonly id: string }) : undefined
  } catch {
    return undefined
  }
}

const isOwner = (entry: object): entry is Organization | Project =>
  "number" in entry && Number.isInteger(entry.number) && "lanes" in entry && Number.isInteger(entry.lanes)

/** Checks the catalog, and returns the owners of lanes. */
export const check = Effect.fnUntraced(function* (snapshot: Snapshot, findings: Findings) {
  const projects = new Map<string, Project>()
  const byNumber = new Map<number, Organization | Project>()
  const note = (what: string) => findings.note({ table: "catalog_entry", what })

  const addOwner = (entry: Organization | Project, place: string) => {
    const other = byNumber.get(entry.number)
    if (other !== undefined && (other.id !== entry.id || other.lanes !== entry.lanes)) {
      note(`${place}: the lanes of ${entry.id} are not what they were, or another's`)
    }
    byNumber.set(entry.number, entry)
  }

  let last = { revision: 0, ordinal: -1 }
  const use = (row: Row<"catalog_entry">) => {
    const place = `revision ${row.revision}, entry ${row.ordinal}`
    const isNext = row.revision === last.revision && row.ordinal === last.ordinal + 1
    const isFirst = row.revision === last.revision + 1 && row.ordinal === 0
    if (!isNext && !isFirst) note(`${place}: what comes before it is missing`)
    last = row
    const entry = entryOf(row)
    if (entry === undefined) return note(`${place}: cannot be read`)
    if ((row.kind === "organizations" || row.kind === "projects") && !isOwner(entry))
      return note(`${place}: has no lanes`)
    if (isOwner(entry)) addOwner(entry, place)
    if (row.kind === "projects") projects.set(entry.id, entry as Project)
  }

  yield* TableReader.forEach(yield* snapshot.rows("catalog_entry"), (rows) => Effect.sync(() => rows.forEach(use)))
  const heads = yield* TableReader.all(snapshot, "catalog_head")
  if (heads.length !== 1 || heads[0]?.revision !== last.revision) {
    findings.note({ table: "catalog_head", what: `is not the last revision, ${last.revision}` })
  }
  return { projects, byNumber } satisfies Owners
})

/** The number of a lane's owner, given the lane's number in the store. */
export const numberOf = (lane: number): number => Math.floor(lane / Lane.maxCount)
