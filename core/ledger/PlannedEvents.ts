/**
 * The events of a plan: for each item that may be recorded, one event for each of its people, the aliases that it
 * claims, and the contact points that it leaves out.
 */
import { Effect } from "effect"
import type * as Admission from "../model/Admission.ts"
import type { Alias, Claim } from "../model/People.ts"
import * as Resolution from "../model/Resolution.ts"
import type { Batch, NumberedItem } from "./Batch.ts"
import * as ExternalIds from "./ExternalIds.ts"
import * as Identifiers from "./Identifiers.ts"
import type { AskedItem, KnownPeople } from "./KnownPeople.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as SharedContacts from "./SharedContacts.ts"

/** An event to record: of an item that may be recorded, for one of its people. */
export interface AdmittedItem extends NumberedItem {
  readonly event: Admission.Admitted
  readonly concordId: string
  /** `undefined` if it has none or is recorded without it. */
  readonly externalId: ExternalIds.OwnId | undefined
}

/** An item that is resolved and may be recorded. */
export interface ResolvedItem extends NumberedItem {
  readonly event: Admission.Admitted
  readonly asked: AskedItem
  readonly resolved: Resolution.Resolved
  readonly externalId: ExternalIds.OwnId | undefined
}

/** No events yet. */
export const make = (known: KnownPeople, batch: Batch, { recordedAt }: Admission.Instants, context: LedgerContext) => {
  const claims: Array<Claim> = []
  const seen = new Map<string, number>()
  const shared = SharedContacts.make()
  const admitted: Array<AdmittedItem> = []

  /** Claims an alias. Of a person that was read for it, no revision may be lost between the read and the append. */
  const claim = (alias: Alias, concordId: string, isSeen: boolean): void => {
    known.claim(alias, concordId)
    claims.push(Identifiers.claimOf(alias, concordId, recordedAt))
    if (!isSeen) return
    for (const each of known.seen(concordId)) seen.set(each.concordId, each.revision)
  }

  /** Claims what the item gives to a person, and completes what it names already. */
  const claimOf = ({ asked, resolved }: ResolvedItem, idOf: (concordId: string) => string): void => {
    for (const alias of asked.aliases) {
      const own = resolved.leftOut.includes(alias) ? undefined : known.toComplete(alias)
      if (own !== undefined) claim(alias, own, true)
    }
    for (const { alias, concordId } of resolved.claims) {
      claim(alias, idOf(concordId), Resolution.isAccountKind(alias.kind))
    }
    for (const alias of resolved.leftOut) {
      shared.add(alias, known.named(alias)[0] ?? known.formerly(alias, asked.date)?.[0])
    }
  }

  return {
    claims,
    admitted,
    /** Adds the events of an item, and returns its people: that of the strongest identifier first. */
    add: Effect.fnUntraced(function* (item: ResolvedItem) {
      const { draft, event, externalId, item: index, resolved } = item
      const isNew = resolved.people.includes(Resolution.newPerson)
      const made = isNew ? yield* context.random.uuidV7() : Resolution.newPerson
      if (isNew) known.add(made)
      const idOf = (concordId: string) => (concordId === Resolution.newPerson ? made : concordId)
      claimOf(item, idOf)
      const people = resolved.people.map(idOf)
      const further =
        people.length === 1 ? [] : yield* ExternalIds.further(externalId, people.length - 1, batch, context)
      for (const [place, concordId] of people.entries()) {
        const own = place === 0 ? externalId : further[place - 1]
        admitted.push({ draft, item: index, event, concordId, externalId: own })
      }
      return people
    }),
    /** The facts to record with the events, and the people whose revisions must be those that were read. */
    facts: Effect.suspend(() => shared.facts(batch, seen, context)),
  }
}
