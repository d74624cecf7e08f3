/**
 * The exchange formats of semantics, section 7, as schemas: events.ndjson, types.json, rules.json, decisions.ndjson.
 *
 * Files, library and HTTP use the same names. Instants are ISO 8601 date-times on the wire and milliseconds in memory,
 * durations ISO 8601 strings on the wire and {@link Period} in memory. Unknown fields are ignored, except in rules:
 * there they are an error, because a misspelt rule would otherwise silently have no effect.
 *
 * The file is longer than others because it has the schemas of four formats, which share their fields.
 */
import { Effect, Result, Schema, SchemaIssue, SchemaTransformation } from "effect"
import * as BecauseLine from "./BecauseLine.ts"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as ConsentState from "../engine/ConsentState.ts"
import * as ConsentType from "../engine/ConsentType.ts"
import type * as DecisionOf from "../engine/Decision.ts"
import * as InstantOf from "../engine/Instant.ts"
import * as LanguageTag from "../model/LanguageTag.ts"
import { orNull } from "./Fields.ts"
import * as Outcome from "../engine/Outcome.ts"
import * as PeriodOf from "../engine/Period.ts"
import type * as RulesOf from "../engine/Rules.ts"
import * as TypeLine from "./TypeLine.ts"

const readAs = <To>(
  schema: Schema.Codec<To>,
  expected: string,
  parse: (text: string) => To | undefined,
  format: (value: To) => string,
) =>
  Schema.String.pipe(
    Schema.decodeTo(
      schema,
      SchemaTransformation.transformEffect<To, string>({
        decode: (text) => {
          const value = parse(text)
          return value === undefined
            ? Effect.fail(new SchemaIssue.InvalidValue({ message: expected }))
            : Effect.succeed(value)
        },
        encode: (value) => Effect.succeed(format(value)),
      }),
    ),
  )

/** An instant: on the wire an ISO 8601 date-time with any offset, in memory whole milliseconds UTC. */
export const Instant = readAs(
  Schema.Number,
  "expected an ISO 8601 date-time with an offset, such as 2024-02-29T12:00:00.000Z",
  InstantOf.parse,
  InstantOf.format,
)

/** A duration: on the wire ISO 8601 (`P13M`), in memory a {@link PeriodOf.Period}. */
export const Period = readAs(
  Schema.Struct({ months: Schema.Number, days: Schema.Number, millis: Schema.Number }),
  "expected an ISO 8601 duration of whole, non-negative parts, such as P13M or P1Y6M",
  PeriodOf.parse,
  PeriodOf.format,
)

/** A language: on the wire a tag of BCP 47, in memory its canonical form. */
export const Language = readAs(Schema.String, LanguageTag.expected, LanguageTag.canonical, (tag) => tag)

/** A duration longer than zero. */
export const PositivePeriod = Period.check(
  Schema.makeFilter((period) => !PeriodOf.isZero(period) || "expected a duration longer than zero"),
)

const NonEmptyString = Schema.String.check(Schema.isMinLength(1, { message: "expected a string that is not empty" }))

/** A version number of a consent type, from 1. */
export const VersionNumber = Schema.Finite.check(
  Schema.makeFilter((n) => (Number.isSafeInteger(n) && n >= 1) || "expected a whole number from 1"),
)

/** One of the four consent states. */
export const State = Schema.Literals(["implied", "viewed", "accepted", "declined"])

/** One of the three consent actions. */
export const Action = Schema.Literals(ConsentState.actions)

/** The fields of `object` that are neither `null` nor `undefined`. */
export const present = <T extends object>(object: T) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined)) as {
    [Key in keyof T]?: NonNullable<T[Key]>
  }

/** One line of events.ndjson, with the fields that the engine reads. `version` may be left out, as when recording. */
export const Event = Schema.Struct({
  id: NonEmptyString,
  concordId: NonEmptyString,
  consentType: NonEmptyString,
  version: orNull(VersionNumber),
  consentState: State,
  consentAction: Action,
  consentDate: Instant,
  dateCreated: Instant,
  expirationDate: orNull(Instant),
}).check(
  Schema.makeFilter(({ consentDate, dateCreated }) =>
    consentDate <= dateCreated ? undefined : { path: ["consentDate"], issue: "must not be after dateCreated" },
  ),
  Schema.makeFilter(({ consentDate, expirationDate }) =>
    expirationDate == null || expirationDate > consentDate
      ? undefined
      : { path: ["expirationDate"], issue: "must be after consentDate" },
  ),
)

