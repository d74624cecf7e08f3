/**
 * Findings: what is wrong with a ledger, and where. They have ids and positions, never personal data.
 */
import type { TableName } from "../ports/LedgerRows.ts"

/** One thing that is wrong. */
export interface Finding {
  /** The table whose row is wrong; `store` if the store's own files are. */
  readonly table: TableName | "store"
  /** The lane's number in the store: the number of its owner × 4096, plus the number of the lane in its owner. */
  readonly lane?: number
  readonly position?: number
  readonly person?: string
  readonly consentType?: string
  readonly consentState?: string
  /** What is wrong, in plain words. */
  readonly what: string
}

/** A list of findings that grows up to a limit, and counts the ones beyond it. */
export interface Findings {
  readonly listed: ReadonlyArray<Finding>
  /** The number of findings, listed or not. */
  readonly count: () => number
  readonly note: (finding: Finding) => void
}

/** An empty list, of at most `maxListed` findings. */
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
