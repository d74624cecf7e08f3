/**
 * The port to a scanner of viruses, which sees the bytes of a file while they arrive.
 */
import { Context, Data, type Effect, type Scope } from "effect"

/** The scanner cannot be reached, or has given no verdict: nothing is known of the file. */
export class ScannerUnavailable extends Data.TaggedError("ScannerUnavailable")<{
  /** Lower case, nothing of the file and of the scanner's words. */
  readonly reason: string
}> {
  override get message(): string {
    return this.reason
  }
}

/** What a scanner says of a file. */
export type FileVerdict = "clean" | "infected"

/** The scan of one file. */
export interface FileScan {
  /** The next bytes. They are not changed while it runs. */
  readonly write: (bytes: Uint8Array) => Effect.Effect<void, ScannerUnavailable>
  /** After the last byte. */
  readonly verdict: Effect.Effect<FileVerdict, ScannerUnavailable>
}

/** A scanner of files. Without one, files are kept as not scanned. */
export class FileScanner extends Context.Service<
  FileScanner,
  {
    /** Begins a scan, which is given up when its scope closes. */
    readonly begin: Effect.Effect<FileScan, ScannerUnavailable, Scope.Scope>
  }
>()("assent/ports/FileScanner") {}
