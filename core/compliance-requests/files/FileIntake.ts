/**
 * Takes in a file for a compliance request: its name, its type and its bytes are checked while they arrive, and are
 * written as chunks. No one sees the file before `RequestFiles.attach`; where it is refused, nothing of it is left.
 *
 * Memory holds one chunk, and what `FileSniffer` needs.
 */
import { Clock, Data, Effect, Option, Stream } from "effect"
import type { ComplianceState } from "../../compliance/ComplianceState.ts"
import type { Actor } from "../../compliance/ComplianceFact.ts"
import * as Identifiers from "../../ledger/Identifiers.ts"
import { asStore, type LedgerContext } from "../../ledger/LedgerContext.ts"
import type { HeldRequestKey } from "../../ledger/RequestPrivateData.ts"
import * as RequestPrivateData from "../../ledger/RequestPrivateData.ts"
import type { ProjectScope } from "../../model/Catalog.ts"
import { type FileScan, ScannerUnavailable } from "../../ports/FileScanner.ts"
import { StoreUnavailable } from "../../ports/StoreUnavailable.ts"
import * as ComplianceRequest from "../ComplianceRequest.ts"
import * as FileChunks from "../FileChunks.ts"
import * as RequestSteps from "../RequestSteps.ts"
import * as FileName from "./FileName.ts"
import * as FileSniffer from "./FileSniffer.ts"
import type { FileType } from "../../compliance/FileType.ts"
import * as FileTypeOf from "../../compliance/FileType.ts"

/** The most bytes of a file: 10 MiB. */
export const maxFileBytes = 10_485_760

/** The most files of a request that staff attached. Packages do not count. */
export const maxFiles = 20

/** The most bytes of these files: 100 MiB. */
export const maxRequestBytes = 104_857_600

/** Why a file is not taken. */
export interface FileFault {
  readonly code:
    | "file_name_not_valid"
    | "file_type_not_allowed"
    | "file_type_mismatch"
    | "file_infected"
    | "too_many_files"
  /** Which of the two is at fault: the name, or the file itself. */
  readonly of: "fileName" | "file"
  readonly detail: string
}

/** A file as it is sent. `declaredType`: its media type as the client states it; empty if it states none. */
export interface SentFile<E> {
  readonly fileName: string
  readonly declaredType: string
  readonly bytes: Stream.Stream<Uint8Array, E>
}

/** A file that was taken in and is not attached yet. */
export interface TakenFile extends FileChunks.WrittenFile {
  readonly request: string
  readonly fileName: string
  readonly mediaType: string
  /** Whether a scanner has found nothing in it. */
  readonly isScanned: boolean
  /** The key that it is encrypted under. */
  readonly key: HeldRequestKey
}

/** Why nothing was taken in. */
export type IntakeRefusal =
  | { readonly _tag: "NotFound" }
  | { readonly _tag: "FileRefused"; readonly fault: FileFault }
  /** More than {@link maxFileBytes}. */
  | { readonly _tag: "FileTooLarge" }
  /** The scanner gave no verdict. */
  | { readonly _tag: "ScannerAway" }
  | RequestSteps.RefusedStep

/** The outcome of taking in a file. */
export type IntakeOutcome = { readonly _tag: "Taken"; readonly file: TakenFile } | IntakeRefusal

/** Ends the reading of a file early. */
class Stopped extends Data.TaggedError("Stopped")<{ readonly why: IntakeRefusal }> {}

const refuse = (code: FileFault["code"], of: FileFault["of"], detail: string) =>
  ({ _tag: "FileRefused", fault: { code, of, detail } }) as const

const known = FileTypeOf.fileTypes.flatMap(({ extensions }) => extensions).join(", ")

const notName = refuse("file_name_not_valid", "fileName", `expected ${FileName.expected}`)
const notAllowed = refuse("file_type_not_allowed", "fileName", `expected a name that ends with one of ${known}`)
const notDeclared = refuse(
  "file_type_mismatch",
  "file",
  "its media type is another one than its name says: send the type that the name says, or application/octet-stream",
)
const notContent = refuse("file_type_mismatch", "file", "its content is not what its name says")
const infected = refuse("file_infected", "file", "the scanner has found a virus in it")

/** Why a request takes no further file, of a number of bytes; nothing if it does. */
export const roomFault = ({ files }: ComplianceState, bytes: number) => {
  const own = files.filter(({ origin }) => origin === "staff")
  if (own.length >= maxFiles) {
    return refuse("too_many_files", "file", `the request has ${maxFiles} files: remove one first`)
  }
  const held = own.reduce((total, { size }) => total + size, 0)
  return held + bytes > maxRequestBytes
    ? refuse("too_many_files", "file", `the files of a request have at most ${maxRequestBytes} bytes: remove one first`)
    : undefined
}

