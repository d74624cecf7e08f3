/**
 * Days, months and rates of metrics in words.
 */
import type { RequestKind } from "../../../core/compliance/ClockPack.ts"
import type { DenialGround } from "../../../core/compliance/ComplianceFact.ts"
import type { ComplianceStatus } from "../../../core/compliance/ComplianceState.ts"
import type { ConsentMetric } from "../../../core/counting/ConsentMetrics.ts"
import type { ConsentState } from "../../../core/engine/ConsentState.ts"
import * as MetricCount from "../../../core/metrics/MetricCount.ts"
import type { DayRange, Interval } from "../../../core/metrics/MetricPeriod.ts"
import * as Words from "../Words.ts"

const longMonth = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" })

/** The first instant of a day. */
export const dateOf = (day: number): Date => new Date(day * MetricCount.dayMillis)

/** `1 Mar 2026`. */
export const day = (value: number): string => Words.dayOf(value * MetricCount.dayMillis)

/** `March 2026`. */
export const month = (day: number): string => longMonth.format(dateOf(day)).replaceAll(" ", "\u00a0")

/** `1 Mar 2026`, or `1 Mar 2026 – 7 Mar 2026`. */
export const range = ({ from, to }: DayRange): string => (to - from === 1 ? day(from) : `${day(from)} – ${day(to - 1)}`)

/** What an interval is called after “each”. */
export const intervals: Readonly<Record<Interval, string>> = { day: "day", week: "week", month: "month" }

/** The columns of consent states, in the order of tables. */
export const states: Readonly<Record<ConsentState, string>> = {
  accepted: "Yes",
  declined: "No",
  implied: "Implied",
  viewed: "Seen",
}

/** What people ask for. */
export const kinds: Readonly<Record<RequestKind, string>> = {
  view: "Access",
  change: "Correction",
  delete: "Erasure",
  do_not_sell: "No sale",
}

/** The statuses of requests. */
export const statuses: Readonly<Record<ComplianceStatus, string>> = {
  pending_verification: "Identity not shown yet",
  submitted: "Received",
  acknowledged: "In work",
  resolved: "Answered",
}

/** Why a request was denied. */
export const grounds: Readonly<Record<DenialGround, string>> = {
  identity_not_shown: "identity not shown",
  no_match: "no match",
  unfounded_or_excessive: "unfounded or excessive",
  exempt: "exempt by law",
  others_rights: "rights of others",
  not_covered: "not covered by law",
  duplicate: "asked twice",
  other: "another ground",
}

/** The share of yes among yes and no; `undefined` where there is neither, or one of them is not shown. */
export const rateOf = ({ counts }: Pick<ConsentMetric, "counts">): number | undefined => {
  const [accepted, declined] = [counts.get("accepted"), counts.get("declined")]
  return accepted === undefined || declined === undefined || accepted + declined === 0
    ? undefined
    : accepted / (accepted + declined)
}

/** A rate as a percentage; `–` for none. */
export const rate = (value: number | undefined): string => (value === undefined ? "–" : Words.share(value, 1))

/** `1.5`: at most two decimals. */
export const decimal = (value: number | undefined): string =>
  value === undefined ? "–" : String(Math.round(value * 100) / 100)
