/**
 * The terms under which the events of one consent type are read: the rules in force with their defaults filled in, the
 * type's duration, and the re-acceptances known at `knownAt` (semantics, sections 3 and 4).
 *
 * They are prepared once for each type and `knownAt`, and used for any number of people and instants.
 */
import type { ConsentState } from "./ConsentState.ts"
import type { ConsentType } from "./ConsentType.ts"
import * as Instant from "./Instant.ts"
import * as Period from "./Period.ts"
import * as Rules from "./Rules.ts"

/**
 * A version that must be accepted again: answers to earlier versions lapse at `at`, its publication plus its grace
 * period.
 */
export interface Reacceptance {
  readonly version: number
  readonly at: Instant.Instant
}

/** Everything that a decision depends on, except the events and the instant asked about. */
export interface Terms {
  /** Only events and versions with `dateCreated` ≤ `knownAt` are seen. */
  readonly knownAt: Instant.Instant
  readonly precedence: Rules.Precedence
  readonly permits: Rules.Permits
  readonly recordedExpiration: "honor" | "ignore"
  readonly maxAge: { readonly [State in ConsentState]: Period.Period | null }
  readonly consentDuration: Period.Period | null
  /** Earliest first; at the same instant the lower version first. */
  readonly reacceptances: ReadonlyArray<Reacceptance>
}

/**
 * Makes the terms of a type. `rules` are the rules in force, by default the type's own. `knownAt` is by default the
 * last instant, so that every event and version is known.
 */
export const make = (
  type: ConsentType,
  rules: Rules.Rules = type.rules,
  knownAt: Instant.Instant = Instant.max,
): Terms => ({
  knownAt,
  precedence: rules.precedence ?? "explicit-first",
  permits: rules.permits ?? "implied",
  recordedExpiration: rules.recordedExpiration ?? "honor",
  maxAge: {
    declined: rules.maxAge?.declined ?? null,
    accepted: rules.maxAge?.accepted ?? null,
    implied: rules.maxAge?.implied ?? null,
    viewed: rules.maxAge?.viewed ?? null,
  },
  consentDuration: type.consentDuration ?? null,
  reacceptances: type.versions
    .filter((version) => version.requireReaccept && version.dateCreated <= knownAt)
    .map(({ version, publishedAt, grace }) => ({ version, at: Period.add(publishedAt, grace ?? Period.zero) }))
    .toSorted((a, b) => a.at - b.at || a.version - b.version),
})
