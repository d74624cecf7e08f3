/**
 * Planning a batch: every item is admitted and its person resolved, against the ledger as it is now
 * (semantics, sections 1 and 5).
 */
import { Effect } from "effect"
import * as Admission from "../model/Admission.ts"
import type { Organization } from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import * as People from "../model/People.ts"
import type { Batch, ItemViolation, NumberedItem } from "./Batch.ts"
import * as Identifiers from "./Identifiers.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** An item that may be recorded, and its person. */
export interface AdmittedItem extends NumberedItem {
  readonly event: Admission.Admitted
  readonly concordId: string
}

/** The items to record and the aliases they claim; where there are violations, nothing may be recorded. */
export interface BatchPlan {
  readonly violations: ReadonlyArray<ItemViolation>
  readonly claims: ReadonlyArray<People.Claim>
  readonly admitted: ReadonlyArray<AdmittedItem>
}

/** The identifiers of an item, normalized and hashed; or what is wrong with them. */
type HashedPerson =
  | { readonly concordId: string | undefined; readonly aliases: ReadonlyArray<People.Alias> }
  | { readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }

const hashPeople = Effect.fnUntraced(function* (
  items: ReadonlyArray<NumberedItem>,
  { organization, project }: Batch,
  { hasherOf }: LedgerContext,
) {
  const hasher = yield* hasherOf(organization)
  const people: Array<HashedPerson> = []
  for (const { draft } of items) {
    const person = Identifiers.normalize(draft.person)
    if ("faults" in person) people.push(person)
    else {
      const aliases = yield* hasher.aliases(person.identifiers, project)
      people.push({ concordId: person.identifiers.concordId, aliases })
    }
  }
  return people
})

/** The person that each alias of the items names now, by the hash of the alias. */
const namedBy = Effect.fnUntraced(function* (
  organization: Organization,
  people: ReadonlyArray<HashedPerson>,
  { store }: LedgerContext,
) {
  const hashes = people.flatMap((person) => ("aliases" in person ? person.aliases.map(({ hash }) => hash) : []))
  const distinct = [...new Set(hashes)]
  const named = distinct.length === 0 ? [] : yield* store.people.byAlias(organization, distinct)
  return new Map(distinct.map((hash, index) => [hash, named[index]?.concordId]))
})

/**
 * Maps each person to the survivor of their join, so that two identifiers of one joined person are not reported as a
 * conflict. Only of items whose identifiers name several people.
 */
const survivorsOf = Effect.fnUntraced(function* (
  organization: Organization,
  people: ReadonlyArray<HashedPerson>,
  named: ReadonlyMap<string, string | undefined>,
  context: LedgerContext,
) {
  const survivors = new Map<string, string>()
  for (const person of people) {
    if ("faults" in person) continue
    const ids = [person.concordId, ...person.aliases.map(({ hash }) => named.get(hash))]
    const distinct = new Set(ids.filter((id) => id !== undefined))
    if (distinct.size < 2) continue
    for (const id of distinct) survivors.set(id, (yield* Joins.counted(organization, id, context)).survivor)
  }
  return survivors
})

const conflictOf = (
  item: number,
  { kind, with: other }: { readonly kind: string; readonly with: string },
): ItemViolation => ({
  item,
  code: "identifier_conflict",
  field: kind as keyof People.Identifiers,
  detail: `names another person than ${other} does; nothing is merged without proof`,
})

/**
 * Plans items of a batch at the instant `now`. An alias that one item claims names the same person for the items after
 * it.
 */
export const make = Effect.fnUntraced(function* (
  items: ReadonlyArray<NumberedItem>,
  batch: Batch,
  now: Instant,
  context: LedgerContext,
) {
  const { organization, project, types } = batch
  const people = yield* hashPeople(items, batch, context)
  const named = yield* namedBy(organization, people, context)
  const survivors = yield* survivorsOf(organization, people, named, context)
  const isSame = (one: string, other: string) => survivors.has(one) && survivors.get(one) === survivors.get(other)
  const violations: Array<ItemViolation> = []
  const claims: Array<People.Claim> = []
  const admitted: Array<AdmittedItem> = []
  for (const [index, { draft, item }] of items.entries()) {
    const person = people[index]!
    const event = Admission.admit(draft, types, project.status, now)
    if (!("type" in event)) violations.push(...event.map((fault) => ({ item, ...fault })))
    if ("faults" in person) {
      violations.push(...person.faults.map((fault) => ({ item, ...fault })))
      continue
    }
    const resolution = People.resolve(person.concordId, person.aliases, (hash) => named.get(hash), isSame)
    if ("conflict" in resolution) {
      violations.push(conflictOf(item, resolution.conflict))
      continue
    }
    const concordId = resolution.concordId ?? (yield* context.random.uuidV7())
    for (const alias of resolution.unclaimed) {
      named.set(alias.hash, concordId)
      claims.push({ ...alias, concordId, dateCreated: now })
    }
    if ("type" in event) admitted.push({ draft, item, event, concordId })
  }
  return { violations, claims, admitted } satisfies BatchPlan
})
