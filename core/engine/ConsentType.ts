/**
 * One thing that a person can agree to, with its numbered versions (semantics, section 1).
 */
import type { Instant } from "./Instant.ts"
import type { Period } from "./Period.ts"
import type { Rules } from "./Rules.ts"

/** An immutable version of a type's texts. */
export interface Version {
  /** The number of the version, from 1. */
  readonly version: number
  /** The first instant at which its text is the one shown. */
  readonly publishedAt: Instant
  /** When the ledger recorded it; `publishedAt` ≥ `dateCreated`. */
  readonly dateCreated: Instant
  /** Whether answers to earlier versions lapse once this version is published and its grace period is over. */
  readonly requireReaccept: boolean
  /** How long answers to earlier versions still count after `publishedAt`. If left out, they lapse at `publishedAt`. */
  readonly grace?: Period
}

/** What a consent type was before a later change, with the fields that answers depend on. */
export interface EarlierState<Kind extends Version = Version> {
  /** The first instant at which the next state was known; this one answers for every `knownAt` before it. */
  readonly knownUntil: Instant
  readonly consentDuration?: Period
  readonly rules: Rules
  /** Left out: those of the next state with `dateCreated` < `knownUntil`. */
  readonly versions?: ReadonlyArray<Kind>
}

/** A consent type, with the fields that the engine reads. */
export interface ConsentType<Kind extends Version = Version> {
  readonly id: string
  readonly category?: string
  readonly subcategory?: string
  readonly label?: string
  /** How long an event without `expirationDate` counts. If left out, it does not expire for this reason. */
  readonly consentDuration?: Period
  /** The type's own rules, over which a rule set may be laid. */
  readonly rules: Rules
  /** In any order. A type without versions has version 1, which always exists. */
  readonly versions: ReadonlyArray<Kind>
  /** Its earlier states, in the order of `knownUntil`. Left out: it has always been what it is. */
  readonly history?: ReadonlyArray<EarlierState<Kind>>
}

/** The earlier state of a type that was known at `knownAt`; `undefined` if nothing has changed since. */
export const earlierState = <Kind extends Version>(
  { history = [], versions }: ConsentType<Kind>,
  knownAt: Instant,
): Pick<ConsentType<Kind>, "consentDuration" | "rules" | "versions"> | undefined => {
  const states = history.filter(({ knownUntil }) => knownAt < knownUntil)
  const [state] = states
  if (state === undefined) return undefined
  return {
    ...(state.consentDuration !== undefined && { consentDuration: state.consentDuration }),
    rules: state.rules,
    versions: states.find(({ versions }) => versions !== undefined)?.versions ?? versions,
  }
}

/** The type as it was known at `knownAt`: the same object if nothing has changed since. */
export const knownAt = (type: ConsentType, knownAt: Instant): ConsentType => {
  const earlier = type.history === undefined ? undefined : earlierState(type, knownAt)
  if (earlier === undefined) return type
  const { consentDuration: _, history: __, ...unchanged } = type
  return { ...unchanged, ...earlier }
}

/** The type to assume for an id of which nothing else is known: default rules, version 1 (semantics, section 7). */
export const unknown = (id: string): ConsentType => ({ id, rules: {}, versions: [] })

/**
 * The version that an event without `version` answers: the last one published at or before `consentDate`; 1 if none
 * was. Of versions published at the same instant, the one with the higher number counts as the last.
 */
export const versionAt = (type: ConsentType, consentDate: Instant): number => {
  let last: Version | undefined
  for (const version of type.versions) {
    if (version.publishedAt > consentDate) continue
    const isLater =
      last === undefined ||
      version.publishedAt > last.publishedAt ||
      (version.publishedAt === last.publishedAt && version.version > last.version)
    if (isLater) last = version
  }
  return last === undefined ? 1 : last.version
}
