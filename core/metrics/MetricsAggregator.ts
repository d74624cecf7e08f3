/**
 * What consent events add to the counts. The store reads events in groups that count alike, so a step costs a row for
 * each group and not for each event. Sums do not depend on how events are grouped or divided into steps.
 */
import type { ConsentState } from "../engine/ConsentState.ts"
import type { CountChange } from "./MetricCount.ts"

/** Consent events that count alike. */
export interface EventGroup {
  /** The UTC day of `dateCreated`, in days since 1970-01-01. */
  readonly day: number
  readonly consentType: string
  readonly consentState: ConsentState
  /** The region of the session; left out where it has none, or the events came in none. */
  readonly geography?: string
  /** The host name of the page; left out where the events came in no session. */
  readonly domain?: string
  readonly count: number
}

/** Every state, in the order in which answers show them. */
export const states: ReadonlyArray<ConsentState> = ["accepted", "declined", "implied", "viewed"]

/** The key of a group (a consent type, region or host name; empty for none) and a state. */
export const keyOf = (group: string, state: ConsentState): string => `${group} ${state}`

/** The group and the state of a key. A state has no space. */
export const partsOf = (key: string): { readonly group: string; readonly state: ConsentState } => {
  const end = key.lastIndexOf(" ")
  return { group: key.slice(0, end), state: key.slice(end + 1) as ConsentState }
}

/** What groups of events add. */
export const ofEvents = (groups: Iterable<EventGroup>): ReadonlyArray<CountChange> =>
  [...groups].flatMap(({ consentState, consentType, count, day, domain = "", geography = "" }): Array<CountChange> => [
    { family: "events", day, key: "", count },
    { family: "type", day, key: keyOf(consentType, consentState), count },
    { family: "geography", day, key: keyOf(geography, consentState), count },
    { family: "domain", day, key: keyOf(domain, consentState), count },
  ])
