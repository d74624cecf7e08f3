/**
 * Checks of what was written: each acknowledged request exactly once, each other one at most once, and all in one
 * order.
 */
import { createHash } from "node:crypto"
import { isDeepStrictEqual } from "node:util"
import type { CancelledVersion, ListedType, ListedVersion } from "../../../core/model/Catalog.ts"
import * as EventBody from "../../../core/ledger/EventBody.ts"
import type { StoredEvent } from "../../../core/ports/LedgerStore.ts"
import * as Numbering from "../../support/numbering.ts"
import { submitterOf } from "./clients.ts"
import { acknowledged, type Deed, isOneServer, type Played } from "./history.ts"
import { isAcknowledged, isRefused, type Kept, laneOf, standing } from "./kept.ts"
import { factsUntil } from "./named.ts"

type Check = (played: Played, kept: Kept) => Iterable<string>

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

const duplicates = (values: ReadonlyArray<string>): ReadonlyArray<string> =>
  values.filter((value, index) => values.indexOf(value) !== index)

/** What is read of an event: the hash of its external id is kept apart. */
const withoutHash = (appended: StoredEvent): StoredEvent => {
  const { externalId: _, ...event } = appended
  return event
}

/** The external id in the answer of an event. */
const externalIdOf = ({ body }: StoredEvent): string | undefined => JSON.parse(body).externalId

/** Whether an event was recorded with an external id. */
const hasExternalId = ({ body }: StoredEvent): boolean =>
  EventBody.commitmentsOf(body).some(({ kind }) => kind === "event")

/** An event without its personal data. */
const withoutPersonalData = ({ body, ...event }: StoredEvent): unknown => {
  const { erased: _, externalId: __, session, ...members } = JSON.parse(EventBody.compose(body, new Map()))
  const { ipAddress: ___, userAgent: ____, ...shown } = session ?? {}
  return { ...event, body: { ...members, session: shown } }
}

/** Positions have no gap: the log of a lane has its commits, one after the other. */
function* oneLog(played: Played, { events, lanes }: Kept): Iterable<string> {
  const { commits } = played
  const appended = commits.flatMap((commit) => (commit.kind === "events.append" ? commit.change.events : []))
  for (const [lane, log] of lanes.entries()) {
    const expected = appended.filter(({ concordId }) => laneOf(played, concordId) === lane).map(withoutHash)
    if (!isDeepStrictEqual(log, expected)) yield `lane ${lane} is not what was kept, in that order`
    for (const [position, { dateCreated, id }] of log.entries()) {
      if (position > 0 && log[position - 1]!.dateCreated > dateCreated) yield `dateCreated goes back at ${id}`
    }
  }
  for (const id of duplicates(events.map(({ id }) => id))) yield `the event ${id} is there twice`
  for (const id of duplicates(appended.flatMap(({ externalId }) => externalId ?? [])))
    yield `external id ${id} is there twice`
  for (const { consentDate, dateCreated, expirationDate = Infinity, id } of events) {
    if (consentDate > dateCreated) yield `${id} was true before it was known`
    if (expirationDate <= consentDate) yield `${id} expires before it begins`
  }
}

const onceEach: Check = function* ({ commits, deeds }, { acknowledged, invoked }) {
  const byRequest = Map.groupBy(commits, ({ request }) => request)
  for (const [request, ofRequest] of byRequest) {
    if (ofRequest.length > 1) yield `${request} was carried out ${ofRequest.length} times`
    const from = invoked.get(request) ?? Infinity
    const to = acknowledged.get(request) ?? Infinity
    for (const { turn } of ofRequest) {
      if (turn < from || turn > to) yield `${request} was carried out at ${turn}, not between ${from} and ${to}`
    }
  }
  for (const [request, ofRequest] of Map.groupBy(deeds, ({ request }) => request)) {
    // An earlier try without an answer may still be under way when the next try is refused.
    const isKnown = ofRequest.every(({ reply }) => reply._tag === "Answered")
    if (!isKnown || ofRequest.some(isAcknowledged) || !ofRequest.some(isRefused)) continue
    if (byRequest.has(request)) yield `${request} was refused, and carried out`
  }
}

