/**
 * The changes of a project as plain values, as they come.
 */
import { Effect, Schema } from "effect"
import { maxLimit, maxLimitWithDecisions, typesOf } from "../../core/feed/Change.ts"
import * as Changes from "../../core/feed/Changes.ts"
import { Ledger } from "../../core/Ledger.ts"
import { Uuid } from "../../core/formats/Fields.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import { Closed, MarkLost, Refusal, type Violation } from "./Errors.ts"
import * as Given from "./Given.ts"
import type { Change, ChangeBatch, ChangeOptions } from "./OpenLedger.ts"
import type { Runtime } from "./Runtime.ts"

/** How long one reading waits, in milliseconds. */
const waitMillis = 60_000

/** How many changes are read at a time, unless decisions are made for each. */
const atATime = 1000

const members: ReadonlyArray<keyof ChangeOptions> = [
  "after",
  "types",
  "consentTypes",
  "people",
  "limit",
  "include",
  "isFollowing",
  "signal",
]

const isListOf = (given: unknown, is: (value: unknown) => boolean): boolean =>
  given === undefined || (Array.isArray(given) && given.every(is))

const isType = (name: unknown): boolean => typeof name === "string" && typesOf(name).length > 0

const isUuid = Schema.is(Uuid)

const faultsOf = (options: ChangeOptions): ReadonlyArray<Violation> => {
  const { after, consentTypes, include, isFollowing, limit, people, types } = options
  const max = include === undefined ? maxLimit : maxLimitWithDecisions
  const isLimit = limit === undefined || (Number.isInteger(limit) && limit >= 1 && limit <= max)
  const checks: ReadonlyArray<readonly [member: string, isGood: boolean, expected: string]> = [
    ["after", after === undefined || typeof after === "string", "a mark, start or now"],
    ["types", isListOf(types, isType), "types of changes, such as decision.changed or decision.*"],
    ["consentTypes", isListOf(consentTypes, isUuid), "ids of consent types"],
    ["people", isListOf(people, isUuid), "ids of people"],
    ["limit", isLimit, `a whole number from 1 to ${max}`],
    ["include", include === undefined || include === "decision", "decision"],
    ["isFollowing", isFollowing === undefined || typeof isFollowing === "boolean", "true or false"],
  ]
  return [
    ...Given.unknownMembers(options, members, ""),
    ...checks
      .filter(([, isGood]) => !isGood)
      .map(([member, , expected]) => ({ pointer: `/${member}`, code: "invalid", detail: `expected ${expected}` })),
  ]
}

const lower = (ids: ReadonlyArray<string>) => ids.map((id) => id.toLowerCase())

const queryOf = ({ consentTypes, include, limit, people, types }: ChangeOptions): Changes.ChangeQuery => ({
  limit: limit ?? (include === undefined ? atATime : maxLimitWithDecisions),
  ...(types !== undefined && { types }),
  ...(consentTypes !== undefined && { consentTypes: lower(consentTypes) }),
  ...(people !== undefined && { people: lower(people) }),
  ...(include !== undefined && { includesDecision: true }),
})

const unknownMark: Violation = {
  pointer: "/after",
  code: "unknown_mark",
  detail: "is not a mark of this project: give one that it returned, start or now",
}

const asError = (fault: Changes.ReadFault): unknown =>
  fault._tag === "UnknownMark"
    ? new Refusal("no changes were read", [unknownMark])
    : fault._tag === "MarkLost"
      ? new MarkLost(fault.mark)
      : fault

/** Done when a signal is aborted. */
const aborted = (signal: AbortSignal): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const end = () => resume(Effect.void)
    if (signal.aborted) return end()
    signal.addEventListener("abort", end, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", end))
  })

const toBatch = ({ isCurrent, items, mark }: Changes.ChangeBatch): ChangeBatch => ({
  items: items.map(({ json }) => JSON.parse(json) as Change),
  mark,
  isCurrent,
})

/** Reads the changes of a project. Ends when its signal is aborted, and when the ledger is closed. */
export async function* of(
  scope: ProjectScope,
  options: ChangeOptions,
  { closing, run }: Pick<Runtime, "closing" | "run">,
): AsyncGenerator<ChangeBatch, void, void> {
  const violations = faultsOf(options)
  if (violations.length > 0) throw new Refusal("no changes were read", violations)
  const { isFollowing = true, signal } = options
  const query = queryOf(options)
  const orUntil = signal === undefined ? closing : Effect.raceFirst(closing, aborted(signal))
  let after = options.after ?? "start"
  for (let isFirst = true; signal?.aborted !== true; isFirst = false) {
    const read = Effect.flatMap(Ledger, (ledger) =>
      ledger.changes(scope, { ...query, after }, { millis: isFollowing ? waitMillis : 0, orUntil }),
    )
    let batch: Changes.ChangeBatch
    try {
      batch = await run(Effect.mapError(read, asError))
    } catch (error) {
      // A reader that waits does not keep the ledger from being closed.
      if (error instanceof Closed && !isFirst) return
      throw error
    }
    if (isFirst || batch.items.length > 0 || batch.mark !== after) yield toBatch(batch)
    after = batch.mark
    if (!isFollowing && batch.isCurrent) return
  }
}