/** The event of a line. If the line leaves `version` out, it is filled in from the type. */
export const eventFromLine = (line: typeof Event.Type, type: ConsentType.ConsentType): ConsentEvent => {
  const { version, expirationDate, ...event } = line
  const base = { ...event, version: version ?? ConsentType.versionAt(type, event.consentDate) }
  return expirationDate == null ? base : { ...base, expirationDate }
}

/** A check that an object has no other field than these, reported at the path of each unknown one. */
export const onlyFields = (fields: Schema.Struct.Fields) =>
  Schema.makeFilter((object: { readonly [Field: string]: unknown }) =>
    Object.keys(object)
      .filter((key) => !Object.hasOwn(fields, key))
      .slice(0, listMaxLength + 1)
      .map((key) => ({ path: [key], issue: `no such member; there are ${Object.keys(fields).join(", ")}` })),
  )

/** A struct in which an unknown field is an error, reported at the path of that field. */
export const strict = <const Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.Record(Schema.String, Schema.Unknown)
    .check(onlyFields(fields))
    .pipe(Schema.decodeTo(Schema.Struct(fields), SchemaTransformation.passthrough({ strict: false })))

/** Rules, each field optional. An unknown field is an error. */
export const Rules: Schema.Codec<RulesOf.Rules, unknown> = strict({
  precedence: Schema.optionalKey(Schema.Literals(["explicit-first", "most-recent"])),
  maxAge: Schema.optionalKey(
    strict({ accepted: orNull(Period), declined: orNull(Period), implied: orNull(Period), viewed: orNull(Period) }),
  ),
  recordedExpiration: Schema.optionalKey(Schema.Literals(["honor", "ignore"])),
  permits: Schema.optionalKey(Schema.Literals(["accepted", "implied", "viewed"])),
})

/** rules.json: a list of `{ match, rules }`. An unknown field is an error. */
export const RuleSet: Schema.Codec<RulesOf.RuleSet, unknown> = Schema.Array(
  strict({
    match: strict({
      consentType: Schema.optionalKey(NonEmptyString),
      category: Schema.optionalKey(NonEmptyString),
      subcategory: Schema.optionalKey(NonEmptyString),
      label: Schema.optionalKey(NonEmptyString),
    }),
    rules: Rules,
  }),
).annotate({
  message:
    'expected a list of { "match": …, "rules": … }, such as [{ "match": {}, "rules": { "maxAge": { "accepted": "P6M" } } }]',
})

/** A version of a consent type. */
export const Version = Schema.Struct({
  version: VersionNumber,
  publishedAt: Instant,
  dateCreated: orNull(Instant),
  requireReaccept: orNull(Schema.Boolean),
  grace: orNull(Period),
}).check(
  Schema.makeFilter(({ publishedAt, dateCreated }) =>
    dateCreated == null || dateCreated <= publishedAt
      ? undefined
      : { path: ["publishedAt"], issue: "must not be before dateCreated: a version cannot be back-dated" },
  ),
)

/** What a type was before a later change: it answers for every `knownAt` before `knownUntil`. */
const EarlierState = Schema.Struct({
  knownUntil: Instant,
  consentDuration: orNull(PositivePeriod),
  rules: orNull(Rules),
  versions: orNull(Schema.Array(Version)),
})

const History = Schema.Array(EarlierState).check(
  Schema.makeFilter((states) =>
    states.flatMap(({ knownUntil }, index) =>
      index > 0 && knownUntil < states[index - 1]!.knownUntil
        ? [{ path: [index, "knownUntil"], issue: "must not be before that of the state before it" }]
        : [],
    ),
  ),
)

/** types.json: `{ items: [ … ] }`, where each item is a consent type with the fields that the engine reads. */
export const Types = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      id: NonEmptyString,
      category: orNull(Schema.String),
      subcategory: orNull(Schema.Union([Schema.String, Schema.Tuple([Schema.String])])),
      label: orNull(Schema.String),
      consentDuration: orNull(PositivePeriod),
      rules: orNull(Rules),
      versions: orNull(Schema.Array(Version)),
      history: orNull(History),
    }),
  ),
})

