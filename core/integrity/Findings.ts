/**
 * What is wrong with a ledger, and where: ids and positions, never what is personal.
 */
import type { TableName } from "../ports/LedgerRows.ts"

/** One thing that is wrong. */
export interface Finding {
  /** The table whose row is wrong; `store` where the store's own files are. */
  readonly table: TableName | "store"
  /** The lane as it is stored: the number of its owner × 4096, and the lane of it. */
  readonly lane?: number
  readonly position?: number
  readonly person?: string
  readonly consentType?: string
  readonly consentState?: string
  /** What is wrong, in words. */
  readonly what: string
}

/** Findings as they are made: as many as are listed, and how many there are. */
export interface Findings {
  readonly listed: ReadonlyArray<Finding>
  readonly count: () => number
  readonly note: (finding: Finding) => void
}

/** None yet. */
export const make = (maxListed: number): Findings => {
  const listed: Array<Finding> = []
  let count = 0
  return {
    listed,
    count: () => count,
    note: (finding) => {
      count++
      if (listed.length < maxListed) listed.push(finding)
    },
  }
}
