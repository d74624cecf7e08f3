/**
 * Checks what is derived of joins (semantics, section 5): the survivor of each person, the merged heads of each
 * group, and that the lanes of joined people are marked. The facts and the heads are what they are compared with.
 */
import { Effect } from "effect"
import * as Order from "../engine/Order.ts"
import * as Lane from "../model/Lane.ts"
import * as People from "../model/People.ts"
import type { Next, Row, Snapshot } from "../ports/LedgerRows.ts"
import * as TableReader from "../transfer/TableReader.ts"
import * as CatalogCheck from "./CatalogCheck.ts"
import type { Findings } from "./Findings.ts"

/** A person as the facts say. */
interface Expected {
  /** `undefined`: it is alone. */
  readonly survivor: string | undefined
  /** The earliest instant that `learnt` may be; `undefined` for a person that is counted as another one. */
  readonly learnt: number | undefined
}

/** The people that a join was ever about, by the number of their organization and their id. */
type ExpectedPeople = ReadonlyMap<string, Expected>

const keyOf = (owner: number, person: string): string => `${owner} ${person}`

/** The fact of a body; `undefined` if the body is not one. */
const factOf = (body: string): People.Fact | undefined => {
  try {
    const fact: unknown = JSON.parse(body)
    const names = ["id", "kind", "member", "survivor"]
    const isFact = typeof fact === "object" && fact !== null && names.every((name) => name in fact)
    return isFact ? (fact as People.Fact) : undefined
  } catch {
    return undefined
  }
}

/** Reads the facts, of which each is kept for both people that it names. */
const expectedPeople = Effect.fnUntraced(function* (facts: Next<"person_fact">, findings: Findings) {
  const byOwner = new Map<number, Map<string, People.Fact>>()
  const use = ({ body, lane, person }: Row<"person_fact">) => {
    const fact = factOf(body)
    if (fact === undefined) return findings.note({ table: "person_fact", lane, person, what: "cannot be read" })
    const owner = CatalogCheck.numberOf(lane)
    byOwner.set(owner, (byOwner.get(owner) ?? new Map<string, People.Fact>()).set(fact.id, fact))
  }
  yield* TableReader.forEach(facts, (rows) => Effect.sync(() => rows.forEach(use)))
  const expected = new Map<string, Expected>()
  for (const [owner, known] of byOwner) {
    for (const { learnt, members, survivor } of People.everJoined([...known.values()])) {
      for (const member of members) {
        const isSurvivor = member === survivor
        expected.set(keyOf(owner, member), {
          survivor: members.length === 1 ? undefined : survivor,
          learnt: isSurvivor ? learnt : undefined,
        })
      }
    }
  }
  return expected as ExpectedPeople
})

/** Checks the rows of people against the facts. */
const checkPeople = Effect.fnUntraced(function* (people: Next<"person">, expected: ExpectedPeople, findings: Findings) {
  const missing = new Map(expected)
  const use = ({ lane, learnt, person, survivor }: Row<"person">) => {
    const key = keyOf(CatalogCheck.numberOf(lane), person)
    const wanted = expected.get(key)
    missing.delete(key)
    const note = (what: string) => findings.note({ table: "person", lane, person, what })
    if ((survivor ?? undefined) !== wanted?.survivor) note("survivor is not what the facts say")
    if (wanted?.learnt !== undefined && (learnt ?? -Infinity) < wanted.learnt) {
      note("learnt is before the last fact about the person's group")
    }
  }
  yield* TableReader.forEach(people, (rows) => Effect.sync(() => rows.forEach(use)))
  for (const key of missing.keys()) findings.note({ table: "person", person: key.split(" ")[1]!, what: "is missing" })
})

const headKey = ({ consent_state, consent_type, lane, person }: Row<"head">): string =>
  `${lane} ${person} ${consent_type} ${consent_state}`

const orderOf = ({ consent_date, event_id, recorded_at }: Row<"head">) => ({
  consentDate: consent_date,
  dateCreated: recorded_at,
  id: event_id,
})

