/**
 * The files of a compliance request: attached once they were taken in, removed, and downloaded. Each of these is a
 * fact, and is written with it in one transaction.
 */
import { Effect, Option, type Stream } from "effect"
import type { Actor } from "../../compliance/ComplianceFact.ts"
import type { AttachedFile, ComplianceState } from "../../compliance/ComplianceState.ts"
import type { IdempotentRequest, KeyConflict } from "../../ledger/Idempotency.ts"
import * as Identifiers from "../../ledger/Identifiers.ts"
import type { LedgerContext } from "../../ledger/LedgerContext.ts"
import type { RequestFile, RequestPrivateData } from "../../ledger/RequestPrivateData.ts"
import type { Project, ProjectScope } from "../../model/Catalog.ts"
import type { RequestKey } from "../../ports/ComplianceStore.ts"
import type { StoreUnavailable } from "../../ports/StoreUnavailable.ts"
import * as ComplianceReading from "../ComplianceReading.ts"
import * as FileChunks from "../FileChunks.ts"
import * as RequestChanging from "../RequestChanging.ts"
import type { ChangeOutcome, Held, Plan } from "../RequestChanging.ts"
import type { Step } from "../RequestSteps.ts"
import * as FileIntake from "./FileIntake.ts"
import type { FileFault, TakenFile } from "./FileIntake.ts"

/** What staff says about a file that it attaches. */
export interface FileWords {
  readonly details?: string
  readonly isForRequester: boolean
}

/** What carries out a change, and the idempotency key it was sent with. */
export interface FileWorker {
  readonly by: Actor
  readonly idempotency?: IdempotentRequest
}

/** Why a file that was taken in is not attached. */
type AttachRefusal =
  | { readonly _tag: "FileRefused"; readonly fault: FileFault }
  /** The request was changed so that the file cannot be attached any more: it must be sent again. */
  | { readonly _tag: "FileLost" }

/** The request after the change, or why nothing was changed. */
export type FileOutcome = ChangeOutcome<Step, AttachRefusal> | KeyConflict

/** A file that may be downloaded. */
export interface FoundFile extends AttachedFile, RequestFile {}

/** A file that is downloaded. Its bytes end with an error where it is removed before they were all read. */
export interface Download {
  readonly _tag: "Download"
  readonly file: FoundFile
  readonly bytes: Stream.Stream<Uint8Array, StoreUnavailable>
}

/** The request has no such file, or the caller may not download it. */
export interface NoFile {
  readonly _tag: "NoFile"
}

const noFile: NoFile = { _tag: "NoFile" }
const lost: AttachRefusal = { _tag: "FileLost" }

/** Whether a request has the key that a file was encrypted under, or gets it with the change. */
const hasKey = ({ row }: Held, { key }: TakenFile): boolean =>
  row?.key === undefined ? key.isNew !== undefined : key.isNew === undefined

/** Attaches a file that was taken in. Where it is not attached, nothing of it is left. */
export const attach = Effect.fnUntraced(function* (
  scope: ProjectScope,
  taken: TakenFile,
  words: FileWords,
  { by, idempotency }: FileWorker,
  context: LedgerContext,
): Effect.fn.Return<FileOutcome, StoreUnavailable> {
  const { file, fileName, isScanned, key, mediaType, request, sha256, size } = taken
  const { requestFiles } = context.store
  const command = { kind: "attach_file", file, sha256, size, type: mediaType, origin: "staff" } as const
  const entry: RequestFile = { file, fileName, isScanned, ...words }
  const changeData = (before: RequestPrivateData) => ({ ...before, files: [...(before.files ?? []), entry] })
  const plan: Plan = { steps: [{ command, by }], changeData, key }
  let attempts = 0
  const planOf = Effect.fnUntraced(function* (held: Held): Effect.fn.Return<Plan | AttachRefusal, StoreUnavailable> {
    // A change is not kept either where the file is gone, and would be attempted again for ever. A file has a first
    // chunk, because an empty one is not taken in.
    const isThere = attempts++ === 0 || (yield* requestFiles.chunk(scope.project, request, file, 0)) !== undefined
    if (!isThere || (held.row !== undefined && !hasKey(held, taken))) return lost
    return FileIntake.roomFault(held.state, size) ?? plan
  })
  const asked = { scope, id: request, plan: planOf, isPrivateNeeded: true, idempotency }
  const attached = RequestChanging.carryOut<Step, AttachRefusal>(asked, context)
  const outcome = yield* Effect.onError(attached, () => discard(scope, taken, context))
  const isAttached = outcome._tag === "Changed" && outcome.facts.length > 0
  if (!isAttached) yield* discard(scope, taken, context)
  return outcome
})

