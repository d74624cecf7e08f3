/**
 * Checks compliance requests: the facts of a lane have no gap, and neither have those of a request; the row of each
 * request is what its facts make of it; and what is personal has the form of what was encrypted, belongs to a request,
 * and has a key. What is encrypted is not opened. Mails and files of a request are checked with it.
 */
import { Effect } from "effect"
import * as CivilDate from "../compliance/CivilDate.ts"
import type { Actor, FactKind } from "../compliance/ComplianceFact.ts"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import * as Lane from "../model/Lane.ts"
import * as ComplianceBody from "../ports/ComplianceBody.ts"
import type { ComplianceRow } from "../ports/ComplianceStore.ts"
import * as FoldedRequest from "../ports/FoldedRequest.ts"
import type { Next, Row, TableName } from "../ports/LedgerRows.ts"
import * as TableReader from "../transfer/TableReader.ts"
import * as CatalogCheck from "./CatalogCheck.ts"
import type { Findings } from "./Findings.ts"
import type { MailCheck } from "./MailCheck.ts"
import type { RequestFileCheck } from "./RequestFileCheck.ts"
import * as SealedForm from "./SealedForm.ts"

/** The rows that are checked together, each in the order of its key. */
export interface Tables {
  readonly heads: ReadonlyArray<Row<"compliance_head">>
  readonly facts: Next<"compliance_fact">
  readonly requests: Next<"compliance_request">
  readonly privates: Next<"compliance_private">
  readonly keys: Next<"request_key">
  readonly mails: MailCheck
  readonly files: RequestFileCheck
}

/** A place in the order in which requests, private rows and keys are read. */
type Place = Pick<Row<"request_key">, "lane" | "request">

const compare = (a: Place, b: Place): number =>
  a.lane - b.lane || (a.request < b.request ? -1 : a.request > b.request ? 1 : 0)

const isInLane = ({ lane, request }: Place, { byNumber }: CatalogCheck.Owners): boolean => {
  const owner = byNumber.get(CatalogCheck.numberOf(lane))
  return owner !== undefined && "organization" in owner && Lane.of(owner, request) === lane
}

/** The fact of a row; `undefined` if the body cannot be read. */
const factOf = (row: Row<"compliance_fact">) => {
  try {
    const { actor, body, day, fact_id, kind, ordinal, recorded_at, request } = row
    // The columns are text; what they hold is not checked further than that the request follows from it.
    const columns = { id: fact_id, requestId: request, ordinal, at: recorded_at, on: day, by: actor as Actor }
    return ComplianceBody.read({ ...columns, kind: kind as FactKind }, body)
  } catch {
    return undefined
  }
}

/** A request while the facts of its lane are read. */
interface Folded {
  readonly state: ComplianceState.ComplianceState | undefined
  readonly ordinal: number
}

/** A JSON value as text, with the members of objects in order. */
const inOrder = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

const isSameJson = (text: string, expected: string): boolean => {
  try {
    return inOrder(JSON.parse(text)) === inOrder(JSON.parse(expected))
  } catch {
    return false
  }
}

/** The columns of a request that do not follow from its state. */
const wrongColumns = (row: Row<"compliance_request">, expected: ComplianceRow): ReadonlyArray<string> => {
  const columns: Readonly<
    Record<Exclude<keyof typeof row, "lane" | "request" | "due_on" | "sweep_on" | "state">, unknown>
  > = {
    ordinal: expected.ordinal,
    kind: expected.kind,
    status: expected.status,
    resolution_status: expected.resolutionStatus ?? null,
    regulation: expected.regulation,
    domain: expected.domain ?? null,
    country: expected.country ?? null,
    request_date: expected.requestDate,
    created_at: expected.dateCreated,
    updated_at: expected.dateUpdated,
    is_lapsed: expected.isLapsed,
  }
  const wrong = Object.entries(columns).filter(([name, value]) => row[name as keyof typeof row] !== value)
  return [...wrong.map(([name]) => name), ...(isSameJson(row.state, expected.state) ? [] : ["state"])]
}

const faultsOfRequest = (row: Row<"compliance_request">, folded: Folded | undefined): ReadonlyArray<string> => {
  if (folded?.state === undefined) return ["is there without the fact that it was opened"]
  const { due_on, sweep_on } = row
  const isDate = (day: string | null): boolean => day === null || CivilDate.parse(day) !== undefined
  const wrong = wrongColumns(row, FoldedRequest.of(row.request, folded.state, due_on ?? undefined))
  return [
    ...(isDate(due_on) ? [] : ["the due date is no date"]),
    ...(isDate(sweep_on) ? [] : ["the day on which it is to be swept is no date"]),
    ...(wrong.length === 0 ? [] : [`does not follow from its facts: ${wrong.join(", ")}`]),
  ]
}

const faultsOfPrivate = (row: Row<"compliance_private">): ReadonlyArray<string> => [
  ...(SealedForm.isWhole(row) ? [] : ["is not what was encrypted"]),
  ...(SealedForm.isHash(row.email_hash) ? [] : ["the hash of the address is none"]),
]

