/**
 * The events of a plan: for each item that may be recorded, one event for each of its people, the aliases that it
 * claims, and the contact points that it leaves out.
 */
import { Effect } from "effect"
import * as Instant from "../engine/Instant.ts"
import type * as Admission from "../model/Admission.ts"
import type { Alias, Claim } from "../model/People.ts"
import * as Resolution from "../model/Resolution.ts"
import type { Batch, NumberedItem } from "./Batch.ts"
import * as ExternalIds from "./ExternalIds.ts"
import * as Identifiers from "./Identifiers.ts"
import type { AskedItem, KnownPeople } from "./KnownPeople.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import type { SharedContacts } from "./SharedContacts.ts"

/** An event to record: of an item that may be recorded, for one of its people. */
export interface AdmittedItem extends NumberedItem {
  readonly event: Admission.Admitted
  readonly concordId: string
  /** `undefined` if it has none or is recorded without it. */
  readonly externalId: ExternalIds.OwnId | undefined
  /** Whether one of its identifiers is claimed by the plan, for this item or for one before it. */
  readonly isClaiming: boolean
  /** Whether one of its identifiers was released before. */
  readonly isReleased: boolean
}

/** An item that is resolved and may be recorded. */
export interface ResolvedItem extends NumberedItem {
  readonly event: Admission.Admitted
  readonly asked: AskedItem
  readonly resolved: Resolution.Resolved
  readonly externalId: ExternalIds.OwnId | undefined
}

/** What is made for an item: the id of its new person, and the external ids of its further events. */
interface MadeIds {
  readonly person: string | undefined
  readonly further: ReadonlyArray<ExternalIds.OwnId | undefined>
}

const noIds: MadeIds = { person: undefined, further: [] }

const makeIds = Effect.fnUntraced(function* (
  { externalId, resolved: { people } }: ResolvedItem,
  batch: Batch,
  context: LedgerContext,
) {
  const isNew = people.includes(Resolution.newPerson)
  const person = isNew ? yield* context.random.uuidV7() : undefined
  const further = yield* ExternalIds.further(externalId, people.length - 1, batch, context)
  return { person, further } satisfies MadeIds as MadeIds
})

/** Makes the ids that an item needs; of most items, which are recorded for one known person, there are none. */
export const idsOf = (
  item: ResolvedItem,
  batch: Batch,
  context: LedgerContext,
): Effect.Effect<MadeIds, StoreUnavailable> => {
  const { people } = item.resolved
  return people.length === 1 && people[0] !== Resolution.newPerson
    ? Effect.succeed(noIds)
    : makeIds(item, batch, context)
}

/** No events yet. */
export const make = (known: KnownPeople, { recordedAt }: Admission.Instants) => {
  const claims: Array<Claim> = []
  const seen = new Map<string, number>()
  const shared: SharedContacts = new Map()
  const admitted: Array<AdmittedItem> = []
  /** The hashes of the identifiers that named no person before. */
  const given = new Set<string>()
  const newPeople = new Set<string>()

  /** Claims an alias. Of a person that was read for it, no revision may be lost between the read and the append. */
  const claim = (alias: Alias, concordId: string, isSeen: boolean): void => {
    known.claim(alias, concordId)
    const releasedAt = known.releasedAt(alias)
    claims.push(Identifiers.claimOf(alias, concordId, Math.max(recordedAt, releasedAt), releasedAt))
    if (!isSeen) return
    for (const each of known.seen(concordId)) seen.set(each.concordId, each.revision)
  }

  /** Claims what the item gives to a person, and completes what it names already. */
  const claimOf = ({ asked, resolved }: ResolvedItem, made: string | undefined): void => {
    for (const alias of asked.aliases) {
      const own = resolved.leftOut.includes(alias) ? undefined : known.toComplete(alias)
      if (own !== undefined) claim(alias, own, true)
    }
    for (const { alias, concordId } of resolved.claims) {
      given.add(alias.hash)
      claim(alias, concordId === Resolution.newPerson ? made! : concordId, Resolution.isAccountKind(alias.kind))
    }
    for (const alias of resolved.leftOut) {
      const concordId = known.named(alias)[0] ?? known.formerly(alias, asked.date)?.[0]
      if (concordId !== undefined) shared.set(alias.hash, { alias, concordId })
    }
  }

  return {
    claims,
    admitted,
    /** The people that are made for items. */
    newPeople,
    /** Adds the events of an item, and returns its people: that of the strongest identifier first. */
    add: (item: ResolvedItem, { further, person }: MadeIds): ReadonlyArray<string> => {
      const { asked, draft, event, externalId, item: index, resolved } = item
      if (person !== undefined) {
        known.add(person)
        newPeople.add(person)
      }
      claimOf(item, person)
      const people = resolved.people.map((each) => (each === Resolution.newPerson ? person! : each))
      const isClaiming = given.size > 0 && asked.aliases.some(({ hash }) => given.has(hash))
      const isReleased = asked.aliases.some((each) => known.releasedAt(each) > Instant.min)
      for (const [place, concordId] of people.entries()) {
        const own = place === 0 ? externalId : further[place - 1]
        admitted.push({ draft, item: index, event, concordId, externalId: own, isClaiming, isReleased })
      }
      return people
    },
    /** The people that were read for claims, with the revisions that they must still have. */
    seen,
    /** The contact points that are left out. */
    shared,
  }
}
