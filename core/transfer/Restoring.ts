/**
 * Restoring an export: recorded events keep their ids, people and dates, so that the ledger is what it was. Personal
 * data, which an export has in clear, are committed to and encrypted again.
 *
 * Events are recorded in the order of their `dateCreated`, which never goes back inside a lane. So an event cannot be
 * restored into a lane that has a later one: the ledger may have answered without it (semantics, law 16).
 */
import { Clock, Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Admission from "../model/Admission.ts"
import type { ListedType, ProjectScope } from "../model/Catalog.ts"
import type { PersonalWrites, StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Commitment from "../ledger/Commitment.ts"
import * as ComposedEvents from "../ledger/ComposedEvents.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type * as RecordedLine from "../formats/RecordedLine.ts"
import * as EvidenceLine from "../formats/EvidenceLine.ts"
import * as Exchange from "../formats/Exchange.ts"
import * as EventBody from "../ledger/EventBody.ts"
import * as ExternalIds from "../ledger/ExternalIds.ts"
import * as PersonalData from "../ledger/PersonalData.ts"
import type { Erased } from "./CarriedErasures.ts"

/** Consecutive lines of an export. */
export interface RestoredBlock extends ProjectScope {
  /** 1 to `Batch.maxItems`. */
  readonly lines: ReadonlyArray<RecordedLine.Line>
  /** What was erased. Events of these people are restored without personal data, also where the export has them. */
  readonly erased?: Erased
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

/** The personal data of a line, as JSON; `undefined` for data that were erased before it was exported. */
interface LineData {
  /** Left out: the event came in no session. */
  readonly session?: string | undefined
  /** Left out: the event has no external id. */
  readonly event?: string | undefined
}

/** The event of a line, which is written once its personal data are committed to. */
interface LineEvent {
  readonly event: ConsentEvent & Pick<StoredEvent, "submitter" | "session" | "domain" | "geography">
  readonly externalId: string | undefined
  readonly data: LineData
  /** Writes the stored body with commitments to the personal data. */
  readonly write: (commitments: { readonly session: string; readonly event: string }) => string
}

/** An event, and its index in the block. */
interface IndexedEvent extends LineEvent {
  readonly index: number
}

/** The personal data of a line. Of an erased event that shows its session, the external id is gone. */
const dataOf = ({ erased, externalId, session }: RecordedLine.Line): LineData => {
  const { ipAddress, userAgent } = session ?? {}
  const json = ipAddress == null ? undefined : EventBody.sessionJson({ ipAddress, ...Exchange.present({ userAgent }) })
  const isIdGone = erased === true && externalId == null && (session == null || ipAddress != null)
  return {
    ...(session != null && { session: json }),
    ...(externalId != null && { event: EventBody.externalIdJson(externalId) }),
    ...(isIdGone && { event: undefined }),
  }
}

/** The data of a line of a person that was erased since: none of them, each with a commitment that no one can open. */
const withoutData = (data: LineData): LineData => ({
  ...("session" in data && { session: undefined }),
  ...("event" in data && { event: undefined }),
})

/** Whether the personal data of an event were erased: with the whole person, or before its identifiers were kept. */
const isErasedOf = (erased: Erased | undefined, { concordId, dateCreated }: ConsentEvent): boolean =>
  erased !== undefined && (erased.whole.has(concordId) || dateCreated < (erased.held.get(concordId) ?? -Infinity))

/** The event of a line. */
const toEvent = (line: RecordedLine.Line, erased: Erased | undefined): LineEvent => {
  const { dateCreated, expirationDate, organization, session, submitter, version } = line
  const { claimedConsentDate, claimedExpirationDate, language } = line
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
  const evidence = EvidenceLine.toEvidence(line.evidence)
  const details = Exchange.present({ claimedConsentDate, claimedExpirationDate, evidence, language })
  const project = { id: line.project.toLowerCase(), organization: organization.toLowerCase() }
  const shown = session && {
    id: session.id,
    domain: session.domain,
    ...Exchange.present({ geography: session.geography }),
  }
  const isErased = isErasedOf(erased, event)
  const data = isErased ? withoutData(dataOf(line)) : dataOf(line)
  return {
    event: { ...event, submitter, ...(shown != null && EventBody.originOf(shown)) },
    externalId: isErased ? undefined : (line.externalId ?? undefined),
    data,
    write: (commitments) => {
      const withCommitment = shown == null ? undefined : { ...shown, commitment: commitments.session }
      const own = "event" in data ? commitments.event : undefined
      return EventBody.write(event, type, project, submitter, withCommitment, own, details)
    },
  }
}

/** Stand for the commitments of a line that is only compared: base64url of 32 bytes. */
const placeholders = { session: "s".repeat(43), event: "e".repeat(43) }

/** The event of a line as it is answered. */
const answerOf = ({ data: { event, session }, write }: LineEvent): string => {
  const personal = new Map<string, string>()
  if (session !== undefined) personal.set(placeholders.session, session)
  if (event !== undefined) personal.set(placeholders.event, event)
  return EventBody.compose(write(placeholders), personal)
}

const noData: ReadonlyMap<string, string> = new Map()

/** Whether a line is a recorded event. Personal data that are gone, of one of the two, make no difference. */
const isSame = (line: LineEvent, stored: StoredEvent, composed: StoredEvent): boolean => {
  const answer = answerOf(line)
  if (answer === composed.body) return true
  if (!EventBody.isErased(answer) && !EventBody.isErased(composed.body)) return false
  return EventBody.compose(line.write(placeholders), noData) === EventBody.compose(stored.body, noData)
}

/**
 * Whether a version could be answered at `consentDate`, also one that was cancelled: another server, whose clock is
 * ahead of the one that cancelled it, may have recorded an answer to it.
 */
const wasPublished = ({ cancelled = [], ...type }: ListedType, { consentDate, version }: ConsentEvent): boolean =>
  Admission.isPublished({ ...type, versions: [...type.versions, ...cancelled] }, version, consentDate)

/**
 * The reasons why this project can never have recorded an event. Versions are never removed, so a version that is
 * missing was never answered; but a refusal is recorded with any version. The valid states of a type, its status and
 * its duration change, so they are not checked: what is not valid today may have been valid then.
 */
const faultsOf = (line: RecordedLine.Line, event: ConsentEvent, { project, types }: ProjectScope, now: number) => {
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
  detail:
    "the lane has something later, an event or a change that a server has told of since (one tells of consent types as soon as it starts): take the export back into a copy of the store from before, on which no server has run",
}

/**
 * Sets the fate of the events that are faulty or recorded already, and returns the others in the order of their
 * `dateCreated`.
 */
const toRestore = Effect.fnUntraced(function* (
  block: RestoredBlock,
  fates: Array<RestoreFate>,
  context: LedgerContext,
) {
  const now = yield* Clock.currentTimeMillis
  const good: Array<IndexedEvent> = []
  const ids = new Set<string>()
  for (const [index, line] of block.lines.entries()) {
    const each = toEvent(line, block.erased)
    const { event } = each
    const faults = faultsOf(line, event, block, now)
    if (faults.length > 0) fates[index] = faults
    else if (ids.has(event.id)) fates[index] = [repeated]
    else good.push({ index, ...each })
    ids.add(event.id)
  }
  const wanted = good.map(({ event }) => event.id)
  const stored = (yield* context.store.events.byId(block.project, wanted)).filter((event) => event !== undefined)
  const composed = yield* ComposedEvents.of(block.organization, stored, context)
  const known = new Map(stored.map((event, index) => [event.id, [event, composed[index]!] as const]))
  const remaining = good.filter((each) => {
    const recorded = known.get(each.event.id)
    if (recorded !== undefined) fates[each.index] = isSame(each, ...recorded) ? "known" : [idTaken]
    return recorded === undefined
  })
  return remaining.toSorted((a, b) => a.event.dateCreated - b.event.dateCreated)
})

/** An event that is ready to be recorded, with its personal data. */
interface CommittedEvent {
  readonly index: number
  readonly event: StoredEvent
}

/** The events with new commitments, and their personal data: the one of a session once for all of its events. */
const commit = Effect.fnUntraced(function* (
  events: ReadonlyArray<IndexedEvent>,
  { organization }: ProjectScope,
  context: LedgerContext,
) {
  const hasher = yield* context.hasherOf(organization)
  const data = new Map<string, PersonalData.PersonalDatum>()
  const keyOf = (kind: "event" | "session", { data: of, event }: IndexedEvent): string | undefined => {
    const json = of[kind]
    if (json === undefined) return undefined
    const key = JSON.stringify([kind, event.concordId, kind === "session" ? event.session : event.id, json])
    data.set(key, { concordId: event.concordId, kind, json })
    return key
  }
  const keys = events.map((each) => ({ session: keyOf("session", each), event: keyOf("event", each) }))
  const { commitments, personal } = yield* PersonalData.commit(organization, [...data.values()], context)
  const byKey = new Map([...data.keys()].map((key, index) => [key, commitments[index]!]))
  const committed: Array<CommittedEvent> = []
  for (const [place, { event, externalId, index, write }] of events.entries()) {
    const { event: own, session } = keys[place]!
    const body = write({
      session: byKey.get(session ?? "") ?? (yield* Commitment.unopened(context)),
      event: byKey.get(own ?? "") ?? (yield* Commitment.unopened(context)),
    })
    const hash = externalId && (yield* ExternalIds.hashOf(hasher, event.submitter, externalId))
    committed.push({ index, event: { ...event, ...(hash !== undefined && { externalId: hash }), body } })
  }
  return { committed, personal }
})

/** The personal data of events, and the keys of their people. */
const personalOf = (
  events: ReadonlyArray<StoredEvent>,
  personal: PersonalWrites | undefined,
): { readonly personal?: PersonalWrites } => {
  if (personal === undefined) return {}
  const people = new Set(events.map(({ concordId }) => concordId))
  const ids = new Set(
    events.flatMap(({ body }) => EventBody.commitmentsOf(body).map(({ commitment }) => Commitment.idOf(commitment))),
  )
  const keys = personal.keys.filter(({ concordId }) => people.has(concordId))
  return { personal: { ...personal, keys, parts: personal.parts.filter(({ id }) => ids.has(id)) } }
}

const append = (
  { erased, organization, project }: RestoredBlock,
  events: ReadonlyArray<StoredEvent>,
  personal: { readonly personal?: PersonalWrites },
  { store }: LedgerContext,
) =>
  store.events.append({
    project,
    organization,
    recordedAt: events.at(-1)!.dateCreated,
    events,
    claims: [],
    ...(erased !== undefined && { ofErased: erased.whole }),
    ...personal,
  })

/** Restores one event, and returns its fate. */
const restoreOne = Effect.fnUntraced(function* (
  event: StoredEvent,
  personal: PersonalWrites | undefined,
  scope: RestoredBlock,
  context: LedgerContext,
) {
  const hashes = event.externalId === undefined ? [] : [event.externalId]
  const taken = hashes.length === 0 ? [] : yield* context.store.events.byExternalId(scope.project, hashes)
  if (taken.some((each) => each !== undefined)) return [externalIdTaken]
  const appended = yield* append(scope, [event], personalOf([event], personal), context)
  return appended._tag === "Appended" ? ("recorded" as const) : [goesBack]
})

/** Restores the good events of a block: all in one append, or one by one if that append is refused. */
export const restoreBlock = Effect.fnUntraced(function* (
  block: RestoredBlock,
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<RestoreFate>, StoreUnavailable> {
  const fates: Array<RestoreFate> = []
  const remaining = yield* toRestore(block, fates, context)
  const { committed, personal } = yield* commit(remaining, block, context)
  const events = committed.map(({ event }) => event)
  const hashes = events.flatMap(({ externalId }) => externalId ?? [])
  const isUnique = new Set(hashes).size === hashes.length
  const all = personal === undefined ? {} : { personal }
  const isDone = events.length === 0 || (isUnique && (yield* append(block, events, all, context))._tag === "Appended")
  for (const { event, index } of committed) {
    fates[index] = isDone ? "recorded" : yield* restoreOne(event, personal, block, context)
  }
  return fates
})