const faultsOfKey = ({ epoch, wrapped }: Row<"request_key">): ReadonlyArray<string> =>
  wrapped.length === SealedForm.digits.wrapped && epoch >= 1 ? [] : ["is not a wrapped key"]

/** Checks the facts of a lane, and folds them. */
const foldLane = Effect.fnUntraced(function* (
  lane: number,
  facts: TableReader.Reader<"compliance_fact", keyof Row<"compliance_fact">>,
  end: number,
  owners: CatalogCheck.Owners,
  findings: Findings,
) {
  const folded = new Map<string, Folded>()
  let next = 0
  for (let row = facts.row; row?.lane === lane; row = facts.row) {
    const { ordinal, position, request } = row
    const note = (what: string) => findings.note({ table: "compliance_fact", lane, position, what })
    const before = folded.get(request) ?? { state: undefined, ordinal: 0 }
    if (position !== next) note(`position ${next} is missing`)
    if (!isInLane(row, owners)) note("is not in the lane of its request")
    if (ordinal !== before.ordinal) note(`the fact ${before.ordinal} of request ${request} is missing`)
    const fact = factOf(row)
    if (fact === undefined) note("the body cannot be read")
    const state = fact === undefined ? before.state : ComplianceState.apply(before.state, fact)
    folded.set(request, { state, ordinal: ordinal + 1 })
    next = position + 1
    yield* facts.advance
  }
  if (next !== end) {
    findings.note({ table: "compliance_head", lane, what: `the next position is ${end}, but the facts end at ${next}` })
  }
  return folded
})

/** Checks the private row and the key of each request, which are in the order of the requests; whether it has a key. */
const makePrivateCheck = Effect.fnUntraced(function* ({ keys, privates }: Tables, findings: Findings) {
  const row = yield* TableReader.reader(privates)
  const key = yield* TableReader.reader(keys)
  const note = (table: TableName, { lane, request }: Place, faults: ReadonlyArray<string>) => {
    for (const fault of faults) findings.note({ table, lane, what: `request ${request}: ${fault}` })
  }
  /** Those before a place belong to no request; `undefined`: all that are left. */
  const passTo = Effect.fnUntraced(function* (place: Place | undefined) {
    const isBefore = (each: Place | undefined): each is Place =>
      each !== undefined && (place === undefined || compare(each, place) < 0)
    for (; isBefore(row.row); yield* row.advance) note("compliance_private", row.row, ["there is no such request"])
    for (; isBefore(key.row); yield* key.advance) note("request_key", key.row, ["there is no such request"])
  })
  const check = Effect.fnUntraced(function* (place: Place) {
    yield* passTo(place)
    const isAt = (each: Place | undefined): boolean => each !== undefined && compare(each, place) === 0
    const [ofRequest, keyOf] = [isAt(row.row) ? row.row : undefined, isAt(key.row) ? key.row : undefined]
    if (ofRequest !== undefined) {
      const hasKey = ofRequest.encrypted === null || keyOf !== undefined
      note("compliance_private", place, [...faultsOfPrivate(ofRequest), ...(hasKey ? [] : ["has no key"])])
      yield* row.advance
    }
    if (keyOf !== undefined) {
      note("request_key", place, [...faultsOfKey(keyOf), ...(ofRequest === undefined ? ["opens nothing"] : [])])
      yield* key.advance
    }
    return keyOf !== undefined
  })
  return { check, finish: passTo(undefined) }
})

/** Checks the compliance requests, whose tables are read at the same time, lane by lane. */
export const check = Effect.fnUntraced(function* (tables: Tables, owners: CatalogCheck.Owners, findings: Findings) {
  const ends = new Map(tables.heads.map(({ lane, next_position }) => [lane, next_position]))
  const facts = yield* TableReader.reader(tables.facts)
  const request = yield* TableReader.reader(tables.requests)
  const privates = yield* makePrivateCheck(tables, findings)
  while (facts.row !== undefined || request.row !== undefined) {
    const lane = Math.min(facts.row?.lane ?? Infinity, request.row?.lane ?? Infinity)
    const folded = yield* foldLane(lane, facts, ends.get(lane) ?? 0, owners, findings)
    ends.delete(lane)
    for (let row = request.row; row?.lane === lane; row = request.row) {
      const note = (what: string) =>
        findings.note({ table: "compliance_request", lane, what: `request ${row!.request}: ${what}` })
      const ofFacts = folded.get(row.request)
      for (const fault of faultsOfRequest(row, ofFacts)) note(fault)
      folded.delete(row.request)
      const hasKey = yield* privates.check(row)
      yield* tables.mails.check(row, hasKey)
      yield* tables.files.check(row, ofFacts?.state?.files ?? [], hasKey)
      yield* request.advance
    }
    for (const id of folded.keys()) {
      findings.note({ table: "compliance_request", lane, what: `request ${id} has facts, and is missing` })
    }
    yield* Effect.yieldNow
  }
  yield* Effect.all([privates.finish, tables.mails.finish, tables.files.finish])
  for (const [lane, end] of ends) {
    if (end > 0) findings.note({ table: "compliance_head", lane, what: `counts ${end} facts, and there is none` })
  }
})
