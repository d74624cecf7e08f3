/**
 * Counts what an erasure of a person would be about, before it is confirmed. Changes nothing.
 */
import { Effect, Option } from "effect"
import * as Instant from "../engine/Instant.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Organization } from "../model/Catalog.ts"
import type { Erasure } from "../ports/LedgerStore.ts"
import * as Erasing from "./Erasing.ts"

/** A person as it would be erased. */
export interface ErasurePreview {
  /** Under which the person is answered about. */
  readonly concordId: string
  /** Everyone that is erased together, in ascending order. */
  readonly members: ReadonlyArray<string>
  /** How many identifiers name them; a browser's `contextId` is not counted. */
  readonly identifiers: number
  /** How many events stay, without personal data, in all projects. */
  readonly events: number
}

/** The order in which events are counted, which any list needs. */
const page = { sort: "consentDate", order: "asc", limit: 1, from: 0 } as const

/** How many people are counted by one statement. */
const peopleAtATime = 100

/** What an erasure would be about; an erasure that was made before; or nothing, for a person that was never known. */
export const of = Effect.fnUntraced(function* (organization: Organization, concordId: string, context: LedgerContext) {
  const { store } = context
  const counted = yield* Joins.counted(organization, concordId, context)
  if (counted.person.erasedAt !== undefined) {
    const erasure = (yield* store.personal.erasure(organization, concordId))!
    return Option.some<ErasurePreview | Erasure>(erasure)
  }
  if (!(yield* Erasing.isKnown(organization, counted, concordId, context))) return Option.none()
  const { members } = yield* Erasing.together(organization, counted, concordId, context)
  const { projects } = yield* Erasing.projectsOf(organization, context)
  let [identifiers, events] = [0, 0]
  for (let first = 0; first < members.length; first += peopleAtATime) {
    const people = members.slice(first, first + peopleAtATime)
    const held = (yield* store.people.aliasesOf(organization, people)).flat()
    identifiers += held.filter(({ releasedAt }) => releasedAt === undefined).length
    for (const project of projects) {
      const filter = { startDate: Instant.min, endDate: Instant.max + 1, people }
      events += (yield* store.events.list(project, filter, page)).total
    }
  }
  return Option.some<ErasurePreview | Erasure>({ concordId: counted.survivor, members, identifiers, events })
})
