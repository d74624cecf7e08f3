/**
 * The query of a request for changes, and the errors of reading them.
 */
import { Effect } from "effect"
import * as Change from "../../../core/feed/Change.ts"
import * as Changes from "../../../core/feed/Changes.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import type { StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import * as Answer from "../server/Answer.ts"

/** The query, as it is decoded. */
export interface GivenQuery {
  readonly after?: string
  readonly limit?: number
  readonly wait?: number
  readonly types?: ReadonlyArray<string>
  readonly consentType?: ReadonlyArray<string>
  readonly concordId?: ReadonlyArray<string>
  readonly part?: string
  readonly include?: ReadonlyArray<"decision">
}

const invalid = (parameter: string, detail: string) =>
  new Answer.HttpProblem({
    status: 400,
    detail: "the query is not valid",
    errors: [{ parameter, code: "invalid", detail }],
  })

const partOf = (part: string, { lanes }: ProjectScope["project"]) => {
  const [rest, of] = part.split("/").map(Number) as [number, number]
  return rest < of && of <= lanes
    ? Effect.succeed({ rest, of })
    : Effect.fail(invalid("part", `expected K/N, with K from 0 below N, and N from 1 to ${lanes}`))
}

const lower = (ids: ReadonlyArray<string>) => ids.map((id) => id.toLowerCase())

/** What is read. Fails with 400 if a part or a limit is not possible. */
export const of = Effect.fnUntraced(function* (
  { project }: ProjectScope,
  { after, concordId, consentType, include = [], limit, part, types }: GivenQuery,
): Effect.fn.Return<Changes.ChangeQuery, Answer.HttpProblem> {
  const includesDecision = include.length > 0
  if (includesDecision && limit !== undefined && limit > Change.maxLimitWithDecisions) {
    return yield* invalid("limit", `expected at most ${Change.maxLimitWithDecisions} with include`)
  }
  return {
    ...(after !== undefined && { after }),
    ...(limit !== undefined && { limit }),
    ...(types !== undefined && { types }),
    ...(consentType !== undefined && { consentTypes: lower(consentType) }),
    ...(concordId !== undefined && { people: lower(concordId) }),
    ...(part !== undefined && { part: yield* partOf(part, project) }),
    ...(includesDecision && { includesDecision }),
  }
})

const unknownMark = new Answer.HttpProblem({
  status: 400,
  detail: "the mark is not known: send mark of an answer about this project, start or now",
  errors: [{ parameter: "after", code: "unknown_mark", detail: "is not a mark of this project" }],
})

const markLost = (mark: string) =>
  new Answer.HttpProblem({
    status: 410,
    detail: "the ledger has lost what is before the mark: go on from mark, and compare what you hold with the answers",
    errors: [{ parameter: "after", code: "mark_lost", detail: "names changes that the ledger does not have any more" }],
    mark,
  })

/** Why changes cannot be read, as it is answered. */
export const problemOf = (fault: Changes.ReadFault): Answer.HttpProblem | StoreUnavailable =>
  fault._tag === "UnknownMark" ? unknownMark : fault._tag === "MarkLost" ? markLost(fault.mark) : fault
