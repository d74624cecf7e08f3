/**
 * Writes the survivors of joined people, and the merged heads of their groups. A row of `joined_head` has the lane of
 * the event that it leads to, so it is written only under the lock of that lane.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { Append, GroupChange, Joining } from "../../core/ports/LedgerStore.ts"
import * as PersonWriter from "./PersonWriter.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as HeadRows from "./HeadRows.ts"
import * as Lanes from "./Lanes.ts"
import * as Sql from "./Sql.ts"

const raised = HeadRows.raise("joined_head")

/** Everyone whose lanes a change of groups locks. */
const peopleOf = (joining: Joining): ReadonlySet<string> =>
  new Set([...PeopleLanes.survivorsOf(joining), ...joining.groups.flatMap(({ members }) => members)])

const lanes = ArrayColumns.make<number>({ lane: ["bigint", (lane) => lane] })

/**
 * Locks the lanes of a change's people in all projects, in ascending order, and marks them: from now on an append to
 * one of them looks for joined people. Returns those that have events.
 */
export const lockLanes = Effect.fnUntraced(function* (sql: Sql.Sql, joining: Joining) {
  const rows = yield* Sql.query<{ readonly lane: number; readonly next_position: number }>(
    sql,
    `INSERT INTO lane_head SELECT v.lane, 0, 0, true FROM ${lanes.rows} v ORDER BY v.lane
     ON CONFLICT (lane) DO UPDATE SET has_joined = true RETURNING lane, next_position`,
    lanes.parameters(PeopleLanes.inProjects(joining.projects, peopleOf(joining))),
  )
  return new Set(rows.flatMap(({ lane, next_position }) => (next_position > 0 ? [lane] : [])))
})

/**
 * Whether a change was prepared against the catalog as it is. It stays so until the transaction ends, so that no
 * project is made meanwhile whose lanes are not marked.
 */
export const isCurrent = (sql: Sql.Sql, { catalog }: Pick<Joining, "catalog">) =>
  Effect.map(
    Sql.query(sql, "SELECT revision FROM catalog_head WHERE lane = $1 AND revision = $2 FOR SHARE", [
      Lanes.catalog,
      catalog,
    ]),
    (rows) => rows.length > 0,
  )

/** Everyone whose row of `person` a change of groups writes. */
export const writtenPeople = ({ groups }: Joining): ReadonlyArray<string> =>
  groups.flatMap(({ members, survivor }) => [...members, survivor])

interface CountedPerson {
  readonly organization: Lane.Owner
  readonly concordId: string
  readonly survivor: string | undefined
  readonly learnt: number | undefined
}

const counted = ArrayColumns.make<CountedPerson>({
  lane: ["bigint", ({ concordId, organization }) => Lane.of(organization, concordId)],
  person: ["uuid", ({ concordId }) => concordId],
  survivor: ["uuid", ({ survivor }) => survivor],
  learnt: ["bigint", ({ learnt }) => learnt],
})

const countedPeople = (organization: Lane.Owner, { groups, learnt }: Pick<Joining, "groups" | "learnt">) =>
  groups.flatMap(({ members, survivor }) =>
    [...new Set([...members, survivor])].map((concordId): CountedPerson => {
      const isSurvivor = concordId === survivor
      return {
        organization,
        concordId,
        survivor: members.length === 0 ? undefined : survivor,
        learnt: isSurvivor ? learnt : undefined,
      }
    }),
  )

interface Member extends Pick<GroupChange, "survivor"> {
  readonly lane: number
  readonly member: string
}

const members = ArrayColumns.make<Member>({
  lane: ["bigint", ({ lane }) => lane],
  person: ["uuid", ({ member }) => member],
  survivor: ["uuid", ({ survivor }) => survivor],
})

/** The members of groups in each of some lanes, which are those with events. */
const membersOf = (
  { groups, projects }: Pick<Joining, "groups" | "projects">,
  lanes: ReadonlySet<number>,
): ReadonlyArray<Member> => {
  const withEvents = projects.filter((project) => Lane.all(project).some((lane) => lanes.has(lane)))
  return groups.flatMap(({ members, survivor }) =>
    members.flatMap((member) =>
      withEvents.flatMap((project) => {
        const lane = Lane.of(project, member)
        return lanes.has(lane) ? [{ lane, member, survivor }] : []
      }),
    ),
  )
}

