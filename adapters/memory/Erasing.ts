/**
 * Erases people of the store in memory, in all of its parts.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { CatalogStore, Erasure, ErasureChange, PersonalStore } from "../../core/ports/LedgerStore.ts"
import type { Compliance } from "./ComplianceStore.ts"
import type { Events } from "./EventStore.ts"
import type { IdempotencyRecords } from "./IdempotencyRecords.ts"
import type { NotedChanges } from "./NotedChanges.ts"
import type { People } from "./PeopleStore.ts"
import type { PersonalData } from "./PersonalStore.ts"
import type { Sessions } from "./SessionStore.ts"

/** The parts of a store that hold something about people. */
export interface Parts {
  readonly personal: PersonalData
  readonly people: People
  readonly noted: NotedChanges
  readonly sessions: Sessions
  readonly events: Events
  readonly compliance: Compliance
  readonly catalog: CatalogStore
  readonly idempotency: IdempotencyRecords
}

/** Erases people from the parts. */
export const make = (parts: Parts): PersonalStore["erase"] => {
  const { catalog, compliance, events, idempotency, noted, people, personal, sessions } = parts

  const erase = (change: ErasureChange, revision: number): Erasure | "stale" | "repeated" => {
    const { id, idempotencyRecord, members, organization, projects, recordedAt, scope, seen } = change
    if (idempotency.has(organization, idempotencyRecord)) return "repeated"
    const isErased = members.some((member) => personal.erasedAt(organization, member) !== undefined)
    const isHeld = scope !== undefined && members.some((member) => personal.isHeld(organization, member, id))
    if (isErased || isHeld || change.catalog !== revision || !people.areSeen(organization, seen)) return "stale"
    const requests = compliance.erase(projects, members, recordedAt)
    const destroyed = {
      ...(scope === undefined ? people.erase(organization, members) : people.raise(organization, members)),
      ...personal.destroy(organization, members),
      sessions: sessions.erase(members),
      externalIds: events.eraseExternalIds(projects, members),
      ...(requests > 0 && { complianceRequests: requests }),
    }
    const erasure: Erasure = {
      id,
      recordedAt,
      members: members.toSorted(),
      submitter: change.submitter,
      reason: change.reason,
      ...(scope !== undefined && { scope }),
      destroyed,
    }
    personal.record(organization, erasure)
    if (scope === undefined) {
      noted.noteErasure(organization, erasure, people.endOf)
      people.count([...new Set(members.map((member) => Lane.of(organization, member)))])
    }
    idempotency.keep(organization, idempotencyRecord)
    return erasure
  }

  return (change) => Effect.map(catalog.current, ({ revision }) => erase(change, revision))
}
