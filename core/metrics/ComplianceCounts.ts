/**
 * What a compliance fact adds to the counts: the difference between what its request adds after it and before it. So
 * the counts are, at any moment, the sum over all requests as their facts make them, whatever happens to a request, and
 * also if it is reopened and ends in another way.
 */
import * as CivilDate from "../compliance/CivilDate.ts"
import type { RequestKind } from "../compliance/ClockPack.ts"
import type { ComplianceFact, DenialGround, ResolutionStatus } from "../compliance/ComplianceFact.ts"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import * as MetricCount from "./MetricCount.ts"

/**
 * How a request ended, of those that are received in a year. `unverified`: it lapsed because identity was not shown.
 * Each request is in one of them.
 */
export type RequestEnding = Exclude<ResolutionStatus, "denied"> | `denied:${DenialGround}` | "unverified" | "open"

/** What is published of an answer, as the key of a count says it. */
export interface AnswerKey {
  readonly request: RequestKind
  /** The reference of the clock pack. */
  readonly regulation: string
  readonly ending: RequestEnding
  /** The days from the receipt until the resolution; left out where it is not resolved. */
  readonly days?: number
  /** Whether it was resolved by the due date; left out where it is not resolved, or no law sets a time. */
  readonly isOnTime?: boolean
}

/** Whether a request was resolved by its due date; `undefined` where no law sets a time. Asked of resolved ones. */
export type OnTime = (state: ComplianceState.ComplianceState) => boolean | undefined

const endingOf = ({ isLapsed, resolution }: ComplianceState.ComplianceState): RequestEnding => {
  if (resolution === undefined) return isLapsed ? "unverified" : "open"
  const { denialGround, status } = resolution
  return status === "denied" ? `denied:${denialGround ?? "other"}` : status
}

/** Writes the key of an answer. No part has a space. */
export const writeKey = ({ days, ending, isOnTime, regulation, request }: AnswerKey): string => {
  const timing = isOnTime === undefined ? "-" : isOnTime ? "in_time" : "late"
  return [request, regulation, ending, days ?? "-", timing].join(" ")
}

/** Reads the key of an answer. */
export const readKey = (key: string): AnswerKey => {
  const [request, regulation, ending, days, timing] = key.split(" ") as [
    RequestKind,
    string,
    RequestEnding,
    string,
    string,
  ]
  return {
    request,
    regulation,
    ending,
    ...(days !== "-" && { days: Number(days) }),
    ...(timing !== "-" && { isOnTime: timing === "in_time" }),
  }
}

/** The day that answers of requests received in a year are counted on: its first one. */
export const dayOfYear = (year: number): number => CivilDate.toDays(`${String(year).padStart(4, "0")}-01-01`)

const answerOf = (state: ComplianceState.ComplianceState, onTime: OnTime): MetricCount.CountKey => {
  const { clock: regulation, receivedOn, request, resolvedOn } = state
  const isOnTime = resolvedOn === undefined ? undefined : onTime(state)
  const key = writeKey({
    request,
    regulation,
    ending: endingOf(state),
    ...(resolvedOn !== undefined && { days: Math.max(0, CivilDate.daysBetween(receivedOn, resolvedOn)) }),
    ...(isOnTime !== undefined && { isOnTime }),
  })
  return { family: "answers", day: dayOfYear(Number(receivedOn.slice(0, 4))), key }
}

/** What a fact adds, which makes one state of another. `before`: `undefined` for the first fact. */
export const ofFact = (
  before: ComplianceState.ComplianceState | undefined,
  after: ComplianceState.ComplianceState,
  { at }: Pick<ComplianceFact, "at">,
  onTime: OnTime,
): ReadonlyArray<MetricCount.CountChange> => {
  const day = MetricCount.dayOf(at)
  const [left, entered] = [before && ComplianceState.statusOf(before), ComplianceState.statusOf(after)]
  const changes: Array<MetricCount.CountChange> = [{ ...answerOf(after, onTime), count: 1 }]
  if (before === undefined) changes.push({ family: "requests", day, key: "", count: 1 })
  else changes.push({ ...answerOf(before, onTime), count: -1 })
  if (left !== entered) {
    changes.push({ family: "entered", day, key: entered, count: 1 })
    changes.push({ family: "standing", day, key: entered, count: 1 })
    if (left !== undefined) changes.push({ family: "standing", day, key: left, count: -1 })
  }
  return changes
}

/** What facts of one request add, from an ordinal up to another one. `facts`: all of them, in order, from the first. */
export const ofRequest = (
  facts: ReadonlyArray<ComplianceFact>,
  from: number,
  to: number,
  onTime: OnTime,
): ReadonlyArray<MetricCount.CountChange> => {
  const changes: Array<MetricCount.CountChange> = []
  let state: ComplianceState.ComplianceState | undefined
  for (const fact of facts.slice(0, to)) {
    const after = ComplianceState.apply(state, fact)
    if (fact.ordinal >= from && after !== undefined) changes.push(...ofFact(state, after, fact, onTime))
    state = after
  }
  return changes
}
