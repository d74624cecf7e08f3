/**
 * What the page of an access package says, noted while the other files are written: the number of items of each
 * list, and those that fit on a page that is read.
 */
import type { ConsentAction, ConsentState } from "../engine/ConsentState.ts"
import type { Status } from "../engine/Outcome.ts"
import type { RequestKind } from "../compliance/ClockPack.ts"
import type { ResolutionStatus } from "../compliance/ComplianceFact.ts"
import type { ComplianceStatus } from "../compliance/ComplianceState.ts"
import type { Alias } from "../model/People.ts"

/** Some items of a list. */
export interface Noted<Item> {
  /** The number of items of the list. */
  readonly count: number
  readonly items: ReadonlyArray<Item>
}

/** An event, as far as the page shows it. Instants are date-times. */
export interface NotedEvent {
  readonly consentDate: string
  readonly dateCreated: string
  readonly id: string
  readonly project: string
  readonly consentType: string
  readonly version: number
  readonly consentState: ConsentState
  readonly consentAction: ConsentAction
  readonly language?: string
  readonly session?: { readonly domain: string }
}

/** The numbers of versions that events name, each with the languages in which events say that it was shown. */
export type AnsweredVersions = ReadonlyMap<number, ReadonlySet<string>>

/** A decision, as far as the page shows it. */
export interface NotedDecision {
  readonly project: string
  readonly consentType: string
  readonly status: Status
  readonly since?: string
  readonly expiresAt?: string
}

/** A kind of identifier. */
export interface NotedIdentifier {
  readonly kind?: Alias["kind"]
  readonly since: string
  readonly until?: string
}

/** A session. */
export interface NotedSession {
  readonly domain: string
  readonly geography?: string
  readonly ipAddress?: string
  readonly userAgent?: string
  readonly expiresAt: string
}

/** A compliance request. */
export interface NotedRequest {
  readonly id: string
  readonly request: RequestKind
  readonly status: ComplianceStatus
  readonly requestDate: string
  readonly resolutionStatus?: ResolutionStatus
  readonly resolution?: string
}

/** A part of what is kept encrypted; of other kinds than `profile` the page shows nothing. */
export interface NotedPart {
  readonly kind: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** A file of the package, as the manifest lists it. */
export interface WrittenEntry {
  readonly name: string
  readonly size: number
  readonly sha256: string
}

/** Everything that the page says of its lists. */
export interface PackageSummary {
  readonly decisions: Noted<NotedDecision>
  readonly events: Noted<NotedEvent>
  readonly identifiers: Noted<NotedIdentifier>
  readonly profile: Noted<NotedPart>
  readonly sessions: Noted<NotedSession>
  readonly requests: Noted<NotedRequest>
  readonly people: number
  readonly erasures: number
  /** For each project, the versions of each consent type that the events name. */
  readonly answered: ReadonlyMap<string, ReadonlyMap<string, AnsweredVersions>>
}

/** The most items of each list on the page. */
export const most = { decisions: 500, events: 200, identifiers: 100, profile: 20, sessions: 50, requests: 50 } as const

/** Keeps the first items. */
const first = <Item>(limit: number) => {
  const items: Array<Item> = []
  let count = 0
  const note = (item: Item): void => {
    count++
    if (items.length < limit) items.push(item)
  }
  return { note, noted: (): Noted<Item> => ({ count, items }) }
}

const byDate = (a: NotedEvent, b: NotedEvent): number =>
  Date.parse(b.consentDate) - Date.parse(a.consentDate) ||
  Date.parse(b.dateCreated) - Date.parse(a.dateCreated) ||
  (a.id < b.id ? 1 : -1)

/** Keeps the latest events. They arrive in no order, because several people may be read. */
const latest = (limit: number) => {
  let items: Array<NotedEvent> = []
  let count = 0
  const sorted = () => items.toSorted(byDate).slice(0, limit)
  const note = (event: NotedEvent): void => {
    count++
    items.push(event)
    if (items.length >= 4 * limit) items = sorted()
  }
  return { note, noted: (): Noted<NotedEvent> => ({ count, items: sorted() }) }
}

/** Collects a summary. */
export const collect = () => {
  const decisions = first<NotedDecision>(most.decisions)
  const events = latest(most.events)
  const identifiers = first<NotedIdentifier>(most.identifiers)
  const profile = first<NotedPart>(most.profile)
  const sessions = first<NotedSession>(most.sessions)
  const requests = first<NotedRequest>(most.requests)
  const answered = new Map<string, Map<string, Map<number, Set<string>>>>()
  let [people, erasures] = [0, 0]
  const event = (each: NotedEvent): void => {
    const { consentDate, consentType, dateCreated, id, language, project, version, ...more } = each
    const { consentAction, consentState, session } = more
    const of = answered.get(project) ?? new Map<string, Map<number, Set<string>>>()
    const versions = of.get(consentType) ?? new Map<number, Set<string>>()
    const languages = versions.get(version) ?? new Set<string>()
    answered.set(project, of.set(consentType, versions.set(version, languages)))
    if (language !== undefined) languages.add(language)
    const noted = { consentAction, consentDate, consentState, consentType, dateCreated, id, project, version }
    events.note({ ...noted, ...(session !== undefined && { session: { domain: session.domain } }) })
  }
  return {
    decision: decisions.note,
    event,
    identifier: identifiers.note,
    part: (part: NotedPart): void => (part.kind === "profile" ? profile.note(part) : undefined),
    session: sessions.note,
    request: requests.note,
    person: (): void => void people++,
    erasure: (): void => void erasures++,
    answered,
    summary: (): PackageSummary => ({
      decisions: decisions.noted(),
      events: events.noted(),
      identifiers: identifiers.noted(),
      profile: profile.noted(),
      sessions: sessions.noted(),
      requests: requests.noted(),
      people,
      erasures,
      answered,
    }),
  }
}

/** Collects a summary. */
export type SummaryCollector = ReturnType<typeof collect>
