/**
 * The laws of the semantics, checked on the log of a run: whatever was interleaved, the answers follow from its events.
 */
import { isDeepStrictEqual } from "node:util"
import { Effect } from "effect"
import type { ListedType } from "../../../core/model/Catalog.ts"
import * as ConsentState from "../../../core/engine/ConsentState.ts"
import * as Decision from "../../../core/engine/Decision.ts"
import * as Instants from "../../../core/engine/Instant.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import type { StoredEvent } from "../../../core/ports/LedgerStore.ts"
import * as Terms from "../../../core/engine/Terms.ts"
import * as Oracle from "../../support/oracle.ts"
import { decisionsOf } from "./clients.ts"
import type { Played } from "./history.ts"
import { type Kept, oneWith } from "./kept.ts"
import { unexplained } from "./reads.ts"

/** One person's events for one type. */
interface Story {
  readonly events: ReadonlyArray<StoredEvent>
  readonly type: ListedType
}

const decide = ({ events, type }: Story, at: Instant): Decision.Decision =>
  Decision.decide(events, Terms.make(type, type.rules, Instants.max), at)

const isLater = (a: StoredEvent, b: StoredEvent): boolean => {
  for (const field of ["consentDate", "dateCreated", "id"] as const)
    if (a[field] !== b[field]) return a[field] > b[field]
  return false
}

/** The kept heads are the latest events of each state. */
function* heads({ site: scope, store }: Played, concordId: string, { events, type }: Story): Iterable<string> {
  const kept = Effect.runSync(store.events.heads(scope.project, [concordId])).events.filter(
    ({ consentType }) => consentType === type.id,
  )
  for (const state of ConsentState.all) {
    const ofState = events.filter(({ consentState }) => consentState === state)
    const latest = ofState.filter((event) => !ofState.some((other) => isLater(other, event)))
    const head = kept.filter(({ consentState }) => consentState === state)
    if (!isDeepStrictEqual(head, latest))
      yield `the ${state} head of ${concordId} for ${type.label} is not the latest event`
  }
}

/** Laws 1 to 6 for the events of one person and type, at the instants at which an answer changes. */
function* lawsOf(story: Story): Iterable<string> {
  const { events, type } = story
  const question = { events, type, rules: type.rules, knownAt: Instants.max }
  const last = Math.max(...events.map(({ consentDate }) => consentDate))
  const turns = [...events.map(({ consentDate }) => consentDate), ...Oracle.turns(question, Instants.max)]
  let wasPermitted = true
  for (const at of [...new Set(turns)].toSorted((a, b) => a - b)) {
    const decision = decide(story, at)
    const { nextChangeAt, permitted } = decision
    const shuffled = decide({ type, events: [...events.toReversed(), ...events] }, at)
    if (!isDeepStrictEqual(shuffled, decision)) yield "another order gives another answer"
    const decline = { ...events[0]!, id: "f", consentState: "declined" as const }
    if (!permitted && decide({ type, events: [...events, decline] }, at).permitted) yield "a decline permits"
    const before = events.filter((event) => event.consentDate <= at)
    const refusals = before.filter(({ consentState }) => consentState === "declined")
    const grounds = before.filter(
      (event) =>
        Oracle.isLive({ ...question, at }, event) && refusals.every((no) => no.consentDate < event.consentDate),
    )
    if (permitted && grounds.every(({ consentState }) => consentState === "declined"))
      yield "permitted without a ground"
    if (at >= last && permitted && !wasPermitted) yield "time alone grants"
    if (at >= last) wasPermitted = permitted
    if (nextChangeAt === undefined) continue
    const [same, other] = [decide(story, nextChangeAt - 1), decide(story, nextChangeAt)]
    const answer = ({ askAgain, event, permitted, status }: Decision.Decision) => [
      askAgain,
      event?.id,
      permitted,
      status,
    ]
    if (!isDeepStrictEqual(answer(same), answer(decision))) yield "the answer changes before nextChangeAt"
    if (isDeepStrictEqual(answer(other), answer(decision))) yield "the answer does not change at nextChangeAt"
  }
}

/** All violations of a law. */
export function* check(played: Played, kept: Kept): Iterable<string> {
  const { clock, ledger, site: scope } = played
  const [, now] = clock.at(-1)!
  for (const concordId of new Set(kept.events.map(({ concordId }) => concordId))) {
    const own = kept.events.filter((event) => event.concordId === concordId)
    for (const [typeId, events] of Map.groupBy(own, ({ consentType }) => consentType)) {
      const type = kept.types.find(({ id }) => id === typeId)!
      yield* heads(played, concordId, { events, type })
      for (const broken of lawsOf({ events, type })) yield `${concordId}, ${type.label}: ${broken}`
    }
    for (const at of [now, ...own.slice(0, 2).map(({ dateCreated }) => dateCreated)]) {
      const { lines } = Effect.runSync(decisionsOf(ledger, scope, { concordId }, { at, knownAt: at }))
      yield* unexplained(lines, kept, oneWith(kept.facts, concordId, at))
    }
  }
}