/** Drops a file that was taken in and is not attached. */
export const discard = (
  { project }: ProjectScope,
  { file, request }: Pick<TakenFile, "file" | "request">,
  context: LedgerContext,
): Effect.Effect<void> => FileChunks.discard({ project, request, file }, context)

/** Removes a file from a request. */
export const remove = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  file: string,
  { by, idempotency }: FileWorker,
  context: LedgerContext,
): Effect.fn.Return<FileOutcome, StoreUnavailable> {
  if (!Identifiers.isUuid(id)) return { _tag: "NotFound" }
  const of = file.toLowerCase()
  const plan: Plan = {
    steps: [{ command: { kind: "remove_file", file: of }, by }],
    changeData: ({ files = [], ...before }) => ({ ...before, files: files.filter((each) => each.file !== of) }),
  }
  const asked = { scope, id: id.toLowerCase(), plan: () => Effect.succeed(plan), isPrivateNeeded: true, idempotency }
  return yield* RequestChanging.carryOut<Step, AttachRefusal>(asked, context)
})

/** What the facts and the words say of a file. */
const joined = (
  { files }: ComplianceState,
  data: RequestPrivateData | undefined,
  file: string,
): FoundFile | undefined => {
  const attached = files.find((each) => each.file === file)
  const words = data?.files?.find((each) => each.file === file)
  return attached && words && { ...attached, ...words }
}

/** A file of a request as it was read, with the key of the request. */
const fileOf = ({ data, row, state }: Held, file: string): (FoundFile & { readonly key: RequestKey }) | undefined => {
  const found = joined(state, data, file)
  return found === undefined || row?.key === undefined ? undefined : { ...found, key: row.key }
}

/** A file of a request, without downloading it; none also while keys are away. */
export const find = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  file: string,
  context: LedgerContext,
): Effect.fn.Return<Option.Option<FoundFile>, StoreUnavailable> {
  const request = yield* ComplianceReading.find(scope, id, context)
  if (Option.isNone(request)) return Option.none()
  const { privateData, state } = request.value
  return Option.fromUndefinedOr(joined(state, privateData, file.toLowerCase()))
})

/** How a file is downloaded. */
export interface DownloadAsked {
  readonly scope: ProjectScope
  readonly id: string
  readonly file: string
  readonly by: Actor
  /**
   * Whether it may be downloaded now, and what changes of what is personal with the download, such as the uses of a
   * ticket: `undefined` refuses it. Left out: it may, and nothing does.
   */
  readonly use?: (held: Held) => Pick<Plan, "changeData"> | undefined
}

const bytesOf = (
  project: Project,
  request: string,
  { file, key, size }: FoundFile & { readonly key: RequestKey },
  context: LedgerContext,
) => FileChunks.read({ project, request, file }, size, key, context)

/** Downloads a file. It is noted first, so that there is no download without its fact. */
export const download = Effect.fnUntraced(function* (
  { by, file, id, scope, use = () => ({}) }: DownloadAsked,
  context: LedgerContext,
): Effect.fn.Return<Download | NoFile, StoreUnavailable> {
  if (!Identifiers.isUuid(id) || !Identifiers.isUuid(file)) return noFile
  const request = id.toLowerCase()
  let found: ReturnType<typeof fileOf>
  const planOf = (held: Held): Plan | NoFile => {
    found = fileOf(held, file.toLowerCase())
    const isShown = found !== undefined && (by !== "requester" || found.isForRequester || found.origin === "package")
    const used = isShown ? use(held) : undefined
    if (found === undefined || used === undefined) return noFile
    return { steps: [{ command: { kind: "note_download", file: found.file }, by }], ...used }
  }
  const asked = { scope, id: request, isPrivateNeeded: true, plan: (held: Held) => Effect.succeed(planOf(held)) }
  const outcome = yield* RequestChanging.carryOut<Step, NoFile>(asked, context)
  if (outcome._tag !== "Changed" || found === undefined) return noFile
  const { key: _, ...shown } = found
  return { _tag: "Download", file: shown, bytes: bytesOf(scope.project, request, found, context) }
})