/** Every try of a request has the same answer. */
const sameAgain: Check = function* ({ deeds }) {
  for (const [request, ofRequest] of Map.groupBy(deeds.filter(isAcknowledged), ({ request }) => request)) {
    const answers = ofRequest.map(({ reply }) => {
      const { isRepeated: _, ...answer } = { isRepeated: true, ...(reply as { readonly value: object }).value }
      return answer
    })
    const isKeyed =
      ofRequest[0]!.kind === "record" || ofRequest[0]!.kind === "visit" || ofRequest[0]!.kind === "identify"
    if (isKeyed && answers.some((answer) => !isDeepStrictEqual(answer, answers[0])))
      yield `${request} was answered in two ways`
  }
}

/** Whether the clock showed an instant at one of the turns from the first try of a request to an answer. */
const wasNow = ({ clock }: Played, { invoked }: Kept, { ended, request }: Deed, at: number): boolean =>
  clock.some(([turn, shown], index) => {
    const next = clock[index + 1]?.[0] ?? Infinity
    return shown === at && turn <= ended && next >= (invoked.get(request) ?? 0)
  })

/** A `consentDate` that was given is kept, but for one that is ahead; one that was left out is the clock's now. */
const isDated = (played: Played, kept: Kept, deed: Deed, given: number | undefined, event: StoredEvent): boolean => {
  const { consentDate, consentState, dateCreated } = event
  if (given === undefined) return wasNow(played, kept, deed, consentDate)
  if (consentState !== "declined") return consentDate === Math.min(given, dateCreated)
  return consentDate === given || (consentDate < given && wasNow(played, kept, deed, consentDate))
}

/** Whether an event is a refusal recorded again as of the date of a yes, without an external id. */
const isAgain = (event: StoredEvent, own: ReadonlyArray<StoredEvent>, { events }: Kept): boolean =>
  !hasExternalId(event) &&
  events.some(
    ({ consentDate, consentState, consentType }) =>
      consentState !== "declined" && consentType === event.consentType && consentDate === event.consentDate,
  ) &&
  own.some(
    ({ concordId, consentDate, consentState, consentType }) =>
      consentState === "declined" &&
      concordId === event.concordId &&
      consentType === event.consentType &&
      consentDate < event.consentDate,
  )

/** The events of a refusal for further people: the same refusal, each of another person, recorded with the first. */
function* furtherEvents(
  request: string,
  first: StoredEvent,
  further: ReadonlyArray<Pick<StoredEvent, "concordId" | "id">>,
  byId: ReadonlyMap<string, StoredEvent>,
): Iterable<string> {
  const people = new Set([first.concordId, ...further.map(({ concordId }) => concordId)])
  if (people.size <= further.length) yield `${request} was recorded for one person twice`
  for (const { concordId, id } of further) {
    const event = byId.get(id)
    if (event === undefined) yield `${request} was acknowledged, but ${id} is not there`
    else {
      const { consentDate, consentState, consentType, dateCreated } = event
      const said = [consentState, consentType, consentDate, dateCreated]
      const asFirst = ["declined", first.consentType, first.consentDate, first.dateCreated]
      if (event.concordId !== concordId || !isDeepStrictEqual(said, asFirst)) yield `${id} is not what ${request} said`
    }
  }
}

const recordedEvents: Check = function* (played, kept) {
  const { events } = kept
  const byId = new Map(events.map((event) => [event.id, event]))
  for (const { answer, deed } of acknowledged(played, "record")) {
    if (answer._tag !== "Recorded") continue
    const { asked, request } = deed
    const own = new Map(
      events.filter(({ id }) => kept.commitOf.get(id)?.request === request).map((event) => [event.id, event]),
    )
    const returned: Array<StoredEvent> = []
    if (answer.events.length !== asked.length) yield `${request} was answered another number of events`
    for (const [index, event] of answer.events.entries()) {
      const { consentDate, consentState, consentType, externalId, person } = asked[index]!
      const further = answer.alsoRecordedFor.get(index) ?? []
      yield* furtherEvents(request, event, further, byId)
      const isAsAsked =
        event.consentState === consentState &&
        event.consentType === consentType &&
        (person.concordId === undefined || person.concordId === event.concordId || externalId !== undefined)
      const stored = byId.get(event.id)
      if (stored === undefined || !isDeepStrictEqual(withoutPersonalData(stored), withoutPersonalData(event)))
        yield `${request} was acknowledged, but ${event.id} is not there`
      if (!isAsAsked) yield `${event.id} is not what ${request} asked for`
      if (![undefined, externalId].includes(externalIdOf(event))) yield `${event.id} has another external id`
      if (externalIdOf(event) === undefined && externalId !== undefined && consentState !== "declined")
        yield `${event.id} has no external id`
      if (!own.has(event.id)) {
        if (externalId === undefined || event.submitter !== submitterOf(request))
          yield `${request} was answered an event of ${event.submitter}`
        continue
      }
      returned.push(event, ...further.map(({ id }) => byId.get(id)!))
      if (externalId === undefined && !isDated(played, kept, deed, consentDate, event))
        yield `${event.id} has a date that ${request} did not ask for`
    }
    for (const { id } of returned) own.delete(id)
    for (const event of own.values()) {
      if (!isAgain(event, returned, kept)) yield `${request} recorded ${event.id}, and did not return it`
    }
  }
}

