/**
 * How groups of joined people change with a fact: a group is added to another one, or falls apart into the groups that
 * its remaining joins make. The store keeps the merged heads of each group.
 */
import { Effect } from "effect"
import type { Organization } from "../model/Catalog.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import { type Instant, min } from "../engine/Instant.ts"
import * as People from "../model/People.ts"
import type { GroupChange, Joining } from "../ports/LedgerStore.ts"

/** A change of groups, whose instant is not known yet. */
export interface Grouping extends Omit<Joining, "learnt"> {
  /** The last change of the groups until now. It may be later than the clock, if the clock was set back. */
  readonly learntBefore: Instant
}

/** The change, recorded at an instant. */
export const at = ({ learntBefore, ...grouping }: Grouping, recordedAt: Instant): Joining => ({
  ...grouping,
  learnt: Math.max(learntBefore, recordedAt),
})

type Store = Pick<LedgerContext, "store">

const changeOf = Effect.fnUntraced(function* (
  organization: Organization,
  dissolved: ReadonlyArray<string>,
  groups: ReadonlyArray<GroupChange>,
  before: ReadonlyArray<Pick<Joins.Counted, "learnt">>,
  { store }: Store,
) {
  const { projects, revision } = yield* store.catalog.current
  const own = [...projects.values()].filter((project) => project.organization === organization.id)
  const lanesOf = own.map(({ lanes, number }) => ({ number, lanes }))
  const learntBefore = before.reduce((latest, { learnt = latest }) => Math.max(latest, learnt), min)
  return { projects: lanesOf, catalog: revision, dissolved, groups, learntBefore } satisfies Grouping
})

/** Adds a guest, and everyone counted as the guest, to the group of a survivor. Reads no fact of the survivor. */
export const add = Effect.fnUntraced(function* (
  organization: Organization,
  guest: Joins.Counted,
  survivor: Pick<Joins.Counted, "isJoined" | "learnt" | "survivor">,
  context: Store,
) {
  const facts = guest.isJoined ? yield* Joins.facts(organization, guest.survivor, context) : []
  const { members } = People.joinedWith(facts, guest.survivor, Infinity)
  const added = survivor.isJoined ? members : [survivor.survivor, ...members]
  const dissolved = guest.isJoined ? [guest.survivor] : []
  const group = { survivor: survivor.survivor, members: added }
  return yield* changeOf(organization, dissolved, [group], [guest, survivor], context)
})

const toChange = ({ members, survivor }: People.Joined): GroupChange => ({
  survivor,
  members: members.length === 1 ? [] : members,
})

/** The groups that remain of one once a join of it is undone. `facts` are those about all its people, now or before. */
export const separate = Effect.fnUntraced(function* (
  organization: Organization,
  before: Joins.Counted,
  facts: ReadonlyArray<People.Fact>,
  undone: People.Fact,
  context: Store,
) {
  const { member, survivor } = undone
  const after = [...facts, undone]
  const groups = new Map(
    [member, survivor].map((person) => {
      const group = toChange(People.joinedWith(after, person, Infinity))
      return [group.survivor, group] as const
    }),
  )
  return yield* changeOf(organization, [before.survivor], [...groups.values()], [before], context)
})