/** The versions of a type of a types.json. */
export const versionsFromFile = (versions: ReadonlyArray<typeof Version.Type>): ReadonlyArray<ConsentType.Version> =>
  versions.map(({ dateCreated, requireReaccept, grace, ...version }) => ({
    ...version,
    dateCreated: dateCreated ?? version.publishedAt,
    requireReaccept: requireReaccept ?? false,
    ...(grace != null && { grace }),
  }))

const earlierFromFile = ({
  consentDuration,
  knownUntil,
  rules,
  versions,
}: typeof EarlierState.Type): ConsentType.EarlierState => ({
  knownUntil,
  ...(consentDuration != null && { consentDuration }),
  rules: rules ?? {},
  ...(versions != null && { versions: versionsFromFile(versions) }),
})

/** The consent types of a types.json. */
export const typesFromFile = (file: typeof Types.Type): ReadonlyArray<ConsentType.ConsentType> =>
  file.items.map(({ history, rules, versions, subcategory, ...item }) => ({
    ...present({ ...item, subcategory: typeof subcategory === "string" ? subcategory : subcategory?.[0] }),
    id: item.id,
    rules: rules ?? {},
    versions: versionsFromFile(versions ?? []),
    ...(history != null && history.length > 0 && { history: history.map(earlierFromFile) }),
  }))

const encodeTypes = Schema.encodeSync(Types)

/** A types.json of consent types. */
export const typesToFile = (types: ReadonlyArray<ConsentType.ConsentType>): typeof Types.Encoded =>
  encodeTypes({ items: types })

/** A head that did not decide, on the wire: `Because.Loss` with the event's id and state. */
const LostHead = Schema.Struct({
  event: Schema.String,
  consentState: State,
  reason: Schema.Literals([
    "refusal-wins-tie",
    "not-after-choice",
    "expired",
    "invalidated",
    "beside-refusal",
    "beside-live-choice",
    "beside-live-implied",
    "weaker-at-same-instant",
    "older-than-most-recent",
  ]),
  at: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.Int),
})

/**
 * One line of decisions.ndjson, and a decision over HTTP. Fields without a value are left out; instants are strings.
 * `category`, `subcategory` and `label` are left out if no types.json names the type.
 */
export const Decision = Schema.Struct({
  concordId: Schema.optionalKey(Schema.String),
  consentType: Schema.String,
  category: Schema.optionalKey(Schema.String),
  subcategory: Schema.optionalKey(Schema.Tuple([Schema.String])),
  label: Schema.optionalKey(Schema.String),
  at: Schema.String,
  knownAt: Schema.String,
  region: Schema.optionalKey(
    Schema.String.annotate({
      description: "The id of the region whose rules counted. Left out: only the rules of the consent type counted",
    }),
  ),
  status: Schema.Literals(Outcome.statuses),
  permitted: Schema.Boolean,
  askAgain: Schema.Boolean,
  event: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.Int),
  since: Schema.optionalKey(Schema.String),
  expiresAt: Schema.optionalKey(Schema.String),
  nextChangeAt: Schema.optionalKey(Schema.String),
  because: Schema.Struct({
    rule: Schema.Literals(Outcome.rules),
    lapse: Schema.optionalKey(
      Schema.Struct({
        reason: Schema.Literals(["expired", "invalidated"]),
        at: Schema.String,
        version: Schema.optionalKey(Schema.Int),
      }),
    ),
    lost: Schema.Array(LostHead),
  }),
})

/** A decision as files and HTTP hold it. */
export type DecisionLine = typeof Decision.Type

/** The members of a decision that say what was decided. */
const answerOf = (decision: DecisionOf.Decision, region: string | undefined) => {
  const { event, expiresAt, nextChangeAt, because } = decision
  return {
    at: InstantOf.format(decision.at),
    knownAt: InstantOf.format(decision.knownAt),
    ...(region !== undefined && { region }),
    status: decision.status,
    permitted: decision.permitted,
    askAgain: decision.askAgain,
    ...(event !== undefined && {
      event: event.id,
      version: event.version,
      since: InstantOf.format(event.consentDate),
    }),
    ...(expiresAt !== undefined && { expiresAt: InstantOf.format(expiresAt) }),
    ...(nextChangeAt !== undefined && { nextChangeAt: InstantOf.format(nextChangeAt) }),
    because: BecauseLine.fromBecause(because),
  }
}

