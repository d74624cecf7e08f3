/**
 * Restoring an export: recorded events keep their ids, people and dates, so that the ledger is what it was.
 *
 * Events are recorded in the order of their `dateCreated`, which never goes back inside a lane. So an event cannot be
 * restored into a lane that has a later one: the ledger may have answered without it (semantics, law 16).
 */
import { Clock, Effect } from "effect"
import type { Digest } from "effect/crypto"
import * as Admission from "../model/Admission.ts"
import type { ListedType, ProjectScope } from "../model/Catalog.ts"
import type { StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type * as RecordedLine from "../formats/RecordedLine.ts"
import * as Exchange from "../formats/Exchange.ts"
import * as EventBody from "../ledger/EventBody.ts"
import * as ExternalIds from "../ledger/ExternalIds.ts"

/** Consecutive lines of an export. */
export interface RestoredBlock extends ProjectScope {
  /** 1 to `Batch.maxItems`. */
  readonly lines: ReadonlyArray<RecordedLine.Line>
}

/** Why an event is not restored. */
export interface RestoreFault {
  readonly code:
    | "another_project"
    | "unknown_consent_type"
    | "consent_type_mismatch"
    | "unknown_version"
    | "date_created_in_future"
    | "id_taken"
    | "external_id_taken"
    | "date_created_goes_back"
  readonly field: "id" | "project" | "consentType" | "category" | "version" | "dateCreated" | "externalId"
  readonly detail: string
}

/** The fate of an event: it was restored, it is recorded already, or why it is not restored. */
export type RestoreFate = "recorded" | "known" | ReadonlyArray<RestoreFault>

/** An event, and its index in the block. */
interface IndexedEvent {
  readonly index: number
  readonly event: StoredEvent
}

const requiredOf = ({ domain, id, ipAddress }: typeof RecordedLine.Session.Type) => ({ domain, id, ipAddress })

/** The event of a line, with the same body as when it was recorded. */
const toEvent = Effect.fnUntraced(function* (line: RecordedLine.Line, digest: Digest.Digest["Service"]) {
  const { dateCreated, expirationDate, externalId, organization, session, submitter, version } = line
  const { claimedConsentDate, claimedExpirationDate } = line
  const event = {
    id: line.id.toLowerCase(),
    concordId: line.concordId.toLowerCase(),
    consentType: line.consentType.toLowerCase(),
    version,
    consentState: line.consentState,
    consentAction: line.consentAction,
    consentDate: line.consentDate,
    dateCreated,
    ...(expirationDate != null && { expirationDate }),
  }
  const subcategory = typeof line.subcategory === "string" ? line.subcategory : line.subcategory[0]
  const type = { category: line.category, subcategory, label: line.label }
  const shown = session == null ? undefined : { ...Exchange.present(session), ...requiredOf(session) }
  const claimed = Exchange.present({ claimedConsentDate, claimedExpirationDate })
  const project = { id: line.project.toLowerCase(), organization: organization.toLowerCase() }
  return {
    ...event,
    submitter,
    ...(shown !== undefined && EventBody.originOf(shown)),
    ...(externalId != null && { externalId: yield* ExternalIds.hashOf(digest, externalId) }),
    body: EventBody.write(event, type, project, submitter, shown, externalId ?? undefined, claimed),
  } satisfies StoredEvent
})

/**
 * Whether a version could be answered at `consentDate`, also one that was cancelled: another server, whose clock is
 * ahead of the one that cancelled it, may have recorded an answer to it.
 */
const wasPublished = ({ cancelled = [], ...type }: ListedType, { consentDate, version }: StoredEvent): boolean =>
  Admission.isPublished({ ...type, versions: [...type.versions, ...cancelled] }, version, consentDate)

/**
 * The reasons why this project can never have recorded an event. Versions are never removed, so a version that is
 * missing was never answered; but a refusal is recorded with any version. The valid states of a type, its status and
 * its duration change, so they are not checked: what is not valid today may have been valid then.
 */
const faultsOf = (line: RecordedLine.Line, event: StoredEvent, { project, types }: ProjectScope, now: number) => {
  const faults: Array<RestoreFault> = []
  if (line.project.toLowerCase() !== project.id || line.organization.toLowerCase() !== project.organization) {
    faults.push({ code: "another_project", field: "project", detail: "the event is another project's" })
  }
  const type = types.byId.get(event.consentType)
  const subcategory = typeof line.subcategory === "string" ? line.subcategory : line.subcategory[0]
  if (type === undefined) {
    const detail = "this project has no consent type with this id"
    faults.push({ code: "unknown_consent_type", field: "consentType", detail })
  } else if (type.category !== line.category || type.subcategory !== subcategory || type.label !== line.label) {
    const detail = "the consent type with this id has another category, subcategory or label"
    faults.push({ code: "consent_type_mismatch", field: "category", detail })
  } else if (event.consentState !== "declined" && !wasPublished(type, event)) {
    const detail = "the consent type had not published this version at consentDate"
    faults.push({ code: "unknown_version", field: "version", detail })
  }
  if (event.dateCreated > now) {
    faults.push({ code: "date_created_in_future", field: "dateCreated", detail: "is ahead of the ledger's clock" })
  }
  return faults
}

const idTaken: RestoreFault = { code: "id_taken", field: "id", detail: "another event has this id already" }
const repeated: RestoreFault = { code: "id_taken", field: "id", detail: "an event before it in the file has this id" }
const externalIdTaken: RestoreFault = {
  code: "external_id_taken",
  field: "externalId",
  detail: "another event of its submitter has this external id already",
}
const goesBack: RestoreFault = {
  code: "date_created_goes_back",
  field: "dateCreated",
  detail: "the ledger has learnt something later already: take an export back into a ledger that has not gone on",
}

/**
 * The event with a hash of its external id that no event of another submitter has; `undefined` if an event of its own
 * submitter has the external id.
 */
const withFreeId = Effect.fnUntraced(function* (
  event: StoredEvent,
  { project }: ProjectScope,
  { digest, store }: LedgerContext,
) {
  if (event.externalId === undefined) return event
  const externalId = String(EventBody.read(event.body)?.externalId)
  const hashes = [
    yield* ExternalIds.hashOf(digest, externalId),
    yield* ExternalIds.hashOfSubmitter(digest, event.submitter, externalId),
  ]
  const taken = yield* store.events.byExternalId(project, hashes)
  if (taken.some((each) => each?.submitter === event.submitter)) return undefined
  return { ...event, externalId: hashes[taken[0] === undefined ? 0 : 1]! }
})

/**
 * Sets the fate of the events that are faulty or recorded already, and returns the others in the order of their
 * `dateCreated`.
 */
const toRestore = Effect.fnUntraced(function* (
  block: RestoredBlock,
  fates: Array<RestoreFate>,
  { digest, store }: LedgerContext,
) {
  const now = yield* Clock.currentTimeMillis
  const good: Array<IndexedEvent> = []
  const ids = new Set<string>()
  for (const [index, line] of block.lines.entries()) {
    const event = yield* toEvent(line, digest)
    const faults = faultsOf(line, event, block, now)
    if (faults.length > 0) fates[index] = faults
    else if (ids.has(event.id)) fates[index] = [repeated]
    else good.push({ index, event })
    ids.add(event.id)
  }
  const recorded = yield* store.events.byId(
    block.project,
    good.map(({ event }) => event.id),
  )
  const remaining = good.filter(({ event, index }, place) => {
    const known = recorded[place]
    if (known !== undefined) fates[index] = known.body === event.body ? "known" : [idTaken]
    return known === undefined
  })
  return remaining.toSorted((a, b) => a.event.dateCreated - b.event.dateCreated)
})

const append = (
  { organization, project }: ProjectScope,
  events: ReadonlyArray<StoredEvent>,
  { store }: LedgerContext,
) => store.events.append({ project, organization, recordedAt: events.at(-1)!.dateCreated, events, claims: [] })

/** Restores one event, and returns its fate. */
const restoreOne = Effect.fnUntraced(function* (event: StoredEvent, scope: ProjectScope, context: LedgerContext) {
  const free = yield* withFreeId(event, scope, context)
  if (free === undefined) return [externalIdTaken]
  return (yield* append(scope, [free], context))._tag === "Appended" ? ("recorded" as const) : [goesBack]
})

/** Restores the good events of a block: all in one append, or one by one if that append is refused. */
export const restoreBlock = Effect.fnUntraced(function* (
  block: RestoredBlock,
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<RestoreFate>, StoreUnavailable> {
  const fates: Array<RestoreFate> = []
  const remaining = yield* toRestore(block, fates, context)
  const events = remaining.map(({ event }) => event)
  const hashes = events.flatMap(({ externalId }) => externalId ?? [])
  const isUnique = new Set(hashes).size === hashes.length
  const isDone = events.length === 0 || (isUnique && (yield* append(block, events, context))._tag === "Appended")
  for (const { event, index } of remaining) {
    fates[index] = isDone ? "recorded" : yield* restoreOne(event, block, context)
  }
  return fates
})
