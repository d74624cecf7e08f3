/**
 * Whether two people both have an account, held or given up: then they are never joined (semantics, section 5), because
 * an account is exactly one person, and a browser is used by several.
 */
import { Effect } from "effect"
import type { Organization } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import * as Resolution from "../model/Resolution.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"

type Store = Pick<LedgerContext, "store">

/** Whether an alias is or was an account. One whose kind was not kept may be one; a renamed one does not count. */
const isAccount = ({ isRenamed, kind }: People.HeldAlias): boolean =>
  isRenamed !== true && (kind === undefined || Resolution.isAccountKind(kind))

/** The person, and everyone that is joined with it. Reads no facts of a person that is not joined. */
const groupOf = Effect.fnUntraced(function* (organization: Organization, counted: Joins.Counted, context: Store) {
  if (!counted.isJoined) return [counted.survivor]
  const facts = yield* Joins.facts(organization, counted.survivor, context)
  return People.joinedWith(facts, counted.survivor, Infinity).members
})

/** Whether one of joined people has or had an account. `proven` is an alias of a known kind. */
const hasAccount = Effect.fnUntraced(function* (
  organization: Organization,
  counted: Joins.Counted,
  proven: People.Alias,
  context: Store,
) {
  const people = yield* groupOf(organization, counted, context)
  const held = (yield* context.store.people.aliasesOf(organization, people)).flat()
  return held.some((each) => isAccount(each.hash === proven.hash ? { ...each, kind: proven.kind } : each))
})

/**
 * Whether the visitor of a session and the person that a proven alias names both have an account; `undefined`: it names
 * no one yet. Costs nothing for a guest, because only a browser has named it.
 */
export const bothHave = Effect.fnUntraced(function* (
  organization: Organization,
  visitor: Joins.Counted,
  person: Joins.Counted | undefined,
  proven: People.Alias,
  context: Store,
) {
  if (!visitor.person.isIdentified && !visitor.isJoined) return false
  if (!(yield* hasAccount(organization, visitor, proven, context))) return false
  if (Resolution.isAccountKind(proven.kind)) return true
  return person !== undefined && (yield* hasAccount(organization, person, proven, context))
})
