/**
 * Runs a simulation: reads the ledger person by person, folds on every CPU core, writes the files that were asked for
 * (each completely or not at all), and returns the summary.
 */
import { Effect, type FileSystem, type Scope, type Stdio } from "effect"
import type { OutOfOrder } from "../../adapters/duckdb/BadTable.ts"
import { BadInput } from "../../adapters/files/BadInput.ts"
import * as Replacement from "../../adapters/files/Replacement.ts"
import * as MissingPackage from "../../adapters/support/MissingPackage.ts"
import * as Folds from "../../adapters/simulation-threads/Folds.ts"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Period from "../../core/engine/Period.ts"
import * as Examples from "../../core/simulation/Examples.ts"
import * as Steps from "../../core/simulation/Steps.ts"
import type { Summary } from "../../core/simulation/Summary.ts"
import * as Totals from "../../core/simulation/Totals.ts"
import * as Simulation from "../../core/simulation/Simulation.ts"
import * as Candidate from "./Candidate.ts"
import * as Inputs from "./Inputs.ts"
import { BadQuestion, type Failure, type Given, type Plan } from "./Plan.ts"
import type { ReportProgress } from "./SimulationProgress.ts"

const stepsOf = (plan: Plan): Effect.Effect<Steps.Steps, BadQuestion> => {
  if (plan.until <= plan.from) {
    const window = `it begins at ${Instant.format(plan.from)}`
    return Effect.fail(new BadQuestion({ field: "until", reason: `the window must end after it begins: ${window}` }))
  }
  const choices = plan.step === undefined ? [Period.days(1), Period.months(1), Period.months(12)] : [plan.step]
  for (const choice of choices) {
    const steps = Steps.make(plan, choice)
    if (steps !== undefined && (plan.step !== undefined || steps.starts.length <= maxDays)) return Effect.succeed(steps)
  }
  const reason = `must be longer than zero and divide the window into at most ${Steps.maxCount} steps`
  return Effect.fail(new BadQuestion({ field: "step", reason }))
}

/** The largest number of steps of a window if the plan gives no step: 30 years of days. */
const maxDays = 11_000

/**
 * Reads all batches, folds them, writes their lines in the order of the batches, and returns the results of all folds.
 */
const foldAll = Effect.fnUntraced(function* (
  batches: Inputs.Batches,
  folds: Folds.Folds,
  write: (text: string) => Effect.Effect<void, Failure>,
  report: ReportProgress,
) {
  const pending: Array<{ readonly text: Promise<string>; readonly batch: Inputs.Batch }> = []
  let compared = 0
  /** Waits for the oldest pending batch and writes its lines. */
  const writeOldest = Effect.fnUntraced(function* () {
    const first = pending.shift()
    if (first === undefined) return
    const text = yield* Effect.promise(() => first.text)
    if (text !== "") yield* write(text)
    compared += first.batch.events
    batches.giveBack?.()
    const share = batches.events === undefined ? undefined : compared / Math.max(batches.events, 1)
    yield* report({ what: "events compared", done: compared, share })
  })
  for (let next = yield* batches.next; next !== undefined; next = yield* batches.next) {
    pending.push({ text: folds.fold(next), batch: next })
    if (pending.length > folds.maxPending) yield* writeOldest()
    yield* Effect.yieldNow
  }
  while (pending.length > 0) yield* writeOldest()
  return yield* folds.finish
})

/** The name and digest of each input that came from a file. */
const digestsOf = (all: ReadonlyArray<Given<unknown> | undefined>) =>
  all.flatMap((each) => (each?.sha256 === undefined ? [] : [{ name: each.name, sha256: each.sha256 }]))

