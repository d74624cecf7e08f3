/**
 * The laws of the change feed (`test/support/feed/laws.ts`) on what a run left: the order of each lane is that in which
 * the store kept it, clients that followed got each change once, and the last words are the answers.
 */
import { Effect } from "effect"
import * as Lane from "../../../core/model/Lane.ts"
import * as Laws from "../../support/feed/laws.ts"
import * as Playing from "../../support/feed/playing.ts"
import * as Readers from "../../support/feed/readers.ts"
import { isOneServer, type Played } from "./history.ts"
import type { Kept } from "./kept.ts"

/** A stored change is before the events of its lane that were kept after it, and after all others. */
function* inCommitOrder({ commits, site: { project }, steps }: Played, lanes: Laws.Lanes): Generator<string> {
  const [first] = Lane.range(project)
  const appended = commits.flatMap((commit) =>
    commit.kind === "events.append"
      ? commit.change.events.map(({ concordId }) => ({ turn: commit.turn, lane: Lane.of(project, concordId) - first }))
      : [],
  )
  const stored = steps.flatMap(({ step, turn }) => step.changes.map((change) => ({ turn, change })))
  for (const [lane, items] of lanes.entries()) {
    const expected = stored.filter(({ change }) => change.lane === lane)
    const changes = items.filter((item) => item._tag === "Change")
    if (changes.length < expected.length) yield `lane ${lane} lacks changes that were kept`
    for (const [index, { change, turn }] of expected.entries()) {
      const there = changes[index]
      const before = appended.filter((each) => each.lane === lane && each.turn < turn).length
      if (there?.body !== change.body) yield `change ${index} of lane ${lane} is another one`
      else if (there.beforePosition !== before) yield `change ${index} of lane ${lane} is not where it was kept`
    }
  }
}

/** What a client gets that follows on to the end. */
const followedOn = Effect.fnUntraced(function* ({ ledger, site }: Played, { got, mark }: Played["followed"][number]) {
  const all = [...got]
  for (let after = mark ?? "start"; ;) {
    const page = yield* ledger.changes(site, { after, limit: 3 }, { millis: 0 })
    all.push(...page.items.map(({ id }) => id))
    after = page.mark
    if (page.isCurrent) return all
  }
})

/** Everything that is wrong with the change feed of a run that had one. */
export const check = (played: Played, kept: Kept): ReadonlyArray<string> => {
  const { clock, followed, ledger, site, store, story } = played
  if (story.feed.length === 0) return []
  const lanes = Effect.runSync(Playing.lanesOf(site, store))
  const [, end] = clock.at(-1)!
  const scope = { ...site, types: kept.catalog.consentTypes.get(site.project.id)! }
  const history = { events: kept.events, facts: kept.facts, erasures: [], types: kept.types }
  const all = { scope, ledger, history, lanes, ticks: [], end, isExact: isOneServer(played) }
  const reader: Readers.Reader = { from: 0, after: "start", limit: 3, pages: 1 }
  const once = followed.flatMap((each) => {
    const got = Effect.runSync(followedOn(played, each))
    return [...Readers.once({ reader, mark: undefined, began: undefined, got }, lanes, site.project)]
  })
  return [
    ...inCommitOrder(played, lanes),
    ...once,
    ...Laws.order(all),
    ...(isOneServer(played) ? Effect.runSync(Laws.trueAsOf(all)) : []),
    // Decision 29 says what is not promised of several servers that record and announce at the same time.
    // An answer may be announced once more, so that nothing is invented is a law of calmer worlds.
    ...(isOneServer(played) ? [...Laws.lastWordCounts(all), ...Laws.nothingInSilence(all)] : []),
  ]
}
