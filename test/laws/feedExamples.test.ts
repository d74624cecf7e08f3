/**
 * Worlds that once broke a law of the change feed, or showed that it was stated wrongly: things of one instant, on two
 * servers. The laws are stated in `test/support/feed/laws.ts`.
 */
import { Effect } from "effect"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import type { TypeChange } from "../../core/catalog/ConsentTypes.ts"
import * as Laws from "../support/feed/laws.ts"
import * as Playing from "../support/feed/playing.ts"
import type { Say, Step, Who, World } from "../support/feed/worlds.ts"

const hour = 3_600_000
const day = 24 * hour

const oneHour = { months: 0, days: 0, millis: hour }
const oneDay = { months: 0, days: 1, millis: 0 }
const oneMonth = { months: 1, days: 0, millis: 0 }

const guest = { guest: 0 }
const account = { account: 0 }

const say = (who: Who, state: Say["state"], more: Partial<Say> = {}): Step => ({
  ...{ kind: "say", server: 0, who, type: 0, state, ago: undefined, lasts: undefined },
  ...more,
})
const tick = (server = 0) => ({ kind: "tick", server }) as const
const identify: Step = { kind: "identify", server: 0, guest: 0, account: 0 }
const identifyOther: Step = { kind: "identify", server: 0, guest: 1, account: 0 }
const undo: Step = { kind: "undo", server: 0, join: 0 }
const change = (change: TypeChange, more: { readonly server?: number; readonly ahead?: number } = {}): Step => ({
  ...{ kind: "change", server: 0, type: 0, change, ahead: undefined },
  ...more,
})

const world = (steps: World["steps"], types: World["types"] = [{}, {}]): World => ({
  ...{ ahead: [0, 0], lanes: 1, leads: [], types, steps },
})

const play = (world: World, scheduling?: Playing.Scheduling) =>
  Effect.flatMap(Playing.storeOf(MemoryStore.layer), (store) => Playing.play(world, store, scheduling))

const worlds: ReadonlyArray<readonly [says: string, world: World]> = [
  [
    "A visitor is joined with an account twice",
    world([
      [0, say(guest, "accepted")],
      [0, identify],
      [0, identify],
      [0, say(guest, "accepted")],
    ]),
  ],
  [
    "A visitor is joined with an account twice, and all of them are erased",
    world([
      [0, say(guest, "viewed")],
      [1, identify],
      [0, identify],
      [0, { kind: "erase", server: 0, who: account }],
    ]),
  ],
  [
    "People are joined right after a tick, at its instant, and are parted before the next one",
    world([
      [0, say(guest, "accepted")],
      [hour, tick()],
      [0, identify],
      [hour, undo],
      [0, identify],
    ]),
  ],
  [
    "A version is planned and in force before an answer that lapsed has been announced",
    world([
      [0, tick()],
      [0, say(guest, "accepted", { lasts: hour })],
      [hour, tick(1)],
      [0, change({ requireReaccept: true, grace: oneHour }, { server: 1, ahead: hour })],
    ]),
  ],
  [
    "An answer lapses right before a change of rules, by which it lapsed long ago, and a version follows",
    world(
      [
        [0, tick()],
        [0, say(guest, "accepted")],
        [30 * day, say(account, "implied", { type: 1 })],
        [1, change({ consentDuration: oneDay })],
        [0, change({ requireReaccept: true, grace: oneHour }, { ahead: hour })],
      ],
      [{ rules: { maxAge: { accepted: oneMonth, declined: oneHour } } }, {}],
    ),
  ],
  [
    "Another server changes rules at the instant at which they were announced",
    world([
      [0, say(guest, "implied")],
      [1, change({ rules: { permits: "accepted" } })],
      [0, tick()],
      [0, change({ rules: { precedence: "most-recent", maxAge: { accepted: oneDay } } }, { server: 1 })],
    ]),
  ],
  [
    "Another server publishes a version at the instant at which an answer was announced that it makes lapse",
    world([
      [0, identify],
      [0, say(account, "implied")],
      [0, tick(1)],
      [0, change({ requireReaccept: true })],
    ]),
  ],
  [
    "Rules by which a refusal had lapsed long ago are known while the scheduler passes its lapse, and no longer",
    world([
      [0, say(account, "declined", { lasts: day })],
      [day, change({ rules: { maxAge: { accepted: oneMonth, declined: oneHour } } })],
      [0, { ...tick(), dies: { write: 2, isMade: true } }],
      [0, change({ rules: { permits: "accepted" } })],
    ]),
  ],
  [
    "A visitor is joined with an account, and another one right after it, which says something else at that instant",
    world([
      [0, say(guest, "declined")],
      [0, identify],
      [1, identifyOther],
      [0, say({ guest: 1 }, "accepted")],
    ]),
  ],
  [
    "Two visitors are joined with an account at the instant at which all of them answered",
    world([
      [0, say(account, "accepted")],
      [0, identify],
      [0, say(guest, "declined", { ago: day })],
      [0, identifyOther],
    ]),
  ],
  [
    "What is dated earlier is recorded at the instant of a join",
    world([
      [0, say(guest, "implied")],
      [1, say(guest, "accepted", { ago: hour })],
      [0, identify],
    ]),
  ],
]

test.each(worlds)("%s", (_says, world) =>
  Effect.gen(function* () {
    const played = yield* play(world)
    const ofOne = [...Laws.order(played), ...(played.isExact ? yield* Laws.trueAsOf(played) : [])]
    const ofAll = [Laws.lastWordCounts, Laws.nothingInSilence, Laws.nothingInvented, Laws.types, Laws.people]
    expect([...ofOne, ...ofAll.flatMap((law) => [...law(played)])]).toEqual([])
  }).pipe(Effect.scoped, Effect.runPromise),
)

const alike: ReadonlyArray<readonly [says: string, world: World]> = [
  [
    "Two servers record refusals of one instant, one of which lapses",
    world([
      [0, say(guest, "declined", { lasts: day })],
      [0, say(guest, "declined", { server: 1 })],
      [day, { kind: "cancel", server: 0, type: 0 }],
      [0, { kind: "both", steps: [say(account, "accepted"), tick()] as never }],
      [0, tick()],
    ]),
  ],
  [
    "A tick puts off a version, so that an answer of its instant is one for the version before",
    world(
      [
        [0, change({ requireReaccept: true, grace: oneHour })],
        [0, say(guest, "accepted")],
      ],
      [{}, { rules: { precedence: "most-recent", maxAge: { accepted: oneDay } } }],
    ),
  ],
]

test.each(alike)(
  "%s: a scheduler that stood still leaves the same last words of what is recorded alike",
  (_says, world) =>
    Effect.gen(function* () {
      const late = yield* play(world, { isStopped: true })
      const onTime = yield* play(world, { isOnTime: true })
      const both = [late, onTime].flatMap((each) => [...Laws.lastWordCounts(each)])
      expect([...Laws.alikeAnswers(late, onTime), ...both]).toEqual([])
    }).pipe(Effect.scoped, Effect.runPromise),
)
