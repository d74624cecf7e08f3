/**
 * What a ledger recorded, and every answer about it: the second statement of what the feed has to tell (semantics,
 * sections 3 and 5).
 *
 * It shares no code with `core/feed`. Nothing is found by an index and nothing is remembered: each question reads every
 * event and every fact again, and answers with the engine's `decide`.
 */
import type { ConsentEvent } from "../../../core/engine/ConsentEvent.ts"
import * as Decision from "../../../core/engine/Decision.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import * as Lapse from "../../../core/engine/Lapse.ts"
import type { RuleSet } from "../../../core/engine/Rules.ts"
import * as RegionRules from "../../../core/browser/RegionRules.ts"
import type { Publication } from "../../../core/model/PublishedRegions.ts"
import * as Terms from "../../../core/engine/Terms.ts"
import type { AnswerSide } from "../../../core/feed/Change.ts"
import type { ListedType } from "../../../core/model/Catalog.ts"
import type { Fact } from "../../../core/model/People.ts"

/** People that were erased together. */
export interface ErasedTogether {
  readonly recordedAt: Instant
  readonly members: ReadonlyArray<string>
}

/** Everything that answers of a project depend on. */
export interface History {
  readonly events: ReadonlyArray<ConsentEvent>
  readonly facts: ReadonlyArray<Fact>
  readonly erasures: ReadonlyArray<ErasedTogether>
  /** With their earlier states. */
  readonly types: ReadonlyArray<ListedType>
  /** In the order of their revisions; left out: none. */
  readonly publications?: ReadonlyArray<Publication>
}

/** The rule set of the region that people were in last, as known at an instant. */
const ruleSetOf = ({ facts, publications = [] }: History, members: ReadonlySet<string>, knownAt: Instant): RuleSet => {
  const known = facts
    .filter(({ dateCreated, member, region }) => region !== undefined && dateCreated <= knownAt && members.has(member))
    .toSorted((a, b) => a.dateCreated - b.dateCreated || (a.id < b.id ? -1 : 1))
  const last = known.at(-1)?.region?.id
  const published = publications.findLast(({ publishedAt }) => publishedAt <= knownAt)
  if (last === undefined || published === undefined) return []
  const named = published.regions.find(({ id }) => id === last)
  return RegionRules.of((named ?? published.regions.find(({ regions }) => regions === "default")!).settings)
}

/** Everyone that is one with a person, as known at an instant. */
export const groupOf = ({ facts }: Pick<History, "facts">, person: string, knownAt: Instant): ReadonlySet<string> => {
  const known = facts.filter(({ dateCreated }) => dateCreated <= knownAt)
  const joins = known.filter(({ id, kind }) => kind === "joined" && !known.some(({ join }) => join === id))
  const group = new Set([person])
  for (let size = 0; size !== group.size;) {
    size = group.size
    for (const { member, survivor } of joins)
      if (group.has(member) || group.has(survivor)) group.add(member).add(survivor)
  }
  return group
}

/** Everyone that a history is about. */
export const peopleOf = ({ events, facts }: History): ReadonlyArray<string> => [
  ...new Set([
    ...events.map(({ concordId }) => concordId),
    ...facts.filter(({ kind }) => kind === "joined").flatMap(({ member, survivor }) => [member, survivor]),
  ]),
]

/** What a change tells of a decision. */
export const sideOf = ({ askAgain, event, permitted, status }: Decision.Decision): AnswerSide =>
  event === undefined ? { status, permitted, askAgain } : { status, permitted, askAgain, event: event.id }

/** Everything that an answer says, where nothing is known. */
export const unknown: AnswerSide = { status: "unknown", permitted: false, askAgain: true }

/** What differs from a plain question at (`at`, `knownAt`). */
export interface Unlike {
  /** The people whose events count; left out: everyone that is one with the person as known at `knownAt`. */
  readonly members?: ReadonlySet<string>
  /** The instant that the terms are known at; left out: `knownAt`. */
  readonly termsKnownAt?: Instant
}

/** The answer about a person and a type at `at`, as known at `knownAt`. */
export const answer = (
  history: History,
  person: string,
  type: ListedType,
  at: Instant,
  knownAt: Instant,
  { members = groupOf(history, person, knownAt), termsKnownAt = knownAt }: Unlike = {},
): AnswerSide => {
  if (history.erasures.some((each) => each.recordedAt <= knownAt && each.members.includes(person))) return unknown
  const events = history.events.filter((event) => members.has(event.concordId) && event.consentType === type.id)
  const terms = { ...Terms.of(type, ruleSetOf(history, members, termsKnownAt), termsKnownAt), knownAt }
  return sideOf(Decision.decide(events, terms, at))
}

/** Whether two answers differ in anything that a change tells. */
export const differ = (one: AnswerSide, other: AnswerSide): boolean =>
  one.status !== other.status ||
  one.permitted !== other.permitted ||
  one.askAgain !== other.askAgain ||
  one.event !== other.event

/** Each instant up to `until` at which some answer about a type could turn, earliest first: more than turn. */
export const turnsOf = (history: History, type: ListedType, until: Instant): ReadonlyArray<Instant> => {
  const states = [...(type.history ?? []).map(({ knownUntil }) => knownUntil - 1), Infinity]
  const events = history.events.filter((event) => event.consentType === type.id)
  const instants = new Set<Instant>([
    ...states.map((knownUntil) => knownUntil + 1),
    ...type.versions.map(({ dateCreated }) => dateCreated),
    ...history.facts.map(({ dateCreated }) => dateCreated),
    ...(history.publications ?? []).map(({ publishedAt }) => publishedAt),
    ...history.erasures.map(({ recordedAt }) => recordedAt),
    ...events.flatMap(({ consentDate, dateCreated }) => [consentDate, dateCreated]),
  ])
  const regions = (history.publications ?? []).flatMap((each) => each.regions)
  for (const knownAt of states) {
    for (const ruleSet of [[], ...regions.map(({ settings }) => RegionRules.of(settings))]) {
      const terms = Terms.of(type, ruleSet, knownAt)
      for (const { at } of terms.reacceptances) instants.add(at)
      for (const event of events) instants.add(Lapse.expiresAt(event, terms) ?? Infinity)
    }
  }
  return [...instants].filter((at) => at <= until).toSorted((a, b) => a - b)
}