/**
 * A refusal that the ledger dates counts from its date on (semantics, section 1): every later yes that was recorded
 * before it was sent has a refusal as of the same date.
 */
const refusalsCount: Check = function* (played, kept) {
  for (const { answer, deed } of acknowledged(played, "record")) {
    if (answer._tag !== "Recorded") continue
    const since = kept.invoked.get(deed.request)!
    for (const [index, event] of answer.events.entries()) {
      if (event.consentState !== "declined" || kept.commitOf.get(event.id)?.request !== deed.request) continue
      if (event.consentDate === deed.asked[index]!.consentDate) continue
      const same = kept.events.filter(
        ({ concordId, consentType }) => concordId === event.concordId && consentType === event.consentType,
      )
      for (const { consentDate, consentState, id } of same) {
        const isBefore = kept.commitOf.get(id)!.turn < since
        if (consentState === "declined" || !isBefore || consentDate <= event.consentDate) continue
        const isCovered = same.some((other) => other.consentState === "declined" && other.consentDate === consentDate)
        if (!isCovered) yield `${event.id} does not count where ${id} is later`
      }
    }
  }
}

const neverRefused = new Set([
  ...["consent_type_not_active", "project_not_active", "state_not_valid", "unknown_version"],
  ...["consent_date_in_future", "expiration_not_after_consent", "external_id_reused"],
  "identifier_conflict",
])

/** A "no" is never refused because of the type or version that it answers, its dates, its external id or a conflict. */
const refusalsAreTaken: Check = function* (played) {
  for (const { answer, deed } of acknowledged(played, "record")) {
    if (answer._tag !== "Refused") continue
    for (const { code, item } of answer.violations) {
      const isNo = deed.asked[item]!.consentState === "declined"
      if (isNo && neverRefused.has(code)) yield `${deed.request} refuses a no: ${code}`
    }
  }
}

const sessions: Check = function* (played, { sessionOf }) {
  for (const { answer, deed } of [...acknowledged(played, "visit"), ...acknowledged(played, "identify")]) {
    if (answer._tag !== "Opened" && answer._tag !== "Identified") continue
    if (sessionOf(sha256(answer.token)) === undefined)
      yield `${deed.request} was acknowledged, but its session is not there`
  }
}

/** A person is joined into at most one other, a join is undone once, and an identity token is used once. */
const whoIsWho: Check = function* (played, { facts }) {
  const kept = factsUntil(played, Infinity)
  const ids = (some: typeof facts) => some.map(({ id }) => id).toSorted()
  if (!isDeepStrictEqual(ids(facts), ids(kept))) yield "the facts that are there are not those that were kept"
  const joins = standing(facts, Infinity)
  for (const member of duplicates(joins.map(({ member }) => member))) yield `${member} is counted as two people`
  for (const join of duplicates(facts.flatMap(({ join }) => join ?? []))) yield `${join} was undone twice`
  const tokens = played.commits.flatMap((commit) =>
    commit.kind === "people.change" ? (commit.change.identityToken?.hash ?? []) : [],
  )
  for (const hash of duplicates(tokens)) yield `proof ${hash} was used twice`
  const used = acknowledged(played, "identify").filter(({ answer }) => answer._tag === "Identified")
  for (const [signed, some] of Map.groupBy(used, ({ deed }) => deed.asked.signed)) {
    if (new Set(some.map(({ deed }) => deed.request)).size > 1) yield `two requests used ${signed}`
  }
  for (const { answer, deed } of acknowledged(played, "undo")) {
    if (answer._tag === "NoSuchJoin") continue
    if (!facts.some(({ join }) => join === deed.asked))
      yield `${deed.request} was acknowledged, but ${deed.asked} stands`
  }
}

/** A version without the number that a planned one may lose. */
const unnumbered = (version: ListedVersion & Partial<CancelledVersion>) => {
  const { cancelledAt: _, isNamed: __, ...rest } = version
  return { ...rest, version: 0 }
}

