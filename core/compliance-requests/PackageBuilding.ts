/**
 * Building the access package of a `view`: asked for, built after the answer, and attached to the request as a file,
 * which does the ledger's task and mails its link to the requester.
 *
 * A package replaces the one before it. One that is not finished, because the server stopped, is not seen, is swept as
 * any file that was never attached, and is asked for again.
 */
import { Clock, Effect, Metric } from "effect"
import * as AccessPackage from "../access-package/AccessPackage.ts"
import type { ComplianceState } from "../compliance/ComplianceState.ts"
import type * as Transition from "../compliance/Transition.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import { asStore, type LedgerContext } from "../ledger/LedgerContext.ts"
import type { PackageAsked } from "../ledger/PackageQueue.ts"
import type { RequestFile, RequestPrivateData } from "../ledger/RequestPrivateData.ts"
import * as ReplicaStore from "../ledger/ReplicaStore.ts"
import * as RequestPrivateDataOf from "../ledger/RequestPrivateData.ts"
import * as CatalogOf from "../model/Catalog.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import * as HeldData from "../people/HeldData.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { ComplianceRequest } from "./ComplianceRequest.ts"
import * as ComplianceRequestOf from "./ComplianceRequest.ts"
import * as FileChunks from "./FileChunks.ts"
import * as RequestChanging from "./RequestChanging.ts"
import * as RequestSteps from "./RequestSteps.ts"
import type { Step } from "./RequestSteps.ts"
import * as WorkStep from "./WorkStep.ts"

/** Whether a package will be built; or why not. */
export type PackageOutcome =
  | { readonly _tag: "Accepted"; readonly request: ComplianceRequest }
  | { readonly _tag: "NotFound" }
  | { readonly _tag: "Refused"; readonly code: PackageRefusal; readonly detail: string }

/** Why no package is built. */
export type PackageRefusal = Transition.Code | "package_too_large"

const tooLarge = "the package is larger than 1 GiB: hand the data over in another way, and attach a file that says how"

const detailOf = (code: PackageRefusal): string =>
  code === "package_too_large" ? tooLarge : WorkStep.refusalOf("", { code }).detail

/** What became of a package. `Dropped`: its request is gone, or takes no package any more. */
export type BuiltPackage = "Built" | "TooLarge" | "Dropped"

const packages = Metric.counter("assent_compliance_packages_total", {
  description: "Access packages that this server has built, by what became of them.",
  incremental: true,
})

/** How often a package is attached, while other changes of its request are written first. */
const maxAttempts = 100

const mediaType = "application/zip"
const nothing = "0".repeat(64)

/** The request of a package, as it is read before the package is built. */
interface Opened extends RequestChanging.Held {
  readonly stored: AccessPackage.PackageInput["request"]["stored"]
}

const read = Effect.fnUntraced(function* (
  { project }: ProjectScope,
  id: string,
  context: LedgerContext,
): Effect.fn.Return<Opened | undefined, StoreUnavailable> {
  const stored = yield* context.store.compliance.request(project, id)
  if (stored === undefined) return undefined
  const [row] = yield* context.store.compliance.privateOf(project, [id])
  const opened = row === undefined ? Effect.succeed(undefined) : RequestPrivateDataOf.open(project, row, context)
  const data = yield* Effect.mapError(opened, (failure) => asStore(failure))
  return { id, stored, state: ComplianceRequestOf.stateOf(stored), row, data }
})

const isPackage = ({ origin }: ComplianceState["files"][number]): boolean => origin === "package"

/** The steps that attach a package, and remove the one before it. */
const stepsOf = (
  state: ComplianceState,
  written: FileChunks.WrittenFile,
  isAnythingHeld: boolean,
): ReadonlyArray<Step> => {
  const by = "engine"
  const result = isAnythingHeld ? "completed" : "no_records"
  const before = state.files.filter(isPackage).map(({ file }) => file)
  return [
    { command: { kind: "attach_file", ...written, type: mediaType, origin: "package" }, by },
    ...before.map((file): Step => ({ command: { kind: "remove_file", file }, by })),
    { command: { kind: "do_task", dataSystem: state.ledgerTask, result, via: "ledger" }, by },
  ]
}