/** The number of the organization of each project, by the number of the project. */
const organizationsOf = ({ byNumber, projects }: CatalogCheck.Owners): ReadonlyMap<number, number> => {
  const numbers = new Map([...byNumber].map(([number, { id }]) => [id, number]))
  return new Map([...projects.values()].map(({ number, organization }) => [number, numbers.get(organization)!]))
}

/** Checks the merged heads against the heads of the people of each group. */
const checkHeads = Effect.fnUntraced(function* (
  heads: Next<"head">,
  joinedHeads: Next<"joined_head">,
  survivorOf: (lane: number, person: string) => string | undefined,
  findings: Findings,
) {
  const merged = new Map<string, Row<"head">>()
  const merge = (row: Row<"head">) => {
    const survivor = survivorOf(row.lane, row.person)
    if (survivor === undefined) return
    const head = { ...row, person: survivor }
    const before = merged.get(headKey(head))
    if (before === undefined || Order.isLater(orderOf(head), orderOf(before))) merged.set(headKey(head), head)
  }
  yield* TableReader.forEach(heads, (rows) => Effect.sync(() => rows.forEach(merge)))
  const note = ({ consent_state, consent_type, lane, person }: Row<"head">, what: string) =>
    findings.note({
      table: "joined_head",
      lane,
      person,
      consentType: consent_type,
      consentState: consent_state,
      what,
    })
  const compare = (row: Row<"joined_head">) => {
    const expected = merged.get(headKey(row))
    merged.delete(headKey(row))
    if (expected === undefined) note(row, "no one of the group has such a head")
    else if (row.position !== expected.position || row.event_id !== expected.event_id) {
      note(row, `is not the latest event of the group, position ${expected.position}`)
    } else if (row.consent_date !== expected.consent_date || row.recorded_at !== expected.recorded_at) {
      note(row, "has not the dates of its event")
    }
  }
  yield* TableReader.forEach(joinedHeads, (rows) => Effect.sync(() => rows.forEach(compare)))
  for (const head of merged.values()) note(head, `is missing: it is position ${head.position}`)
})

/**
 * Checks that every lane in which a joined person lives is marked. A lane without events is marked with its first one.
 */
const checkLanes = (
  lanes: ReadonlyArray<Row<"lane_head">>,
  owners: CatalogCheck.Owners,
  expected: ExpectedPeople,
  findings: Findings,
): void => {
  const organizations = organizationsOf(owners)
  const projects = Map.groupBy(owners.projects.values(), ({ number }) => organizations.get(number))
  const needed = new Set<number>()
  for (const [key, { survivor }] of expected) {
    const [owner, person] = key.split(" ") as [string, string]
    if (survivor === undefined) continue
    for (const project of projects.get(Number(owner)) ?? []) needed.add(Lane.of(project, person))
  }
  for (const { has_joined, lane, next_position } of lanes) {
    if (needed.has(lane) && !has_joined && next_position > 0) {
      findings.note({ table: "lane_head", lane, what: "joined people live in the lane, and it is not marked" })
    }
  }
}

/** Checks the rows that are derived of joins. `people` and `joinedHeads` are read in full. */
export const check = Effect.fnUntraced(function* (
  people: Next<"person">,
  joinedHeads: Next<"joined_head">,
  snapshot: Snapshot,
  owners: CatalogCheck.Owners,
  lanes: ReadonlyArray<Row<"lane_head">>,
  findings: Findings,
) {
  const expected = yield* expectedPeople(yield* snapshot.rows("person_fact"), findings)
  yield* checkPeople(people, expected, findings)
  const organizations = organizationsOf(owners)
  const survivorOf = (lane: number, person: string) =>
    expected.get(keyOf(organizations.get(CatalogCheck.numberOf(lane)) ?? -1, person))?.survivor
  yield* checkHeads(yield* snapshot.rows("head"), joinedHeads, survivorOf, findings)
  checkLanes(lanes, owners, expected, findings)
})
