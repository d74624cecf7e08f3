/**
 * The wire schemas of files of compliance requests: as they are sent, listed and downloaded.
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import * as FileType from "../../../core/compliance/FileType.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import * as Parameter from "./Parameter.ts"

/** The most characters of the words about a file. */
const maxDetails = 2048

const detailsText = Fields.writableText(0, maxDetails)
/** The same of a query, which cannot hold a lone surrogate. */
const shortText = Schema.String.check(
  Schema.isPattern(/^[^\0]{0,2048}$/, { message: `expected at most ${maxDetails} characters, and no NUL` }),
)
const flag = Schema.Literals(["true", "false"])
const ofDetails = "Your own words about the file"
const ofFlag = "`true`: the requester may download the file"

const fields = {
  forRequester: Schema.optionalKey(flag.annotate({ description: ofFlag })),
  details: Schema.optionalKey(detailsText.annotate({ description: ofDetails })),
}

/** The fields of a form besides the file. */
export const Words = Schema.Struct(fields)

/** The most bytes of a field of a form: the most characters of the words, each of at most 3 bytes. */
export const maxFieldBytes = 3 * maxDetails

const mediaTypes = FileType.fileTypes.map(({ mediaType }) => mediaType)

/** A file as a form, or the bytes themselves with their name in the query. */
export const Upload = [
  Schema.Struct({
    file: Schema.String.annotate({ format: "binary", description: "The file, with its name" }),
    ...fields,
  }).pipe(HttpApiSchema.asMultipart()),
  HttpApiSchema.StreamUint8Array({ contentType: ["application/octet-stream", ...mediaTypes] }),
] as const

/** The query of an upload of the bytes themselves. */
export const uploadParameters = {
  fileName: Parameter.optional(Schema.String, "The name of the file, where its bytes are the body"),
  forRequester: Parameter.optional(flag, `${ofFlag}; where its bytes are the body`),
  details: Parameter.optional(shortText, `${ofDetails}, where its bytes are the body`),
}

/** The bytes of a file that is downloaded. */
export const Bytes = HttpApiSchema.StreamUint8Array({ contentType: mediaTypes as [string, ...Array<string>] })

/** A file of a request. */
export const RequestFile = Schema.Struct({
  id: Schema.String,
  fileName: Schema.optionalKey(
    Schema.String.annotate({
      description: "Characters that cannot be seen are escaped: `\\u{202e}`. Not answered to a role that only reads",
    }),
  ),
  fileSize: Schema.Int.annotate({ description: "In bytes" }),
  mediaType: Schema.String,
  sha256: Schema.String.annotate({ description: "Of its bytes, in lower-case hexadecimal" }),
  date: Schema.Int.annotate({ description: "When it was attached, in milliseconds since 1970-01-01" }),
  dateCreated: Schema.Int,
  details: Schema.optionalKey(
    Schema.String.annotate({ description: "Words of staff. Not answered to a role that only reads" }),
  ),
  event: Schema.Literal("file_attached"),
  apiKey: Schema.optionalKey(Schema.String.annotate({ description: "The id of the API key that attached it" })),
  filePath: Schema.String.annotate({ description: "Where it is downloaded" }),
  origin: Schema.Literals(["staff", "package"]).annotate({ description: "`package`: everything that is held" }),
  forRequester: Schema.optionalKey(Schema.Boolean.annotate({ description: "Whether the requester may download it" })),
  scanned: Schema.optionalKey(Schema.Boolean.annotate({ description: "Whether a scanner has found no virus in it" })),
}).annotate({ identifier: "ComplianceRequestFile" })