/** The versions of a type, and those that were cancelled. */
const allVersions = ({ cancelled = [], versions }: ListedType): ReadonlyArray<ListedVersion> => [
  ...versions,
  ...cancelled,
]

/**
 * Versions are numbered from 1 in the order of their publication, and nothing of them but a planned number changes. A
 * version is gone only if it was cancelled before it was in force.
 */
const versions: Check = function* (played, { events, types }) {
  const byId = new Map(types.map((type) => [type.id, type]))
  const states = played.commits.flatMap((commit) =>
    commit.kind === "catalog.change" ? (commit.change.entries.consentTypes ?? []) : [],
  )
  for (const { cancelled = [], dateUpdated, id, versions } of states) {
    const last = byId.get(id)
    const now = new Map(last === undefined ? [] : allVersions(last).map((version) => [version.id, version]))
    for (const { cancelledAt, publishedAt } of cancelled) {
      if (cancelledAt >= publishedAt) yield `a version of ${id} was cancelled when it was in force`
    }
    for (const version of versions) {
      const kept = now.get(version.id)
      const isFinal = version.publishedAt <= dateUpdated
      const isSame = isDeepStrictEqual(kept && unnumbered(kept), unnumbered(version))
      if (!isSame || (isFinal && kept?.version !== version.version)) yield `a version of ${id} has changed`
      if (version.publishedAt < version.dateCreated) yield `a version of ${id} is back-dated`
    }
    yield* Numbering.gaps({ cancelled, versions })
    const published = versions.map(({ publishedAt }) => publishedAt)
    if (published.some((at, index) => at < (published[index - 1] ?? at)))
      yield `the numbers of ${id} do not follow publication`
  }
  for (const { consentState, consentType, consentDate, id, version } of events) {
    const type = byId.get(consentType)
    const named = type && allVersions(type).find((each) => each.version === version)
    if (consentState !== "declined" && version > 1 && !(named !== undefined && named.publishedAt <= consentDate))
      yield `${id} names a version that was not in force`
  }
  for (const { answer, deed } of acknowledged(played, "publish")) {
    if (answer._tag !== "Changed") continue
    const type = byId.get(answer.value.type.id)
    const isThere = type !== undefined && allVersions(type).some(({ description }) => description === deed.request)
    if (!isThere) yield `${deed.request} was acknowledged, but is not there`
  }
  for (const { answer, deed } of acknowledged(played, "cancel")) {
    if (answer._tag !== "Changed") continue
    const { cancelled, id } = answer.value.type
    const cancelledId = cancelled?.at(-1)?.id
    if (byId.get(id)?.versions.some((version) => version.id === cancelledId) !== false)
      yield `${deed.request} was acknowledged, but the version is there`
  }
}

const madeTypes: Check = function* (played, { types }) {
  for (const label of duplicates(types.filter(({ isRemoved }) => isRemoved !== true).map(({ label }) => label))) {
    yield `there are two types ${label}`
  }
  for (const { answer, deed } of acknowledged(played, "create")) {
    if (answer._tag !== "Changed" && answer._tag !== "Repeated") continue
    const id = answer._tag === "Changed" ? answer.value.id : answer.answer
    if (!types.some((type) => type.id === id && type.label === deed.asked.label)) yield `${deed.request} is not there`
  }
}

/** No yes was recorded for a type that is deleted; with two servers none that was sent after the deletion. */
const removedTypes: Check = function* (played, { commitOf, events, invoked }) {
  const removedAt = new Map<string, number>()
  for (const commit of played.commits) {
    if (commit.kind !== "catalog.change") continue
    for (const { id, isRemoved } of commit.change.entries.consentTypes ?? [])
      if (isRemoved === true) removedAt.set(id, commit.turn)
  }
  for (const { consentState, consentType, id } of events) {
    const removed = removedAt.get(consentType)
    if (removed === undefined || consentState === "declined") continue
    const isAfter = isOneServer(played) || invoked.get(commitOf.get(id)!.request)! > removed
    if (isAfter) yield `${id} answers a type that was deleted`
  }
}

export const checks: ReadonlyArray<Check> = [
  oneLog,
  onceEach,
  sameAgain,
  recordedEvents,
  refusalsCount,
  refusalsAreTaken,
  sessions,
  whoIsWho,
  versions,
  madeTypes,
  removedTypes,
]
