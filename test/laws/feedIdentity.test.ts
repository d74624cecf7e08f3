/**
 * Worlds of joins, undoings and erasures of which several fall between two ticks of the scheduler: a reader of the feed
 * ends with the right last word about every stored person. The laws are stated in `test/support/feed/laws.ts`.
 */
import { Effect } from "effect"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Laws from "../support/feed/laws.ts"
import * as Playing from "../support/feed/playing.ts"
import type { Say, Step, Who, World } from "../support/feed/worlds.ts"

const hour = 3_600_000
const second = 1000

const guest = { guest: 0 }
const account = { account: 0 }

const say = (who: Who, state: Say["state"], lasts?: number): Step => ({
  ...{ kind: "say", server: 0, who, type: 0, state, ago: undefined, lasts },
})
const tick = (server = 0): Step => ({ kind: "tick", server })
const identify: Step = { kind: "identify", server: 0, guest: 0, account: 0 }
const erase = (who: Who): Step => ({ kind: "erase", server: 0, who })
/** Undoes a join or identification: 0 is the last one that was recorded. */
const undo = (join = 0): Step => ({ kind: "undo", server: 0, join })
const by = (server: number, step: Step): Step => ({ ...step, server }) as Step
const other = { guest: 1 }
const identifyOther = { ...identify, guest: 1 } as Step

const world = (steps: World["steps"], more: Partial<World> = {}): World => ({
  ...{ ahead: [0, 0], lanes: 2, leads: [], types: [{}, {}], steps },
  ...more,
})

const worlds: ReadonlyArray<readonly [says: string, world: World]> = [
  [
    "People are parted, and the rest is erased, before a tick",
    world([
      [second, identifyOther],
      [second, identify],
      [second, say(other, "accepted")],
      [second, undo(2)],
      [second, erase(account)],
      [second, say(guest, "accepted")],
    ]),
  ],
  [
    "People are parted one after the other, with events between it",
    world([
      [second, identifyOther],
      [second, say(guest, "accepted")],
      [second, identify],
      [second, say(other, "accepted")],
      [second, undo(1)],
      [second, tick()],
      [second, undo()],
    ]),
  ],
  [
    "An answer lapses by the clock that announces, an hour ahead, and the people are parted by one that is not",
    world(
      [
        [second, by(0, { ...identify, account: 1 } as Step)],
        [second, say(guest, "accepted")],
        [second, by(1, say({ account: 1 }, "accepted", hour))],
        [second, tick()],
        [second, say(guest, "accepted")],
        [second, by(1, undo())],
      ],
      { ahead: [hour, 0] },
    ),
  ],
  [
    "People leave someone whose answer lapsed right before, together with what names them",
    world(
      [
        [hour / 2, { ...say(guest, "accepted", 24 * hour), ago: 24 * hour } as Step],
        [1, identify],
        [hour, say(account, "viewed", hour)],
        [hour, undo(1)],
        [hour, tick()],
      ],
      { types: [{ rules: { maxAge: { viewed: { months: 0, days: 0, millis: hour } } } }, {}] },
    ),
  ],
  [
    "People are joined before they have said anything",
    world([
      [second, identify],
      [second, tick()],
      [second, say(guest, "accepted")],
      [second, tick()],
    ]),
  ],
]

test.each(worlds)("%s", (_says, world) =>
  Effect.gen(function* () {
    const played = yield* Playing.play(world, yield* Playing.storeOf(MemoryStore.layer))
    const ofOne = [...Laws.order(played), ...(played.isExact ? yield* Laws.trueAsOf(played) : [])]
    const ofAll = [Laws.lastWordCounts, Laws.nothingInSilence, Laws.nothingInvented, Laws.people]
    expect([...ofOne, ...ofAll.flatMap((law) => [...law(played)])]).toEqual([])
  }).pipe(Effect.scoped, Effect.runPromise),
)
