/**
 * Where the person of a session is: a fact of the kind `region`, recorded with the first event of a session that is of
 * another region than the one before it (semantics, section 5).
 *
 * Answers to a company are made under the region of the person's latest session, so page and company decide by the same
 * rules. While the project has published no regions, nothing is read and nothing is recorded.
 */
import { Effect } from "effect"
import * as People from "../model/People.ts"
import type { Append } from "../ports/LedgerStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as PublishedRegions from "../model/PublishedRegions.ts"
import * as RegionFacts from "../model/RegionFacts.ts"
import type { Batch } from "./Batch.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as SessionCache from "./SessionCache.ts"

/** A fact to record, without its instant, and the revisions that it was prepared against. */
export interface NotedRegion {
  readonly fact: People.Fact
  readonly seen: Required<Append>["seen"]
}

/** Whether the session of a batch may be of another region than is known of its person. */
const isOpen = Effect.fnUntraced(function* ({ project, session }: Batch, { sessionCache, store }: LedgerContext) {
  if (session?.region === undefined || SessionCache.isRegionNoted(sessionCache, session.tokenHash)) return false
  return PublishedRegions.current(yield* store.catalog.current, project).revision > 0
})

/**
 * The fact to record with a batch; `undefined`: none. A session that acts again after a later one of its person is not
 * the latest, so it says nothing.
 */
export const of = Effect.fnUntraced(function* (
  batch: Batch,
  context: LedgerContext,
): Effect.fn.Return<NotedRegion | undefined, StoreUnavailable> {
  const { organization, project, session } = batch
  if (session?.region === undefined || !(yield* isOpen(batch, context))) return undefined
  const { concordId, id, region } = session
  const { isJoined, person, seen } = yield* Joins.counted(organization, concordId, context)
  const isPlain = person.position === 0 && !isJoined
  const facts = isPlain ? [] : yield* Joins.facts(organization, concordId, context)
  const { members } = People.joinedWith(facts, concordId, Infinity)
  const [last, own] = [members, [concordId]].map((people) => RegionFacts.historyOf(facts, project.id, people).at(-1))
  // After joined people are separated, each has the region of its own latest session.
  if (last?.region === region && own?.region === region) return undefined
  if (last !== undefined && last.session > id) return undefined
  const about = { member: concordId, survivor: concordId, region: { project: project.id, id: region } }
  const fact = { id: yield* context.random.uuidV7(), kind: "region", ...about, submitter: id, dateCreated: 0 } as const
  return { fact, seen: seen.filter((each) => each.concordId === concordId) }
})

/** Remembers that the region of a session is known: its events have been recorded. */
export const note = Effect.fnUntraced(function* (batch: Batch, context: LedgerContext) {
  const { session } = batch
  if (session !== undefined && (yield* isOpen(batch, context))) {
    SessionCache.noteRegion(context.sessionCache, session.tokenHash)
  }
})
