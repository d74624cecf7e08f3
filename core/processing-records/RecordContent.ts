/**
 * What a written record of processing activities shows, in any format.
 */
import type { ProcessingRecord, RecordedOrganization, RecordedSystem } from "../data-systems/ProcessingRecords.ts"
import type { RecordQuery } from "../data-systems/RecordQuery.ts"
import type { Instant } from "../engine/Instant.ts"

/** The content of a record. The same revision of the catalog makes the same content. */
export interface RecordContent {
  readonly organization: RecordedOrganization
  readonly query: RecordQuery
  /** The name of the project that the record is limited to. */
  readonly projectName?: string
  /** The last change of the organization, or of anything that describes its data systems. */
  readonly asOf: Instant
  /** Sorted by name. */
  readonly systems: ReadonlyArray<RecordedSystem>
  readonly rows: ReadonlyArray<ProcessingRecord>
}

/** The paragraph of article 30 of the GDPR that a record follows. */
export const paragraphOf = ({ query: { as } }: RecordContent): string => (as === "processor" ? "30(2)" : "30(1)")
