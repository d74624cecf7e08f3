/**
 * How the compliance requests that were received in a year ended, as 11 CCR § 7102(a) wants it to be published: for
 * each kind, how many were received, complied with and denied, and the median and mean number of days to the answer.
 */
import { Effect } from "effect"
import { type RequestKind, requestKinds } from "../compliance/ClockPack.ts"
import { type DenialGround, denialGrounds } from "../compliance/ComplianceFact.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as ComplianceCounts from "../metrics/ComplianceCounts.ts"
import type { Project } from "../model/Catalog.ts"
import type { StoredCount } from "../ports/MetricsStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"

/** The requests of one kind. `received` is the sum of the others, but for `onTime` and `late`. */
export interface KindMetrics {
  readonly request: RequestKind
  readonly received: number
  /** Complied with in whole, and in part. */
  readonly completed: number
  readonly partiallyCompleted: number
  /** Answered that nothing is held about the requester. */
  readonly noRecordsFound: number
  readonly denied: number
  readonly deniedBy: Readonly<Record<DenialGround, number>>
  readonly withdrawn: number
  /** Lapsed, because identity was not shown in time. */
  readonly unverified: number
  readonly open: number
  /** Resolved by the due date, and after it. Neither, where no law sets a time. */
  readonly onTime: number
  readonly late: number
  /** Days from the receipt to the answer, of all resolved ones that were not withdrawn; left out if there are none. */
  readonly medianDays?: number
  readonly meanDays?: number
}

interface Answers extends ComplianceCounts.AnswerKey {
  readonly count: number
}

/** The median and the mean of days that each occur a number of times. */
const daysOf = (answers: ReadonlyArray<Answers>): { readonly medianDays?: number; readonly meanDays?: number } => {
  const days = answers.flatMap(({ count, days }) => (days === undefined ? [] : [{ days, count }]))
  const total = days.reduce((sum, each) => sum + each.count, 0)
  if (total === 0) return {}
  const sorted = days.toSorted((a, b) => a.days - b.days)
  const nth = (index: number): number => {
    let passed = 0
    return sorted.find(({ count }) => (passed += count) > index)!.days
  }
  const sum = days.reduce((before, each) => before + each.days * each.count, 0)
  return {
    medianDays: (nth(Math.floor((total - 1) / 2)) + nth(Math.floor(total / 2))) / 2,
    meanDays: Math.round((sum / total) * 100) / 100,
  }
}

const ofKind = (request: RequestKind, all: ReadonlyArray<Answers>): KindMetrics => {
  const own = all.filter((each) => each.request === request)
  const count = (is: (each: Answers) => boolean): number =>
    own.reduce((sum, each) => sum + (is(each) ? each.count : 0), 0)
  const ended = (ending: ComplianceCounts.RequestEnding): number => count((each) => each.ending === ending)
  return {
    request,
    received: count(() => true),
    completed: ended("completed"),
    partiallyCompleted: ended("partially_completed"),
    noRecordsFound: ended("no_records_found"),
    denied: count(({ ending }) => ending.startsWith("denied:")),
    deniedBy: Object.fromEntries(denialGrounds.map((ground) => [ground, ended(`denied:${ground}`)])) as Record<
      DenialGround,
      number
    >,
    withdrawn: ended("withdrawn"),
    unverified: ended("unverified"),
    open: ended("open"),
    onTime: count(({ isOnTime }) => isOnTime === true),
    late: count(({ isOnTime }) => isOnTime === false),
    ...daysOf(own.filter(({ ending }) => ending !== "withdrawn")),
  }
}

const rowsAtOnce = 5000

const ofProject = Effect.fnUntraced(function* (project: Project, year: number, context: LedgerContext) {
  const from = ComplianceCounts.dayOfYear(year)
  const answers: Array<Answers> = []
  let after: StoredCount | undefined
  do {
    const page: ReadonlyArray<StoredCount> = yield* context.store.metrics.counts(
      project,
      "answers",
      { from, to: from + 1 },
      after,
      rowsAtOnce,
    )
    for (const { count, key } of page) if (count !== 0) answers.push({ ...ComplianceCounts.readKey(key), count })
    after = page.length < rowsAtOnce ? undefined : page.at(-1)
  } while (after !== undefined)
  return answers
})

/**
 * The requests that projects received in a year, of the time zone of their organization, by kind. `regulation`: those
 * with this clock pack; left out: all.
 */
export const of = Effect.fnUntraced(function* (
  projects: ReadonlyArray<Project>,
  { regulation, year }: { readonly year: number; readonly regulation?: string | undefined },
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<KindMetrics>, StoreUnavailable> {
  const answers = (yield* Effect.forEach(projects, (project) => ofProject(project, year, context))).flat()
  const wanted = answers.filter((each) => regulation === undefined || each.regulation === regulation)
  return requestKinds.map((request) => ofKind(request, wanted))
})
