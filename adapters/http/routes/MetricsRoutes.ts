/**
 * The handlers of metrics.
 */
import { Clock, Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { KindMetrics } from "../../../core/counting/AnswerMetrics.ts"
import type { ConsentMetric, ConsentGrouping } from "../../../core/counting/ConsentMetrics.ts"
import type { DayMetrics } from "../../../core/counting/DayMetrics.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as MetricCount from "../../../core/metrics/MetricCount.ts"
import type { DayRange } from "../../../core/metrics/MetricPeriod.ts"
import type { Project } from "../../../core/model/Catalog.ts"
import * as Role from "../../../core/model/Role.ts"
import { Api } from "../api/Api.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as Answer from "../server/Answer.ts"
import * as PathScope from "../server/PathScope.ts"

const tooLong = (detail: string) =>
  new Answer.HttpProblem({
    status: 422,
    detail: `the range is too long: ${detail}`,
    errors: [{ parameter: "endDate", code: "range_too_long", detail }],
  })

const dayRangeTooLong = tooLong("ask for at most 400 days, and at most 10,000 days of all projects together")
const consentRangeTooLong = tooLong("ask for at most 400 days, for fewer days, or for a longer interval")

interface Range {
  readonly startDate: number
  readonly endDate: number
}

/** The days that two instants name. No day after today is asked for. */
const daysOf = Effect.fnUntraced(function* ({ endDate, startDate }: Range) {
  const from = MetricCount.dayOf(startDate)
  const end = MetricCount.dayOf(Math.max(startDate, endDate - 1)) + 1
  const today = MetricCount.dayOf(yield* Clock.currentTimeMillis)
  return { from, to: endDate <= startDate ? from : end, today } as const
})

/** The range without the days that have not come; its length is checked before they are left out. */
const untilToday = ({ from, to, today }: DayRange & { readonly today: number }): DayRange => ({
  from,
  to: Math.max(from, Math.min(to, today + 1)),
})

/** The projects that are asked for, or else all that are not for tests, in which the key may read. */
const readable = Effect.fnUntraced(function* (ids: ReadonlyArray<string> | undefined) {
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const asked = ids === undefined ? undefined : new Set(ids.map((id) => id.toLowerCase()))
  const isAsked = ({ id, status }: Project) => (asked === undefined ? status !== "test" : asked.has(id))
  return [...(yield* ledger.catalog).projects.values()].filter(
    (project) =>
      project.organization === organization.id && isAsked(project) && Role.may(Role.roleIn(key, project.id), "read"),
  )
})

const dayJson = ({ day, events, isFinalized, project, requests, sessions }: DayMetrics): string =>
  JSON.stringify({
    id: `${project}:${Instant.format(day * MetricCount.dayMillis).slice(0, 10)}`,
    period: day * MetricCount.dayMillis,
    project,
    finalized: isFinalized,
    complianceRequests: {
      created: requests.created,
      stateCount: requests.standing,
      stateChanged: requests.entered,
    },
    consentEvents: events,
    sessions,
  })

const days = Effect.fnUntraced(function* (query: Range & { readonly project?: ReadonlyArray<string> }) {
  const ledger = yield* Ledger
  const asked = yield* daysOf(query)
  const projects = yield* readable(query.project)
  if (asked.to - asked.from > 400) return yield* dayRangeTooLong
  const items = yield* ledger.metrics.days(projects, untilToday(asked))
  if (items === undefined) return yield* dayRangeTooLong
  return Answer.json(Answer.list(items.map(dayJson)))
})

const endOf = (day: number): string => Instant.format(day * MetricCount.dayMillis)

const consentJson =
  (groupBy: ConsentGrouping) =>
  ({ counts, group, isFinalized, period }: ConsentMetric): string => {
    const cells = Object.fromEntries([...counts].map(([state, count]) => [state, count ?? null]))
    const [accepted, declined] = [counts.get("accepted"), counts.get("declined")]
    const both = accepted === undefined || declined === undefined ? 0 : accepted + declined
    return JSON.stringify({
      period: period.from * MetricCount.dayMillis,
      endDate: endOf(period.to),
      [groupBy]: group === "" ? null : group,
      finalized: isFinalized,
      ...cells,
      ...(both > 0 && { optInRate: Math.round((accepted! / both) * 10_000) / 10_000 }),
      ...([...counts.values()].includes(undefined) && { suppressed: true }),
    })
  }

interface ConsentQuery extends Range {
  readonly groupBy?: ConsentGrouping
  readonly interval?: "day" | "week" | "month"
}

const consent = Effect.fnUntraced(function* (query: ConsentQuery) {
  const { groupBy = "consentType", interval = "day" } = query
  const ledger = yield* Ledger
  const { scope } = yield* PathScope.current
  const asked = yield* daysOf(query)
  if (asked.to - asked.from > 400) return yield* consentRangeTooLong
  const answer = yield* ledger.metrics.consent(scope.project, { days: untilToday(asked), groupBy, interval })
  if (answer === undefined) return yield* consentRangeTooLong
  const items = answer.items.map(consentJson(groupBy))
  const toldUntil = JSON.stringify(endOf(answer.toldUntil))
  return Answer.json(`{"count":${items.length},"toldUntil":${toldUntil},"items":[${items.join(",")}]}`)
})

/** The columns of the table, one for each number. No value has a comma or begins a formula. */
const csv = (items: ReadonlyArray<KindMetrics>): string => {
  const rows = items.map(({ deniedBy, meanDays = "", medianDays = "", ...rest }) => ({
    ...rest,
    ...Object.fromEntries(Object.entries(deniedBy).map(([ground, count]) => [`denied_${ground}`, count])),
    medianDays,
    meanDays,
  }))
  const columns = Object.keys(rows[0]!) as ReadonlyArray<keyof (typeof rows)[0]>
  return [columns.join(","), ...rows.map((row) => columns.map((column) => row[column]).join(",")), ""].join("\r\n")
}

interface ComplianceQuery {
  readonly year: number
  readonly regulation?: string
  readonly project?: ReadonlyArray<string>
  readonly format?: "json" | "csv"
}

const compliance = Effect.fnUntraced(function* ({ format, project, regulation, year }: ComplianceQuery) {
  const ledger = yield* Ledger
  const items = yield* ledger.metrics.answers(yield* readable(project), { year, regulation })
  if (format === "csv") return HttpServerResponse.text(csv(items), { contentType: "text/csv; charset=utf-8" })
  return Answer.json(
    JSON.stringify({ year, ...(regulation !== undefined && { regulation }), count: items.length, items }),
  )
})

/** The handlers of the group `metrics`. */
export const layer = HttpApiBuilder.group(Api, "metrics", (handlers) =>
  handlers
    .handle("getMetrics", ({ query }) => Answer.respond(days(query)))
    .handle("getConsentMetrics", ({ query }) => Answer.respond(consent(query)))
    .handle("getComplianceMetrics", ({ query }) => Answer.respond(compliance(query))),
)