/** Writes groups of people whose rows are there, and copies the heads, in some lanes, of those that are added. */
export const write = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  joining: Pick<Joining, "groups" | "learnt" | "projects">,
  lanes: ReadonlySet<number>,
) {
  yield* Sql.query(
    sql,
    `UPDATE person p SET survivor = v.survivor, learnt = coalesce(v.learnt, p.learnt)
     FROM ${counted.rows} v WHERE p.lane = v.lane AND p.person = v.person`,
    counted.parameters(countedPeople(organization, joining)),
  )
  const added = membersOf(joining, lanes)
  if (added.length === 0) return
  yield* Sql.query(
    sql,
    `INSERT INTO joined_head
     SELECT DISTINCT ON (h.lane, v.survivor, h.consent_type, h.consent_state) h.lane, v.survivor, h.consent_type,
       h.consent_state, h.consent_date, h.recorded_at, h.event_id, h.position
     FROM ${members.rows} v JOIN head h ON h.lane = v.lane AND h.person = v.person
     ORDER BY h.lane, v.survivor, h.consent_type, h.consent_state,
       h.consent_date DESC, h.recorded_at DESC, h.event_id DESC ${raised}`,
    members.parameters(added),
  )
})

/**
 * Writes a change of groups, and raises the revision of each of its people. Their lanes and their rows of `person` must
 * be locked; `lanes` are those with events.
 */
export const change = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  joining: Joining,
  lanes: ReadonlySet<number>,
) {
  const { dissolved } = joining
  // The people of a group that is dissolved are in the groups again, so its merged heads are in their lanes.
  if (dissolved.length > 0 && lanes.size > 0) {
    yield* Sql.query(sql, "DELETE FROM joined_head WHERE lane = ANY($1::bigint[]) AND person = ANY($2::uuid[])", [
      [...lanes],
      dissolved,
    ])
  }
  yield* PersonWriter.raise(sql, organization, writtenPeople(joining))
  yield* write(sql, organization, joining, lanes)
})

/**
 * Raises the merged heads that events of joined people are later than. `placed` are those in lanes that are marked; the
 * lanes must be locked.
 */
export const raise = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  requests: ReadonlyArray<Append>,
  placed: ReadonlyArray<Lanes.Placed>,
) {
  if (placed.length === 0) return
  const organizations = new Map(requests.map(({ organization, project }) => [project.number, organization]))
  const people = new Map(
    placed.map(({ event: { concordId }, project }) => {
      const organization = organizations.get(project.number)!
      return [`${organization.number} ${concordId}`, { organization, concordId }] as const
    }),
  )
  const rows = yield* Sql.query<{ readonly lane: number; readonly person: string; readonly survivor: string }>(
    sql,
    `SELECT p.lane, p.person, p.survivor FROM ${PersonWriter.people.rows} v
     JOIN person p ON p.lane = v.lane AND p.person = v.person WHERE p.survivor IS NOT NULL`,
    PersonWriter.people.parameters([...people.values()]),
  )
  const survivors = new Map(rows.map(({ lane, person, survivor }) => [`${lane} ${person}`, survivor]))
  const joined = placed.flatMap((each): ReadonlyArray<Lanes.Placed> => {
    const { concordId } = each.event
    const survivor = survivors.get(`${Lane.of(organizations.get(each.project.number)!, concordId)} ${concordId}`)
    return survivor === undefined ? [] : [{ ...each, event: { ...each.event, concordId: survivor } }]
  })
  if (joined.length === 0) return
  yield* Sql.query(
    sql,
    `INSERT INTO joined_head SELECT * FROM ${HeadRows.rows} v ${raised}`,
    HeadRows.parameters(joined),
  )
})

/** Whether anyone in an organization is joined. */
export const hasAny = (sql: Sql.Sql, organization: Lane.Owner) =>
  Effect.map(
    Sql.query(sql, "SELECT 1 AS found FROM person WHERE lane = ANY($1::bigint[]) AND survivor IS NOT NULL LIMIT 1", [
      Lane.all(organization),
    ]),
    (rows) => rows.length > 0,
  )