/** Why a package of a request is not taken now; `undefined` if it is. */
const refusalOf = Effect.fnUntraced(function* (
  { organization }: ProjectScope,
  { data, id, row, state }: Opened,
  context: LedgerContext,
) {
  if (data?.packageTooLargeAt === state.ordinal) return "package_too_large" as const
  const steps = stepsOf(state, { file: "", sha256: nothing, size: 0 }, true)
  const subject = { organization, id, state, isGone: row === undefined }
  const decided = yield* RequestSteps.decide(subject, steps, yield* Clock.currentTimeMillis, context)
  return decided._tag === "Refused" ? decided.code : undefined
})

/** Asks for the package of a request: it is built after the answer. */
export const ask = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  context: LedgerContext,
): Effect.fn.Return<PackageOutcome, StoreUnavailable> {
  if (context.store.isReplica === true) return yield* ReplicaStore.refuse()
  if (!Identifiers.isUuid(id)) return { _tag: "NotFound" }
  const request = id.toLowerCase()
  const opened = yield* read(scope, request, context)
  if (opened === undefined) return { _tag: "NotFound" }
  const code = yield* refusalOf(scope, opened, context)
  if (code !== undefined) return { _tag: "Refused", code, detail: detailOf(code) }
  const { organization, project } = scope
  const { data, row, state } = opened
  context.packageQueue.offer({ project: project.id, request })
  return {
    _tag: "Accepted",
    request: yield* ComplianceRequestOf.make(organization, project, request, state, row, data),
  }
})

/** The documents of a request that are for the requester. */
const filesOf = (
  { project }: ProjectScope,
  { data, id: request, row, state }: Opened,
  context: LedgerContext,
): ReadonlyArray<AccessPackage.PackagedFile> => {
  const key = row?.key
  if (key === undefined) return []
  return (data?.files ?? []).flatMap(({ file, fileName, isForRequester }) => {
    const attached = state.files.find((each) => each.file === file)
    if (!isForRequester || attached === undefined || isPackage(attached)) return []
    return [{ name: fileName, content: FileChunks.read({ project, request, file }, attached.size, key, context) }]
  })
}

/** Notes that a package was too large, so that asking again is answered with it, until the request changes. */
const noteTooLarge = (scope: ProjectScope, id: string, context: LedgerContext) => {
  const changeData: RequestChanging.Plan["changeData"] = (before, facts) => ({
    ...before,
    packageTooLargeAt: facts.at(-1)!.ordinal + 1,
  })
  const plan: RequestChanging.Plan = { steps: [{ command: { kind: "note" }, by: "engine" }], changeData }
  return RequestChanging.carryOut({ scope, id, plan: () => Effect.succeed(plan), isPrivateNeeded: true }, context)
}

/** What is personal of a request with the name of its package, and without that of the one before. */
const changedData =
  (id: string, file: string, knownAt: number, state: ComplianceState) =>
  (data: RequestPrivateData): RequestPrivateData => {
    const { files = [], packageTooLargeAt: _, ...before } = data
    const replaced = new Set(state.files.filter(isPackage).map((each) => each.file))
    const fileName = `access-${new Date(knownAt).toISOString().slice(0, 10)}-${id.slice(0, 8)}.zip`
    const entry: RequestFile = { file, fileName, isForRequester: true, isScanned: false }
    return { ...before, files: [...files.filter((each) => !replaced.has(each.file)), entry] }
  }