/**
 * Converts a decision about a person and a consent type. Without `concordId`, the person is not known; without
 * `region`, only the rules of the type counted.
 */
export const decisionToLine = (
  concordId: string | undefined,
  type: TypeLine.NamedType,
  decision: DecisionOf.Decision,
  region?: string,
): DecisionLine => ({
  ...(concordId !== undefined && { concordId }),
  ...TypeLine.of(type),
  ...answerOf(decision, region),
})

/** The line of {@link decisionToLine} as JSON. What names the type is written once for each type. */
export const decisionToText = (
  concordId: string | undefined,
  type: TypeLine.NamedType,
  decision: DecisionOf.Decision,
  region?: string,
): string => {
  const person = concordId === undefined ? "" : `"concordId":${JSON.stringify(concordId)},`
  return `{${person}${TypeLine.text(type)},${JSON.stringify(answerOf(decision, region)).slice(1)}`
}

/** One error in a value. */
export interface Violation {
  /** The place of the error: a JSON Pointer (RFC 6901), empty for the whole value. */
  readonly pointer: string
  readonly code: "missing" | "unknown" | "invalid" | "language_not_valid"
  /** What is expected instead. Never quotes the value, because it may be personal data. */
  readonly detail: string
}

const toPointer = (path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }>): string =>
  path
    .map((part) => String(typeof part === "object" ? part.key : part))
    .map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("")

const missing = "is required"
const unknown = "is not known here"

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => {
    if (issue._tag === "MissingKey") return missing
    if (issue._tag === "UnexpectedKey") return unknown
    return SchemaIssue.defaultLeafHook(issue)
  },
})

const codeOf = (message: string): Violation["code"] => {
  if (message === missing) return "missing"
  if (message === unknown) return "unknown"
  return message === LanguageTag.expected ? "language_not_valid" : "invalid"
}

/** All errors that a schema found, in the order of the value's fields. */
export const violations = (error: Schema.SchemaError): ReadonlyArray<Violation> =>
  formatIssues(error.issue).issues.map(({ path, message }) => ({
    pointer: toPointer(path ?? []),
    code: codeOf(message),
    detail: message.charAt(0).toLowerCase() + message.slice(1),
  }))

/** The most items of a list that a request may have. */
export const listMaxLength = 1000

/** The most levels of lists and objects in what a schema reads. */
const maxDepth = 8

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null

/**
 * The value with only the beginning of lists that are longer than `maxItems`: one item more, so that they are still too
 * long.
 */
const beginningOf = (value: unknown, maxItems: number, depth = maxDepth): unknown => {
  if (typeof value !== "object" || value === null || depth === 0) return value
  const inner = (each: unknown) => beginningOf(each, maxItems, depth - 1)
  if (Array.isArray(value)) return value.slice(0, maxItems + 1).map(inner)
  // An object with many members, none of which has a list in it, is not copied.
  if (!Object.values(value).some(isObject)) return value
  return Object.fromEntries(Object.entries(value).map(([member, each]) => [member, inner(each)]))
}

/**
 * A decoder that reports every violation. It first decodes in the faster mode that stops at the first violation,
 * because most values have none.
 *
 * Of a list that has more than `maxItems` items, only the beginning is searched for further violations, because a body
 * of 1 MiB may have 500,000 items. If the beginning has no violation, the first one of the whole value is reported.
 */
export const decoder = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S,
  maxItems: number = listMaxLength,
): ((value: unknown) => Result.Result<S["Type"], ReadonlyArray<Violation>>) => {
  const decode = Schema.decodeUnknownResult(schema)
  const decodeAll = Schema.decodeUnknownResult(schema, { errors: "all" })
  return (value) => {
    const decoded = decode(value)
    if (Result.isSuccess(decoded)) return Result.succeed(decoded.success)
    const all = decodeAll(beginningOf(value, maxItems))
    return Result.fail(violations(Result.isFailure(all) ? all.failure : decoded.failure))
  }
}
