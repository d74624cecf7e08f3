/**
 * Contact points that are shared: an item left one out, because it names a person other than the one of the account
 * (semantics, section 5). The first time is kept as a fact about the person that it names, because a shared contact
 * point proves no one's identity.
 */
import { Effect } from "effect"
import type { Organization } from "../model/Catalog.ts"
import type { Alias, Fact } from "../model/People.ts"
import type { Batch } from "./Batch.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PersonalFacts from "./PersonalFacts.ts"

/**
 * Whether a person has the fact that a contact point is shared; `away` if the keys are away, so that it cannot be seen
 * of which contact points its facts are.
 */
const hasFact = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  hash: string,
  context: LedgerContext,
) {
  const limit = Joins.readMaxFacts
  let isUnknown = false
  for (let from = 0; ; from += limit) {
    const [page] = yield* context.store.people.facts(organization, [{ concordId, from }], limit)
    const shared = page!.filter(({ kind }) => kind === "shared")
    const { facts, isAway } = yield* PersonalFacts.open(organization, shared, context)
    if (facts.some(({ alias }) => alias === hash)) return true
    isUnknown ||= isAway
    if (page!.length < limit) return isUnknown ? "away" : false
  }
})

/** Contact points by their hashes, and the person that each of them names or named. */
export type SharedContacts = Map<string, { readonly alias: Alias; readonly concordId: string }>

/**
 * The facts to record, without their instant, and the revisions of their people: no fact is recorded twice, because
 * every fact raises the revision of its person.
 */
export const facts = Effect.fnUntraced(function* (
  contacts: SharedContacts,
  { organization, submitter }: Batch,
  context: LedgerContext,
) {
  const revisions = new Map<string, number>()
  const facts: Array<Fact> = []
  for (const { alias, concordId } of contacts.values()) {
    const { revision } = yield* context.store.people.person(organization, concordId)
    // While the keys are away, a fact that may be there already is left out: the next item will bring it again.
    if ((yield* hasFact(organization, concordId, alias.hash, context)) !== false) continue
    revisions.set(concordId, revisions.get(concordId) ?? revision)
    const { hash, kind, project } = alias
    const identifier = { kind, ...(project !== undefined && { project }) }
    const about = { member: concordId, survivor: concordId, alias: hash, identifier }
    facts.push({ id: yield* context.random.uuidV7(), kind: "shared", ...about, submitter, dateCreated: 0 })
  }
  return { facts, revisions }
})
