/**
 * The wire schemas of an import: a stream of rows, and the result.
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import * as Fields from "../../../core/formats/Fields.ts"

/** The highest number of faults that an answer lists. */
export const maxRejections = 1000

/**
 * How many rows may be rejected, and lines be blank, above the number of rows that are recorded or were before. One
 * more ends the import, because work for rows that are worth nothing would have no bound: gzip makes 700 of one byte.
 */
export const maxWorthless = 10_000

/**
 * How many bytes a compressed import may have after it is decompressed: a number that is free, and more for each byte
 * that was sent. Rows of other systems compress to between a fifth and a fiftieth.
 */
export const maxUnpacked = { free: 64 * 1024 * 1024, perByte: 200 }

/** The highest number of rows of a dry run, because it holds in memory what it would record. */
export const maxDryRows = 10_000

/** The media types of rows. A body may be compressed with gzip. */
export const mediaTypes = { ndjson: "application/x-ndjson", csv: "text/csv" } as const

const rows = (contentType: string, description: string) =>
  Schema.String.annotate({ description }).pipe(HttpApiSchema.asText({ contentType }))

/** The rows, in either media type. */
export const Rows = [
  rows(
    mediaTypes.ndjson,
    "One item a line, with the members of `createConsentEvents`: `consentDate` is required, and `consentAction` is `import` where it is left out",
  ),
  rows(mediaTypes.csv, "A header with the names of the members, and one item a record (RFC 4180)"),
] as const

/** The query parameters: how rows are read. */
export const parameters = {
  dryRun: Schema.optionalKey(
    Schema.Literals(["true", "false"]).annotate({
      description: `\`true\`: say what would happen, and record nothing; at most ${maxDryRows} rows`,
    }),
  ),
  keepRefusals: Schema.optionalKey(
    Schema.Literals(["true", "false"]).annotate({
      description:
        "`true`: leave out the rows after which a refusal would no longer stand; they are rejected with `refusal_kept`",
    }),
  ),
  acceptReplacedDates: Schema.optionalKey(
    Schema.Literals(["true", "false"]).annotate({
      description: "`true`: import even if more than 1 % of the refusals have a `consentDate` that cannot be recorded",
    }),
  ),
  delimiter: Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^[^"\r\n]$/, { message: "expected one character, and no quote" })).annotate({
      description: "Between the fields of CSV; recognized by the header where it is left out",
    }),
  ),
  map: Schema.optionalKey(
    Schema.String.annotate({ description: "JSON: how the columns of another system become our members" }),
  ),
}

const Count = Schema.Int

/** The result of an import: the number of rows by their outcome, and the first faults. */
export const Imported = Schema.Struct({
  dryRun: Schema.Boolean,
  rows: Count,
  recorded: Count,
  recordedBefore: Count,
  rejected: Count,
  skipped: Schema.optionalKey(Count.annotate({ description: "How many rows the mapping leaves out by a condition" })),
  consentStates: Schema.Struct({ implied: Count, viewed: Count, accepted: Count, declined: Count }),
  faults: Schema.Record(Schema.String, Count).annotate({
    description: "How many rows have each fault, by its code",
  }),
  leftOut: Schema.optionalKey(
    Schema.Record(Schema.String, Count).annotate({
      description:
        "How many rows were recorded without a member, by the member: of a refusal one that could not be read, or a contact point that names another person",
    }),
  ),
  warnings: Schema.optionalKey(
    Schema.Array(Schema.String).annotate({
      description:
        "Columns that are not read and look like a member, columns of the mapping that no row had, and a delimiter that was recognized",
    }),
  ),
  replacedDates: Schema.optionalKey(
    Count.annotate({
      description: "How many refusals are dated by the import, because their `consentDate` cannot be recorded",
    }),
  ),
  alsoRecorded: Schema.optionalKey(
    Count.annotate({
      description: "How many more events refusals were recorded as, for further people that their identifiers name",
    }),
  ),
  answers: Schema.optionalKey(
    Schema.Struct({
      changed: Count,
      refusalsOverturned: Count,
      examples: Schema.Array(Schema.Struct({ line: Schema.Int, consentType: Fields.Uuid })),
    }).annotate({
      description:
        "Of a dry run: how many answers would change, how many refusals would no longer stand, and the first rows that do that",
    }),
  ),
  rejections: Schema.Array(
    Schema.Struct({ line: Schema.Int, field: Schema.String, code: Schema.String, detail: Schema.String }),
  ).annotate({ description: `What is wrong with the rejected rows, by line: the first ${maxRejections} faults` }),
}).annotate({ identifier: "Imported" })
