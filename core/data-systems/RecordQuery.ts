/**
 * What can be asked of the record of processing activities, apart from what answers it, because clients need no more.
 */

/** The record of a controller (GDPR, article 30(1)), or of a processor (article 30(2)). */
export const capacities = ["controller", "processor"] as const

/** Every way to make rows. */
export const groupings = ["activity", "system"] as const

/** The name of a format that the record is written in. */
export type RecordFormatName = "csv" | "fides" | "html" | "json" | "jsonld" | "xlsx"

/** Every format: its media type, and the ending of a file's name. */
export const formats: Readonly<Record<RecordFormatName, { readonly mediaType: string; readonly ending: string }>> = {
  json: { mediaType: "application/json", ending: "json" },
  csv: { mediaType: "text/csv; charset=utf-8", ending: "csv" },
  xlsx: { mediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ending: "xlsx" },
  html: { mediaType: "text/html; charset=utf-8", ending: "html" },
  fides: { mediaType: "application/yaml", ending: "yml" },
  jsonld: { mediaType: "application/ld+json", ending: "jsonld" },
}

/** The names of all formats. */
export const formatNames = Object.keys(formats) as ReadonlyArray<RecordFormatName>

/** What a record is made of. */
export interface RecordQuery {
  readonly as: (typeof capacities)[number]
  readonly by: (typeof groupings)[number]
  /** The id of a project: only the data systems that concern it. Left out: all. */
  readonly project?: string
}
