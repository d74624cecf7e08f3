/**
 * The specification stated a second time: sections 1 to 4 of the semantics, slow and literal.
 *
 * It shares no code with the engine. Nothing is prepared, cached or folded: every question reads every event again,
 * the calendar is Temporal's, and the next change is found by asking at every instant at which anything could turn.
 */
import { Temporal } from "temporal-polyfill"
import type { Loss } from "../../core/engine/Because.ts"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Lapse } from "../../core/engine/Lapse.ts"
import type { Rule, Status } from "../../core/engine/Outcome.ts"
import type { Period } from "../../core/engine/Period.ts"
import type { MaxAge, Rules, RuleSet } from "../../core/engine/Rules.ts"

/** An event as it may be recorded: the version may be left out. */
export type Draft = Omit<ConsentEvent, "version"> & { readonly version?: number }

/** The events of one person for one type, in any order, and the rules to read them under. */
export interface Story {
  readonly events: ReadonlyArray<Draft>
  readonly type: ConsentType
  readonly rules: Rules
}

/** A question: what is true at `at`, as far as was known at `knownAt`. */
export interface Question extends Story {
  readonly at: Instant
  readonly knownAt: Instant
}

/** An answer, with the ids of the events in place of the events. */
export interface Answer {
  readonly at: Instant
  readonly status: Status
  readonly permitted: boolean
  readonly askAgain: boolean
  readonly event: string | undefined
  readonly expiresAt: Instant | undefined
  readonly rule: Rule
  readonly lapse: Lapse | undefined
  readonly lost: ReadonlyArray<{ readonly event: string; readonly loss: Loss }>
}

const endOfTime = Temporal.Instant.from("9999-12-31T23:59:59.999Z").epochMilliseconds

/** Section 3.1, durations: years and months, then weeks and days, then the time part, each step on the UTC calendar. */
export const plus = (instant: Instant, { months, days, millis }: Period): Instant => {
  try {
    const sum = Temporal.Instant.fromEpochMilliseconds(instant)
      .toZonedDateTimeISO("UTC")
      .toPlainDateTime()
      .add({ months }, { overflow: "constrain" })
      .add({ days })
      .add({ milliseconds: millis })
    return Math.min(sum.toZonedDateTime("UTC").epochMilliseconds, endOfTime)
  } catch (error) {
    // Beyond the range of Temporal, which ends long after the year 9999.
    if (error instanceof RangeError) return endOfTime
    throw error
  }
}

/**
 * Section 1: the version, or if it is left out, the one published last at `consentDate`; of two at once, the higher;
 * before the first, 1.
 */
export const versionOf = (event: Draft, type: ConsentType): number => {
  if (event.version !== undefined) return event.version
  const published = type.versions.filter((version) => version.publishedAt <= event.consentDate)
  const lastInstant = Math.max(...published.map((version) => version.publishedAt))
  const last = published.filter((version) => version.publishedAt === lastInstant).map((version) => version.version)
  return last.length === 0 ? 1 : Math.max(...last)
}

/** Section 1: the expiration, or if it is left out, `consentDate` and the type's `consentDuration`, if it has one. */
export const expirationOf = (event: Draft, type: ConsentType): Instant | undefined => {
  if (event.expirationDate !== undefined) return event.expirationDate
  return type.consentDuration === undefined ? undefined : plus(event.consentDate, type.consentDuration)
}

const earliest = (instants: ReadonlyArray<Instant>): Instant | undefined =>
  instants.length === 0 ? undefined : Math.min(...instants)

/** Section 3.1, `expiresAt(e)`. */
export const expiresAt = ({ type, rules }: Story, event: Draft): Instant | undefined => {
  const ends: Array<Instant> = []
  const recorded = expirationOf(event, type)
  if (recorded !== undefined && rules.recordedExpiration !== "ignore") ends.push(recorded)
  const age = rules.maxAge?.[event.consentState]
  if (age !== undefined && age !== null) ends.push(plus(event.consentDate, age))
  return earliest(ends)
}

const graceEnds = ({ type, knownAt }: Question) =>
  type.versions
    .filter((version) => version.dateCreated <= knownAt)
    .filter((version) => version.requireReaccept)
    .map(({ version, publishedAt, grace }) => ({
      version,
      at: grace === undefined ? publishedAt : plus(publishedAt, grace),
    }))

