/**
 * The types of files that are taken. No HTML, SVG, XML, script or program is among them, because a browser or a reader
 * of the file could run it.
 */

/** What the bytes of a file must be: see `FileSniffer`. */
export type FileForm =
  | "pdf"
  | "png"
  | "jpeg"
  | "gif"
  | "webp"
  | "text"
  | "json"
  | "mail"
  | "zip"
  | "docx"
  | "xlsx"
  | "pptx"
  | "odt"
  | "ods"

/** A type of files. */
export interface FileType {
  /** The media type that it is kept and downloaded with. */
  readonly mediaType: string
  readonly form: FileForm
  /** Lower case, without a dot. */
  readonly extensions: ReadonlyArray<string>
  /** Other media types that clients send for it. */
  readonly aliases: ReadonlyArray<string>
}

const of = (
  form: FileForm,
  mediaType: string,
  extensions: ReadonlyArray<string> = [form],
  aliases: ReadonlyArray<string> = [],
): FileType => ({ form, mediaType, extensions, aliases })

const openXml = (name: string) => `application/vnd.openxmlformats-officedocument.${name}`

/** The start of the media types of OpenDocument, after which the kind of document follows. */
export const openDocument = "application/vnd.oasis.opendocument."

/** Every type that is taken. */
export const fileTypes: ReadonlyArray<FileType> = [
  of("pdf", "application/pdf"),
  of("png", "image/png"),
  of("jpeg", "image/jpeg", ["jpg", "jpeg"], ["image/jpg", "image/pjpeg"]),
  of("gif", "image/gif"),
  of("webp", "image/webp"),
  of("text", "text/plain", ["txt"]),
  // Browsers take the type of CSV from the programs that are installed.
  of("text", "text/csv", ["csv"], ["application/csv", "application/vnd.ms-excel", "text/plain"]),
  of("json", "application/json", ["json"], ["text/json", "text/plain"]),
  of("mail", "message/rfc822", ["eml"], ["text/plain"]),
  of("zip", "application/zip", ["zip"], ["application/x-zip-compressed", "application/x-zip"]),
  of("docx", openXml("wordprocessingml.document")),
  of("xlsx", openXml("spreadsheetml.sheet")),
  of("pptx", openXml("presentationml.presentation")),
  of("odt", `${openDocument}text`),
  of("ods", `${openDocument}spreadsheet`),
]

const byExtension = new Map(fileTypes.flatMap((type) => type.extensions.map((extension) => [extension, type] as const)))

/** The type of files with an extension in lower case. */
export const ofExtension = (extension: string): FileType | undefined => byExtension.get(extension)

/** What a client sends that does not know the type of a file. */
const unknown: ReadonlySet<string> = new Set(["", "application/octet-stream", "binary/octet-stream"])

/** Whether a client that declares a media type, with or without parameters, may send a file of a type. */
export const agrees = ({ aliases, mediaType }: FileType, declared: string): boolean => {
  const given = declared.split(";", 1)[0]!.trim().toLowerCase()
  return unknown.has(given) || given === mediaType || aliases.includes(given)
}
