/**
 * `assent/simulate`: runs a simulation from a script.
 *
 * ```ts
 * const summary = await simulate({
 *   events: "events.ndjson",
 *   candidate: { rules: [{ match: {}, rules: { maxAge: { accepted: "P6M" } } }] },
 *   from: "2026-01-01",
 *   until: "2028-01-01",
 * })
 * ```
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Clock, Effect } from "effect"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Period from "../../core/engine/Period.ts"
import type { Match, Permits, Precedence } from "../../core/engine/Rules.ts"
import type { Summary } from "../../core/simulation/Summary.ts"
import * as Overwriting from "../Overwriting.ts"
import { BadQuestion, type Plan } from "./Plan.ts"
import * as RulesInput from "./RulesInput.ts"
import * as Run from "./Run.ts"

export type { Summary } from "../../core/simulation/Summary.ts"

/** An ISO 8601 duration: `P13M`, `P1Y6M`, `PT12H`. */
export type Duration = `P${string}`

/** A date (`2026-03-01`, midnight UTC) or date-time with an offset. */
export type DateTime = `${number}-${number}-${string}`

/** Rules, each field optional. */
export interface Rules {
  readonly precedence?: Precedence
  readonly maxAge?: { readonly [State in ConsentState]?: Duration | null }
  readonly recordedExpiration?: "honor" | "ignore"
  readonly permits?: Permits
}

/** A list of rules, in which a later entry is laid over an earlier one. */
export type RuleSet = ReadonlyArray<{ readonly match: Match; readonly rules: Rules }>

/** A consent type, as in types.json. */
export interface ConsentType {
  readonly id: string
  readonly category?: string
  readonly subcategory?: string
  readonly label?: string
  readonly consentDuration?: Duration
  readonly rules?: Rules
  readonly versions?: ReadonlyArray<{
    readonly version: number
    readonly publishedAt: DateTime
    readonly dateCreated?: DateTime
    readonly requireReaccept?: boolean
    readonly grace?: Duration
  }>
}

/** The path of a rules.json, the reference of a rule pack, or rules. */
export type RulesOrPath = string | RuleSet

/** The path of a types.json, or types. */
export type TypesOrPath = string | ReadonlyArray<ConsentType>

/** The ledger: a store, or a file of events (NDJSON, CSV or Parquet, recognized by its ending) with its types. */
export type LedgerInput =
  | { readonly store: `sqlite:${string}` | `postgres://${string}`; readonly events?: never; readonly types?: never }
  | { readonly events: string; readonly types?: TypesOrPath; readonly store?: never }

/** A simulation to run. */
export type Simulation = LedgerInput & {
  /** The rules of the baseline, laid over the types' own. If left out, the types' own rules alone. */
  readonly baseline?: { readonly rules: RulesOrPath }
  /** The candidate. Its rules replace the baseline's; types that it leaves out stay as they are. */
  readonly candidate: { readonly rules?: RulesOrPath; readonly types?: TypesOrPath }
  /** The first instant that is compared. */
  readonly from: DateTime
  /** The first instant that is no longer compared. */
  readonly until: DateTime
  /** The length of the steps of the totals. If left out, a day, or a month or a year if days would be too many. */
  readonly step?: Duration
  /** Only events and versions that the ledger knew at this instant are read. If left out, now. */
  readonly knownAt?: DateTime
  /** Where to write diff.ndjson. */
  readonly out?: string
  /** Where to write the report. */
  readonly report?: string
}

const instant = (field: string, text: string): Effect.Effect<Instant.Instant, BadQuestion> => {
  const parsed = Instant.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00.000Z` : text)
  return parsed === undefined
    ? Effect.fail(new BadQuestion({ field, reason: "expected a date, or a date-time with an offset" }))
    : Effect.succeed(parsed)
}

const duration = (field: string, text: string): Effect.Effect<Period.Period, BadQuestion> => {
  const parsed = Period.parse(text)
  return parsed === undefined
    ? Effect.fail(new BadQuestion({ field, reason: "expected an ISO 8601 duration such as P1D" }))
    : Effect.succeed(parsed)
}

const rules = (name: string, given: RulesOrPath) =>
  typeof given === "string" ? RulesInput.rules(given) : RulesInput.rulesFromValue(name, given)

const types = (name: string, given: TypesOrPath) =>
  typeof given === "string" ? RulesInput.types(given) : RulesInput.typesFromValue(name, { items: given })

/** Fails if an output would overwrite the ledger or a file that is read. */
const checkOutputs = ({ baseline, candidate, events, out, report, store, types }: Simulation) =>
  Effect.suspend(() => {
    const file = (name: string, given: unknown) => ({ name, at: typeof given === "string" ? given : undefined })
    const found = Overwriting.find({
      outputs: [file("out", out), file("report", report)],
      inputs: [
        file("events", events),
        file("types", types),
        file("baseline.rules", baseline?.rules),
        file("candidate.rules", candidate.rules),
        file("candidate.types", candidate.types),
      ],
      store: file("store", store),
    })
    return found === undefined
      ? Effect.void
      : Effect.fail(new BadQuestion({ field: found.output, reason: found.reason }))
  })

const planOf = Effect.fnUntraced(function* (asked: Simulation) {
  yield* checkOutputs(asked)
  const { baseline, candidate } = asked
  const plan: Plan = {
    input:
      asked.store === undefined
        ? { _tag: "Events", path: asked.events }
        : { _tag: "Store", url: asked.store, name: "store" },
    ...(asked.types !== undefined && { types: yield* types("types", asked.types) }),
    ...(baseline !== undefined && { baseline: yield* rules("baseline", baseline.rules) }),
    ...(candidate.rules !== undefined && { candidate: yield* rules("candidate", candidate.rules) }),
    ...(candidate.types !== undefined && { candidateTypes: yield* types("candidate types", candidate.types) }),
    from: yield* instant("from", asked.from),
    until: yield* instant("until", asked.until),
    ...(asked.step !== undefined && { step: yield* duration("step", asked.step) }),
    knownAt: asked.knownAt === undefined ? yield* Clock.currentTimeMillis : yield* instant("knownAt", asked.knownAt),
    ...(asked.out !== undefined && { out: asked.out }),
    ...(asked.report !== undefined && { report: asked.report }),
  }
  return plan
})

/**
 * Runs a simulation. On failure it writes nothing and rejects with an error; the message names the file or field, and
 * the reason.
 */
export const simulate = (asked: Simulation): Promise<Summary> =>
  planOf(asked).pipe(
    Effect.flatMap((plan) => Run.run(plan, () => Effect.void)),
    Effect.scoped,
    Effect.provide(NodeServices.layer),
    Effect.runPromise,
  )
