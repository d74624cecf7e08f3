/**
 * Finds the rows of a company's own list whose people a simulation names.
 *
 * A ledger keeps identifiers as keyed hashes, so it can say which people a row names, but cannot write their addresses.
 * A row is chosen only if everyone that its identifiers name is concerned, because in doubt a person is not asked.
 * For the same reason no one is to be asked again that has said no since the simulation.
 */
import { Effect, Result } from "effect"
import * as DiffRead from "../formats/DiffRead.ts"
import type { Instant } from "../engine/Instant.ts"
import type * as Joins from "../ledger/Joins.ts"
import type { PersonAnswer, PersonQuestion, TypeDecision } from "../ledger/Reading.ts"
import * as Admission from "../model/Admission.ts"
import type { Organization, ProjectScope } from "../model/Catalog.ts"
import type { Identifiers } from "../model/People.ts"
import type * as Resolving from "../people/Resolving.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Intake from "./Intake.ts"

/** The people and consent types that are concerned, by a key, and whether a row was chosen for each. */
export type Concerned = Map<string, boolean>

/** The use cases that say which people a row names; a ledger has them. */
export interface PersonUseCases {
  readonly find: (scope: ProjectScope, identifiers: Identifiers) => ReturnType<typeof Resolving.find>
  readonly counted: (organization: Organization, concordId: string) => ReturnType<typeof Joins.counted>
  readonly decisions: (question: PersonQuestion) => Effect.Effect<PersonAnswer<TypeDecision>, StoreUnavailable>
}

const keyOf = (concordId: string, consentType: string): string => `${concordId} ${consentType}`

/** Adds the lines of a block of diff.ndjson that hold at an instant. Returns what is wrong with the others. */
export const addLines = (
  block: ReadonlyArray<Intake.FileRow>,
  { at, concern }: { readonly at: Instant; readonly concern: DiffRead.Concern },
  pairs: Concerned,
): ReadonlyArray<Intake.Rejection> => {
  const rejections: Array<Intake.Rejection> = []
  for (const row of block) {
    if ("faults" in row) {
      rejections.push(...row.faults.map((fault) => ({ line: row.line, ...fault })))
      continue
    }
    const decoded = DiffRead.decode(row.value)
    if (Result.isFailure(decoded)) {
      const faults = decoded.failure.map(({ code, detail, pointer }) => ({ code, detail, field: pointer.slice(1) }))
      rejections.push(...faults.map((fault) => ({ line: row.line, ...fault })))
      continue
    }
    const line = decoded.success
    const isHeld = line.from <= at && at < line.until
    if (isHeld && DiffRead.has[concern](line)) pairs.set(keyOf(line.concordId, line.consentType), false)
  }
  return rejections
}

/**
 * The fate of a row. `further`: everyone that it names is concerned, and had a row before. `unknown`: its identifiers
 * name no one. `refused`: one of them would have to be asked again, but the answer is a no now.
 */
export type Fate =
  | "chosen"
  | "further"
  | "refused"
  | "unconcerned"
  | "unknown"
  | "skipped"
  | ReadonlyArray<Intake.RowFault>

/** How rows are read, and of which project. */
export interface Selecting extends ProjectScope {
  readonly concern: DiffRead.Concern
  readonly map: NonNullable<Intake.Intake["map"]>
}

const peopleOf = Effect.fnUntraced(function* (item: Admission.Item, scope: ProjectScope, ledger: PersonUseCases) {
  const found = yield* ledger.find(scope, item.person)
  if (found._tag === "Refused") return []
  const named = [found, ...(found.further ?? [])].flatMap(({ concordId }) => concordId ?? [])
  const counted = yield* Effect.forEach([...new Set(named)], (concordId) =>
    Effect.map(ledger.counted(scope.organization, concordId), ({ survivor }) => survivor),
  )
  return [...new Set(counted)]
})

/** Whether the answer of one of the people about a type is a refusal now. */
const hasRefused = Effect.fnUntraced(function* (
  people: ReadonlyArray<string>,
  consentType: string,
  { organization, project }: ProjectScope,
  { decisions }: PersonUseCases,
) {
  for (const concordId of people) {
    const { items } = yield* decisions({ organization, project, concordId, consentTypes: [consentType] })
    if (items.some(({ decision }) => DiffRead.isRefusal(decision))) return true
  }
  return false
})

/** Says what becomes of a row. */
export const choose = Effect.fnUntraced(function* (
  row: Intake.FileRow,
  { concern, map, ...scope }: Selecting,
  pairs: Concerned,
  ledger: PersonUseCases,
): Effect.fn.Return<Fate, StoreUnavailable> {
  if ("faults" in row) return row.faults
  const mapped = map(row.value)
  if (Result.isFailure(mapped)) return mapped.failure
  if (mapped.success === Intake.skipped) return "skipped"
  const decoded = Intake.toItem(mapped.success)
  if (Result.isFailure(decoded)) {
    return decoded.failure.map(({ code, detail, pointer }) => ({ code, detail, field: pointer.slice(1) }))
  }
  const type = Admission.findType(decoded.success, scope.types)
  if ("code" in type) return [type]
  const people = yield* peopleOf(decoded.success, scope, ledger)
  if (people.length === 0) return "unknown"
  const keys = people.map((concordId) => keyOf(concordId, type.id))
  if (!keys.every((key) => pairs.has(key))) return "unconcerned"
  if (keys.every((key) => pairs.get(key) === true)) return "further"
  if (concern === "must-be-asked-again" && (yield* hasRefused(people, type.id, scope, ledger))) return "refused"
  for (const key of keys) pairs.set(key, true)
  return "chosen"
})
