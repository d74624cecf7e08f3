/**
 * What a reader of rows asks of the names of columns. They are known before the first row of a CSV file, and after the
 * last row of NDJSON.
 */
import { Data } from "effect"

/** A column that is needed and that the file does not have. */
export interface MissingColumn {
  /** A JSON Pointer into the mapping; empty if there is no mapping. */
  readonly pointer: string
  readonly detail: string
}

/** A file without columns that are needed. Nothing of it was read. */
export class MissingColumns extends Data.TaggedError("MissingColumns")<{
  readonly columns: ReadonlyArray<MissingColumn>
}> {
  override get message(): string {
    return this.columns.map(({ detail, pointer }) => (pointer === "" ? detail : `${pointer}: ${detail}`)).join("\n")
  }
}

/** Checks the header of a file. */
export interface HeaderCheck {
  /** Whether a column of this name is read. */
  readonly isRead: (name: string) => boolean
  /** The columns that are missing. Called once, before the first row. */
  readonly missing: (header: ReadonlyArray<string>) => ReadonlyArray<MissingColumn>
}