const summarize = (
  plan: Plan,
  question: Simulation.SimulationQuestion,
  steps: Steps.Steps,
  part: Effect.Success<Folds.Folds["finish"]>,
  digest: Summary["inputs"][number],
): Summary => {
  const { changedPairs, ...figures } = Totals.figures(part.totals, steps)
  const types = new Map([...question.baseline.types, ...question.candidate.types].map((type) => [type.id, type]))
  const listed = [...new Set([...types.keys(), ...changedPairs.keys()])].toSorted()
  const warnings = [plan.baseline, plan.candidate].flatMap((rules, index) => {
    const side = index === 0 ? question.baseline : question.candidate
    return rules === undefined ? [] : [...Candidate.unmatched(rules, side.types, changedPairs.keys())]
  })
  const { candidateTypes } = plan
  return {
    from: plan.from,
    until: plan.until,
    step: Period.format(steps.step),
    knownAt: plan.knownAt,
    ...figures,
    consentTypes: listed.map((id) => ({
      id,
      name: Candidate.nameOf(types.get(id) ?? { id }),
      changedPairs: changedPairs.get(id) ?? 0,
    })),
    examples: Examples.choose(part.examples, part.totals.reasons),
    packs: [...Candidate.packs("baseline", plan.baseline), ...Candidate.packs("candidate", plan.candidate)],
    baseline: Candidate.written(plan.baseline, plan.types),
    candidate: Candidate.written(plan.candidate, candidateTypes),
    inputs: [digest, ...digestsOf([plan.types, plan.baseline, plan.candidate, candidateTypes])],
    warnings,
  }
}

/** Fails if a candidate type cannot be published, because a new version of it would be in the past. */
const checkPublishable = (
  { candidateTypes, knownAt }: Plan,
  types: ReadonlyArray<ConsentType>,
): Effect.Effect<void, BadInput> => {
  if (candidateTypes === undefined) return Effect.void
  const problems = Candidate.backDated(types, candidateTypes.value, knownAt)
  const { name: file } = candidateTypes
  return problems.length === 0 ? Effect.void : Effect.fail(new BadInput({ file, problems, isCutShort: false }))
}

/** The optional packages that draw a report. */
const drawing = ["@observablehq/plot", "linkedom"]

/**
 * Loads the report adapter, which needs optional packages. This is done first, so that a missing package stops the run
 * at once.
 */
const loadReport = Effect.catchDefect(
  Effect.promise(async () => (await import("../../adapters/report/Report.ts")).write),
  (defect) => {
    const missing = MissingPackage.nameOf(defect)
    if (missing === undefined) return Effect.die(defect)
    const names = new Set([...MissingPackage.missingOf(drawing), missing])
    return new BadQuestion({ field: "report", reason: MissingPackage.reason([...names]) })
  },
)

type Needs = FileSystem.FileSystem | Stdio.Stdio

/** Runs a plan once. `sorts` says whether a table is sorted even if it seems to be in order. */
const attempt = Effect.fnUntraced(function* (
  plan: Plan,
  reportProgress: ReportProgress,
  sorts: boolean,
): Effect.fn.Return<Summary, Failure | OutOfOrder, Needs | Scope.Scope> {
  const steps = yield* stepsOf(plan)
  const draw = plan.report === undefined ? undefined : yield* loadReport
  const lines = plan.out === undefined ? undefined : yield* Replacement.make(plan.out)
  const report = plan.report === undefined ? undefined : yield* Replacement.make(plan.report)
  const batches = yield* Inputs.open(plan, { keepsIds: lines !== undefined, sorts }, reportProgress)
  const types = plan.types?.value ?? batches.types
  yield* checkPublishable(plan, types)
  const rules = plan.baseline?.value ?? []
  const question: Simulation.SimulationQuestion = {
    baseline: { types, rules },
    candidate: {
      types: Candidate.publish(types, plan.candidateTypes?.value ?? [], plan.knownAt),
      rules: plan.candidate?.value ?? rules,
    },
    from: plan.from,
    until: plan.until,
    knownAt: plan.knownAt,
    step: steps.step,
  }
  const folds = yield* Folds.make({ question, keepsLines: lines !== undefined }, steps)
  const part = yield* foldAll(batches, folds, (text) => lines?.write(text) ?? Effect.void, reportProgress)
  const summary = summarize(plan, question, steps, part, yield* batches.digest)
  if (report !== undefined && draw !== undefined) yield* report.write(draw(summary))
  if (lines !== undefined) yield* lines.commit
  if (report !== undefined) yield* report.commit
  return summary
}, Effect.scoped)

/**
 * Runs a plan. If it fails or is interrupted, no file is written or changed. If a table turns out not to be in the
 * order of its people, the run starts again from the beginning with the table sorted.
 */
export const run = Effect.fn("Simulate.run")(
  (plan: Plan, report: ReportProgress): Effect.Effect<Summary, Failure, Needs> =>
    attempt(plan, report, false).pipe(
      Effect.catchTag("OutOfOrder", () => attempt(plan, report, true)),
      Effect.catchTag("OutOfOrder", Effect.die),
    ),
)