/** Section 3.1, `invalidatedAt(e)`, and by which version; of several at once, the lowest. */
const invalidated = (question: Question, event: Draft) => {
  if (event.consentState === "declined") return undefined
  const ends = graceEnds(question).filter(({ version }) => version > versionOf(event, question.type))
  const first = earliest(ends.map(({ at }) => at))
  if (first === undefined) return undefined
  return { at: first, version: Math.min(...ends.filter(({ at }) => at === first).map(({ version }) => version)) }
}

/** Section 3.1: live before both instants. */
export const isLive = (question: Question, event: Draft): boolean => {
  const { at } = question
  return at < (expiresAt(question, event) ?? Infinity) && at < (invalidated(question, event)?.at ?? Infinity)
}

/** Section 3.1: why a lapsed event lapsed: the earlier of the two reasons; at the same instant, expired. */
const lapseOf = (question: Question, event: Draft): Lapse | undefined => {
  if (isLive(question, event)) return undefined
  const expires = expiresAt(question, event)
  const invalid = invalidated(question, event)
  if (invalid !== undefined && (expires === undefined || invalid.at < expires))
    return { kind: "invalidated", ...invalid }
  return expires === undefined ? undefined : { kind: "expired", at: expires }
}

/** Section 3: only events that had happened at `at` and were known at `knownAt`. */
export const seen = ({ events, at, knownAt }: Question): ReadonlyArray<Draft> =>
  events.filter((event) => event.consentDate <= at && event.dateCreated <= knownAt)

const isLater = (a: Draft, b: Draft): boolean => {
  for (const field of ["consentDate", "dateCreated", "id"] as const) {
    if (a[field] !== b[field]) return a[field] > b[field]
  }
  return false
}

/** Section 2: the head of a state is the last event of that state in the order of the ledger. */
const head = (question: Question, state: ConsentState): Draft | undefined => {
  const ofState = seen(question).filter((event) => event.consentState === state)
  return ofState.find((event) => !ofState.some((other) => isLater(other, event)))
}

/** Section 3.2, each step in a line or two. */
const decider = (question: Question): { readonly rule: Rule; readonly event?: Draft } => {
  const declined = head(question, "declined")
  const accepted = head(question, "accepted")
  const implied = head(question, "implied")
  const viewed = head(question, "viewed")
  if (question.rules.precedence === "most-recent") {
    const heads = [declined, accepted, implied, viewed].filter((event) => event !== undefined)
    const last = Math.max(...heads.map((event) => event.consentDate))
    const event = heads.find((event) => event.consentDate === last)
    return event === undefined ? { rule: "no-event" } : { rule: "most-recent", event }
  }
  const x = explicitHead(question)
  if (x !== undefined && x === declined) return { rule: "refusal", event: x }
  if (x !== undefined && isLive(question, x)) return { rule: "live-choice", event: x }
  const afterX = (event: Draft): boolean => x === undefined || event.consentDate > x.consentDate
  if (implied !== undefined && afterX(implied) && isLive(question, implied)) {
    return { rule: "live-implied", event: implied }
  }
  if (viewed !== undefined && afterX(viewed) && isLive(question, viewed)) return { rule: "live-viewed", event: viewed }
  for (const event of [x, implied, viewed]) if (event !== undefined) return { rule: "lapsed", event }
  return { rule: "no-event" }
}

/** Section 3.2, step 1. */
const explicitHead = (question: Question): Draft | undefined => {
  const declined = head(question, "declined")
  const accepted = head(question, "accepted")
  if (declined === undefined) return accepted
  if (accepted === undefined) return declined
  return accepted.consentDate > declined.consentDate ? accepted : declined
}

/**
 * Why a head that did not decide lost: the first step of section 3.2 at which it was excluded. Under `most-recent` only
 * the instants and the order of the states count; under `explicit-first` first its place before or after X, then its
 * lapse, then the stronger one that was live.
 */
const lossOf = (question: Question, event: Draft, rule: Rule, deciding: Draft): Loss => {
  if (rule === "most-recent") {
    return { kind: event.consentDate < deciding.consentDate ? "older-than-most-recent" : "weaker-at-same-instant" }
  }
  const x = explicitHead(question)
  if (x !== undefined && event !== x) {
    const isYes = event.consentState === "accepted"
    if (isYes && x.consentState === "declined" && event.consentDate === x.consentDate)
      return { kind: "refusal-wins-tie" }
    if (event.consentDate <= x.consentDate) return { kind: "not-after-choice" }
  }
  const lapse = lapseOf(question, event)
  if (lapse !== undefined) return lapse
  if (deciding.consentState === "declined") return { kind: "beside-refusal" }
  if (deciding.consentState === "accepted") return { kind: "beside-live-choice" }
  return { kind: "beside-live-implied" }
}