/** Attaches a package that was written. Where it is not attached, nothing of it is left. */
const attach = Effect.fnUntraced(function* (
  scope: ProjectScope,
  { id, row }: Opened,
  written: FileChunks.WrittenFile,
  knownAt: number,
  isAnythingHeld: boolean,
  context: LedgerContext,
): Effect.fn.Return<BuiltPackage, StoreUnavailable> {
  const { project } = scope
  const place = { project, request: id, file: written.file }
  let attempts = 0
  const planOf = (held: RequestChanging.Held): RequestChanging.Plan | { readonly _tag: "Lost" } => {
    // It is about another person meanwhile; or its bytes were swept, so that a change would never be kept.
    if (held.row?.subject !== row?.subject || ++attempts > maxAttempts) return { _tag: "Lost" }
    const steps = stepsOf(held.state, written, isAnythingHeld)
    return { steps, changeData: changedData(id, written.file, knownAt, held.state) }
  }
  const plan = (held: RequestChanging.Held) => Effect.succeed(planOf(held))
  const asked = { scope, id, plan, isPrivateNeeded: true }
  const attached = RequestChanging.carryOut<Step, { readonly _tag: "Lost" }>(asked, context)
  const outcome = yield* Effect.onError(attached, () => FileChunks.discard(place, context))
  if (outcome._tag === "Changed") return "Built"
  yield* FileChunks.discard(place, context)
  return "Dropped"
})

/** Builds a package. `limits`: what a package may take. */
export const build = Effect.fnUntraced(function* (
  { project: projectId, request: id }: PackageAsked,
  context: LedgerContext,
  limits = AccessPackage.limits,
): Effect.fn.Return<BuiltPackage, StoreUnavailable> {
  const scope = CatalogOf.scope(yield* context.store.catalog.current, projectId)
  const opened = scope && (yield* read(scope, id, context))
  if (scope === undefined || opened?.row === undefined) return "Dropped"
  if ((yield* refusalOf(scope, opened, context)) !== undefined) return "Dropped"
  const { data, row, state, stored } = opened
  const key = yield* Effect.mapError(RequestPrivateDataOf.keyOf(row.key, context), asStore)
  if (row.key === undefined || key === undefined) return "Dropped"
  const knownAt = yield* Clock.currentTimeMillis
  const { organization, project } = scope
  const people = row.subject === undefined ? undefined : yield* HeldData.open(organization, row.subject, context)
  const content = AccessPackage.make(
    {
      scope,
      request: { stored, project, row, data },
      state,
      people,
      files: filesOf(scope, opened, context),
      knownAt,
    },
    context,
    limits,
  )
  const written = yield* Effect.catchTag(
    FileChunks.write({ project, request: id }, key, content, context),
    "ZipTooLarge",
    () => Effect.as(noteTooLarge(scope, id, context), undefined),
  )
  if (written === undefined) return "TooLarge"
  return yield* attach(scope, opened, written, knownAt, people !== undefined, context)
})

/** Builds one package after the other, as they are asked for. Never ends. */
export const run = (context: LedgerContext): Effect.Effect<never> => {
  const count = (outcome: string) => Metric.update(Metric.withAttributes(packages, { outcome }), 1)
  const buildNext = Effect.gen(function* () {
    const asked = yield* context.packageQueue.take
    const built = yield* build(asked, context)
    yield* count(built)
  })
  const warn = (reason: string) =>
    Effect.andThen(count("Failed"), Effect.logWarning(`an access package was not built: ask for it again: ${reason}`))
  // A counter is there before it counts, so that its first increase is seen.
  const showCounter = Effect.forEach(["Built", "TooLarge", "Dropped", "Failed"], (outcome) =>
    Metric.update(Metric.withAttributes(packages, { outcome }), 0),
  )
  const buildAll = buildNext.pipe(
    Effect.catchTag("StoreUnavailable", ({ reason }) => warn(reason)),
    // Whatever it was, the next package may be built.
    Effect.catchDefect(() => warn("a fault in Assent")),
    Effect.forever,
  )
  return Effect.andThen(showCounter, buildAll)
}