/** The name and type of a file by what is said about it. */
const typeOf = ({ declaredType, fileName }: Pick<SentFile<never>, "declaredType" | "fileName">) => {
  const name = FileName.parse(fileName)
  if (name === undefined) return notName
  const type = FileTypeOf.ofExtension(FileName.extensionOf(name))
  if (type === undefined) return notAllowed
  return FileTypeOf.agrees(type, declaredType) ? { name, type } : notDeclared
}

/** A command that attaches some file, to learn before it arrives whether the request takes one. */
const anyFile = { kind: "attach_file", file: "", sha256: "", size: 0, type: "", origin: "staff" } as const

/** The key of a request that takes a file, or why it takes none. */
const openFor = Effect.fnUntraced(function* (
  { organization, project }: ProjectScope,
  id: string,
  by: Actor,
  context: LedgerContext,
): Effect.fn.Return<HeldRequestKey | IntakeRefusal, StoreUnavailable> {
  const { compliance } = context.store
  const stored = Identifiers.isUuid(id) ? yield* compliance.request(project, id) : undefined
  if (stored === undefined) return { _tag: "NotFound" }
  const state = ComplianceRequest.stateOf(stored)
  const [row] = yield* compliance.privateOf(project, [id])
  const subject = { organization, id, state, isGone: row === undefined }
  const now = yield* Clock.currentTimeMillis
  const decided = yield* RequestSteps.decide(subject, [{ command: anyFile, by }], now, context)
  if (decided._tag === "Refused") return decided
  const full = roomFault(state, 0)
  if (full !== undefined) return full
  const key = yield* Effect.mapError(RequestPrivateData.keyOf(row?.key, context), asStore)
  return key ?? (yield* new StoreUnavailable({ reason: "the key of a compliance request cannot be used any more" }))
})

/** The bytes of a file, which end with {@link Stopped} where they are too many or of another type. */
const checked = <E>(bytes: Stream.Stream<Uint8Array, E>, type: FileType, scan: Option.Option<FileScan>) => {
  const sniffer = FileSniffer.make(type)
  let size = 0
  const check = (part: Uint8Array) =>
    Effect.suspend((): Effect.Effect<void, Stopped | ScannerUnavailable> => {
      size += part.length
      if (size > maxFileBytes) return new Stopped({ why: { _tag: "FileTooLarge" } })
      if (!sniffer.write(part)) return new Stopped({ why: notContent })
      return Option.isSome(scan) ? scan.value.write(part) : Effect.void
    })
  const end = Effect.suspend(() => (sniffer.end() ? Effect.void : new Stopped({ why: notContent })))
  return Stream.concat(Stream.tap(bytes, check), Stream.drain(Stream.fromEffect(end)))
}

/** Writes the bytes of a file whose request takes it. */
const writeFile = Effect.fnUntraced(function* <E>(
  { project }: ProjectScope,
  request: string,
  sent: SentFile<E>,
  { name, type }: { readonly name: string; readonly type: FileType },
  key: HeldRequestKey,
  context: LedgerContext,
) {
  const scan = yield* Effect.transposeOption(Option.map(context.fileScanner, ({ begin }) => begin))
  const written = yield* FileChunks.write({ project, request }, key, checked(sent.bytes, type, scan), context)
  const isScanned = Option.isSome(scan)
  const file: TakenFile = { ...written, request, fileName: name, mediaType: type.mediaType, isScanned, key }
  const verdict = isScanned ? scan.value.verdict : Effect.succeed("clean" as const)
  const found = yield* Effect.onError(verdict, () => FileChunks.discard({ project, request, file: file.file }, context))
  if (found === "clean") return { _tag: "Taken", file } satisfies IntakeOutcome as IntakeOutcome
  yield* FileChunks.discard({ project, request, file: file.file }, context)
  return infected
})

/** Takes in a file for a request of a project, where it and the request allow that. */
export const take = Effect.fnUntraced(function* <E>(
  scope: ProjectScope,
  id: string,
  sent: SentFile<E>,
  by: Actor,
  context: LedgerContext,
): Effect.fn.Return<IntakeOutcome, E | StoreUnavailable> {
  const request = id.toLowerCase()
  const key = yield* openFor(scope, request, by, context)
  if ("_tag" in key) return key
  const named = typeOf(sent)
  if ("_tag" in named) return named
  const writing = Effect.scoped(writeFile(scope, request, sent, named, key, context))
  return yield* Effect.catchIf(
    writing,
    (error) => error instanceof Stopped || error instanceof ScannerUnavailable,
    (error) => Effect.succeed(error._tag === "Stopped" ? error.why : ({ _tag: "ScannerAway" } as const)),
  )
})