const statusOf = (question: Question, event: Draft | undefined): Status => {
  if (event === undefined) return "unknown"
  if (event.consentState === "declined") return head(question, "accepted") === undefined ? "refused" : "withdrawn"
  const lapse = lapseOf(question, event)
  if (lapse !== undefined) return lapse.kind
  if (event.consentState === "accepted") return "given"
  return event.consentState === "implied" ? "implied" : "requested"
}

/** Section 3.3, all but `nextChangeAt`. */
export const answer = (question: Question): Answer => {
  const { at, rules } = question
  const { rule, event } = decider(question)
  const status = statusOf(question, event)
  const expires = event === undefined ? undefined : expiresAt(question, event)
  const permits = rules.permits ?? "implied"
  const isRefusal = status === "refused" || status === "withdrawn"
  const permitted =
    status === "given" ||
    (status === "implied" && permits !== "accepted") ||
    (status === "requested" && permits === "viewed")
  const askAgain =
    status === "expired" ||
    status === "invalidated" ||
    status === "unknown" ||
    status === "requested" ||
    (isRefusal && expires !== undefined && expires <= at)
  const lost = (["declined", "accepted", "implied", "viewed"] as const)
    .map((state) => head(question, state))
    .filter((other) => other !== undefined && other !== event)
  return {
    at,
    status,
    permitted,
    askAgain,
    event: event?.id,
    expiresAt: expires,
    rule,
    lapse: event === undefined ? undefined : lapseOf(question, event),
    lost: lost.flatMap((other) =>
      other === undefined || event === undefined
        ? []
        : [{ event: other.id, loss: lossOf(question, other, rule, event) }],
    ),
  }
}

/** Every instant at which a known answer could turn: an event happens or expires, or a grace ends. Earliest first. */
export const turns = (story: Story, knownAt: Instant): ReadonlyArray<Instant> => {
  const known = story.events.filter((event) => event.dateCreated <= knownAt)
  const instants = new Set<Instant>(graceEnds({ ...story, at: knownAt, knownAt }).map(({ at }) => at))
  for (const event of known) {
    instants.add(event.consentDate)
    const expires = expiresAt(story, event)
    if (expires !== undefined) instants.add(expires)
  }
  return [...instants].toSorted((a, b) => a - b)
}

/** Section 3.3: whether two answers differ in status, permission, asking or deciding event. */
export const isChange = (a: Answer, b: Answer): boolean =>
  a.status !== b.status || a.permitted !== b.permitted || a.askAgain !== b.askAgain || a.event !== b.event

/**
 * The answer at `at`, then every one that differs from the one before: the instant of each is the `nextChangeAt` of the
 * last.
 */
export const timeline = (question: Question): ReadonlyArray<Answer> => {
  let last = answer(question)
  const answers = [last]
  for (const at of turns(question, question.knownAt)) {
    if (at <= question.at) continue
    const next = answer({ ...question, at })
    if (isChange(last, next)) answers.push((last = next))
  }
  return answers
}

type Writable<A> = { -readonly [Key in keyof A]: A[Key] }

/**
 * Section 4: later entries override earlier ones, and all override the type's own: field by field, in `maxAge` state by
 * state.
 */
export const rulesInForce = (type: ConsentType, ruleSet: RuleSet): Rules => {
  const rules: Writable<Rules> = {}
  const maxAge: Writable<MaxAge> = {}
  for (const { match, rules: over } of [{ match: {}, rules: type.rules }, ...ruleSet]) {
    if (match.consentType !== undefined && match.consentType !== type.id) continue
    if (match.category !== undefined && match.category !== type.category) continue
    if (match.subcategory !== undefined && match.subcategory !== type.subcategory) continue
    if (match.label !== undefined && match.label !== type.label) continue
    if (over.precedence !== undefined) rules.precedence = over.precedence
    if (over.recordedExpiration !== undefined) rules.recordedExpiration = over.recordedExpiration
    if (over.permits !== undefined) rules.permits = over.permits
    if (over.maxAge !== undefined) rules.maxAge = maxAge
    for (const state of ["accepted", "declined", "implied", "viewed"] as const) {
      const age = over.maxAge?.[state]
      if (age !== undefined) maxAge[state] = age
    }
  }
  return rules
}
