/**
 * Lists of compliance requests and of their facts, filtered, sorted and cut into pages in memory.
 */
import type * as Port from "../../core/ports/ComplianceStore.ts"
import { sortValueOf } from "../../core/ports/ComplianceStore.ts"
import type { Held } from "./ComplianceStore.ts"

const isIn = <Value>(values: ReadonlyArray<Value> | undefined, value: Value | undefined): boolean =>
  values === undefined || (value !== undefined && values.includes(value))

const is = <Value>(wanted: Value | undefined, value: Value | undefined): boolean =>
  wanted === undefined || wanted === value

const isWithin = (
  at: number,
  { endDate = Infinity, startDate = -Infinity }: Pick<Port.FactFilter, "startDate" | "endDate">,
): boolean => startDate <= at && at < endDate

const isOverdue = ({ dueOn, isLapsed, status }: Port.ComplianceRow, on: string): boolean =>
  status !== "resolved" && !isLapsed && dueOn !== undefined && dueOn < on

/** Whether a request is due before a day; one that is not due at all counts where its clock pack is named. */
const isDue = (row: Port.ComplianceRow, { dueBefore, pausedWith = [] }: Port.RequestFilter): boolean =>
  dueBefore === undefined ||
  (row.dueOn === undefined ? !row.isLapsed && pausedWith.includes(row.regulation) : row.dueOn < dueBefore)

const isOf = (row: Port.PrivateRow | undefined, { openers, people, session }: Port.RequestFilter): boolean =>
  isIn(openers, row?.opener) && (isIn(people, row?.opener) || isIn(people, row?.subject)) && is(session, row?.session)

const matches = ({ private: of, row }: Held, filter: Port.RequestFilter): boolean =>
  is(filter.id, row.id) &&
  isOf(of, filter) &&
  isIn(filter.kinds, row.kind) &&
  isIn(filter.statuses, row.status) &&
  isIn(filter.resolutionStatuses, row.resolutionStatus) &&
  is(filter.regulation, row.regulation) &&
  is(filter.domain, row.domain) &&
  is(filter.country, row.country) &&
  is(filter.isLapsed, row.isLapsed) &&
  isWithin(row.requestDate, filter) &&
  isDue(row, filter) &&
  (filter.overdue === undefined || isOverdue(row, filter.overdue.on) === filter.overdue.is)

type Value = number | string

const compare = (a: Value, b: Value): number => (a < b ? -1 : a > b ? 1 : 0)

/** A page of items, each with the value that the list is sorted by, and the id that decides between equal values. */
const pageOf = <Item>(
  items: ReadonlyArray<readonly [value: Value, id: string, item: Item]>,
  order: "asc" | "desc",
  from: number | { readonly value: Value; readonly id: string },
  limit: number,
) => {
  const direction = order === "asc" ? 1 : -1
  const sorted = items.toSorted((a, b) => direction * (compare(a[0], b[0]) || compare(a[1], b[1])))
  const isAfter = ([value, id]: readonly [Value, string, Item]): boolean =>
    typeof from === "number" || direction * (compare(value, from.value) || compare(id, from.id)) > 0
  const left = typeof from === "number" ? sorted.slice(from) : sorted.filter(isAfter)
  return { page: left.slice(0, limit), isLast: left.length <= limit }
}

/** A page of the requests that match a filter. */
export const requests = (
  all: ReadonlyArray<Held>,
  filter: Port.RequestFilter,
  { from, limit, order, sort }: Port.RequestPage,
): Port.ListedRequests => {
  const matching = all.filter((held) => matches(held, filter))
  const items = matching.map(({ project, row }) => [sortValueOf(row, sort), row.id, { ...row, project }] as const)
  const { isLast, page } = pageOf(items, order, from, limit)
  const last = page.at(-1)
  return {
    total: matching.length,
    requests: page.map(([, , request]) => request),
    ...(!isLast && last !== undefined && { next: { value: last[0], id: last[1] } }),
  }
}

/** A page of the facts that match a filter. */
export const facts = (
  all: ReadonlyArray<Held>,
  filter: Port.FactFilter,
  { from, limit, order }: Port.FactPage,
): Port.ListedFacts => {
  const matching = all
    .flatMap(({ facts, project }) => facts.map((fact) => ({ project, fact })))
    .filter(
      ({ fact }) =>
        is(filter.id, fact.id) &&
        is(filter.request, fact.requestId) &&
        is(filter.by, fact.by) &&
        isIn(filter.kinds, fact.kind) &&
        isWithin(fact.at, filter),
    )
  const items = matching.map((each) => [each.fact.at, each.fact.id, each] as const)
  const place = typeof from === "number" ? from : { value: from.at, id: from.id }
  const { isLast, page } = pageOf(items, order, place, limit)
  const last = page.at(-1)
  return {
    total: matching.length,
    facts: page.map(([, , each]) => each),
    ...(!isLast && last !== undefined && { next: { at: last[2].fact.at, id: last[1] } }),
  }
}
