/**
 * The decisions of a page: the engine of the ledger over the events that the device knows, under the rules of the
 * visitor's region.
 */
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Decision from "../engine/Decision.ts"
import type { Instant } from "../engine/Instant.ts"
import type { RuleSet } from "../engine/Rules.ts"
import * as Terms from "../engine/Terms.ts"
import * as GlobalPrivacyControl from "./GlobalPrivacyControl.ts"
import * as LocalEvents from "./LocalEvents.ts"
import * as Names from "./Names.ts"
import type { PageType } from "./PageTypes.ts"
import type { RegionSettings } from "./Region.ts"
import type { DecisionSnapshot, SnapshotAnswer } from "./Snapshot.ts"

/** What the decisions of a page depend on, except the instant. */
export interface PageKnowledge {
  readonly types: ReadonlyArray<PageType>
  readonly ruleSet: RuleSet
  readonly settings: Pick<RegionSettings, "gpc" | "gpcCovers">
  readonly heads: LocalEvents.LocalHeads
  /** Since when the page has seen Global Privacy Control on; `undefined`: it is off. */
  readonly gpcSince: Instant | undefined
}

/** What the events alone say, without the signal. */
const fromEvents = (events: ReadonlyArray<ConsentEvent>, type: PageType, { ruleSet }: PageKnowledge, at: Instant) => {
  // A server whose clock is ahead has given later dates; nothing that was recorded goes unseen.
  const knownAt = [...events, ...type.type.versions].reduce((last, each) => Math.max(last, each.dateCreated), at)
  return Decision.decide(events, Terms.ofChecked(type.type, ruleSet, knownAt), at)
}

/** Whether a permission was given with the signal in view. */
const isConfirmed = ({ event }: Decision.Decision): boolean =>
  (event as LocalEvents.LocalEvent | undefined)?.wire.evidence?.gpc === true

const isCovered = (type: PageType, { gpcSince, settings }: PageKnowledge): boolean =>
  gpcSince !== undefined && GlobalPrivacyControl.covers(settings, type)

/**
 * The refusal that the signal is, dated when the page first saw it, or at the last answer where that is later: at the
 * same instant a refusal wins.
 */
const refusal = (type: PageType, events: ReadonlyArray<ConsentEvent>, { gpcSince }: PageKnowledge, at: Instant) => {
  const consentDate = events.reduce(
    (last, event) => (event.consentDate > at ? last : Math.max(last, event.consentDate)),
    Math.min(gpcSince!, at),
  )
  const { id: consentType, visit } = type
  const state = { consentState: "declined", consentAction: "implied" } as const
  return {
    id: "gpc",
    concordId: "",
    consentType,
    version: visit.version,
    ...state,
    consentDate,
    dateCreated: consentDate,
  }
}

/** The decision about a type at an instant. */
export const of = (type: PageType, known: PageKnowledge, at: Instant): Decision.Decision => {
  const events = LocalEvents.eventsOf(known.heads.get(type.id))
  const decision = fromEvents(events, type, known, at)
  if (!isCovered(type, known) || (decision.permitted && isConfirmed(decision))) return decision
  return fromEvents([...events, refusal(type, events, known, at)], type, known, at)
}

/** Whether the ledger needs a refusal by the signal, because it holds a permission that was given without it. */
export const mustDecline = (type: PageType, known: PageKnowledge, at: Instant): boolean => {
  if (!isCovered(type, known)) return false
  const decision = fromEvents(LocalEvents.eventsOf(known.heads.get(type.id)), type, known, at)
  return decision.permitted && !isConfirmed(decision)
}

/** AllDecisions decisions at an instant, by the id of the type. */
export type AllDecisions = ReadonlyMap<string, Decision.Decision>

/** AllDecisions decisions at an instant. */
export const all = (known: PageKnowledge, at: Instant): AllDecisions =>
  new Map(known.types.map((type) => [type.id, of(type, known, at)]))

/** The first instant at which one of the decisions changes by itself. */
export const nextChangeAt = (decisions: AllDecisions): Instant | undefined =>
  [...decisions.values()].reduce<Instant | undefined>(
    (first, { nextChangeAt: next }) => (next !== undefined && (first === undefined || next < first) ? next : first),
    undefined,
  )

/** Whether a type is permitted by a decision. */
export const isPermitted = (type: PageType, decision: Decision.Decision | undefined): boolean =>
  Names.isAlwaysPermitted(type) || decision?.permitted === true

const both = (a: SnapshotAnswer | undefined, { nextChangeAt: until, permitted }: Decision.Decision): SnapshotAnswer => {
  if (!permitted || a?.permitted === false) return { permitted: false }
  const first = a?.until === undefined || (until !== undefined && until < a.until) ? until : a.until
  return { permitted, ...(first !== undefined && { until: first }) }
}

/** The snapshot of decisions. Of types that share a name, all must permit. */
export const snapshotOf = (
  decisions: AllDecisions,
  { gpcSince, types }: PageKnowledge,
  { region, revision }: Pick<DecisionSnapshot, "region" | "revision">,
): DecisionSnapshot => {
  const answers = new Map<string, SnapshotAnswer>()
  for (const type of types) {
    const decision = decisions.get(type.id)
    if (decision !== undefined) answers.set(type.name, both(answers.get(type.name), decision))
  }
  return { region, revision, gpc: gpcSince !== undefined, answers }
}
