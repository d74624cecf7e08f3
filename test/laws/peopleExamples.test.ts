/**
 * Each clause of section 5 of the semantics in the smallest world that needs it, on a ledger in memory that is held to
 * the second statement (`test/support/people/`). `peopleOnLedgers.test.ts` has random worlds.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { test } from "vitest"
import * as Ledger from "../../core/Ledger.ts"
import * as Lockstep from "../support/people/lockstep.ts"
import * as Surface from "../support/people/surface.ts"
import type { Said, Step } from "../support/people/worlds.ts"
import * as SlowMemory from "../support/slowMemory.ts"
import * as TestKeys from "../support/keys.ts"

type Identifiers = Said["identifiers"]

const item = (consentState: Said["consentState"], identifiers: Identifiers, more: Partial<Said> = {}): Said => ({
  kind: "item",
  project: "p",
  concordId: undefined,
  identifiers,
  type: "newsletter",
  consentState,
  ago: undefined,
  sharedContacts: "refuse",
  ...more,
})
const yes = (...identifiers: Identifiers) => item("accepted", identifiers)
const no = (...identifiers: Identifiers) => item("declined", identifiers)
const early = { ago: 5 }
const leaveOut = { sharedContacts: "leave-out" } as const
const ofGuest = { concordId: { guest: 0 } }
const release = (identifier: Identifiers[number]): Step => ({ kind: "release", identifier })
const renamed: Step = { kind: "rename", from: "userId u", to: "userId v" }
const identified = (proven: Identifiers[number]): Step => ({ kind: "identify", guest: 0, proven })
const undone: Step = { kind: "undo", join: 0 }

const [u, v, e, f, g] = ["userId u", "userId v", "email e", "email f", "phoneNumber g"] as const
const [x, y, ofQ] = ["projectUserId p x", "projectUserId p y", "projectUserId q x"] as const

const examples: Readonly<Record<string, ReadonlyArray<Step>>> = {
  "Identifiers that name two people are a conflict.": [yes(u, e), yes(v, f), yes(u, f)],
  "No contact point makes two accounts one.": [yes(u, e), yes(v, e), yes(v)],
  "Nor does it, if the first account is of another kind.": [yes(x, e), yes(u, e), yes(u)],
  "Nor does it, once the first account was released.": [yes(u, e), release(u), yes(v, e), yes(v)],
  "Accounts of two projects may be one person's.": [item("accepted", [ofQ, e], { project: "q" }), yes(x, e), yes(x)],
  "A userId counts in every project.": [item("accepted", [ofQ, e], { project: "q" }), yes(u, e), yes(u)],
  "A concordId says that a person has a new account.": [
    yes(u, e),
    release(u),
    item("accepted", [v], { concordId: { of: e } }),
  ],
  "A concordId gives no one a second account of a kind.": [yes(u), item("accepted", [v], { concordId: { of: u } })],
  "An account is claimed again by its own person.": [yes(u, e), release(u), yes(u, e)],
  "An account that was renamed does not count.": [yes(u, e), renamed, yes(v, x, e), yes(x)],
  "A yes dated before the release of its identifier is refused.": [yes(e), release(e), item("accepted", [e], early)],
  "A yes dated before an account was renamed is refused.": [yes(u), renamed, item("accepted", [u], early)],
  "So is one of the account that has the id now.": [yes(u), renamed, yes(u), item("accepted", [u], early)],
  "A refusal dated before a rename counts for the person named then.": [yes(u), renamed, item("declined", [u], early)],
  "It counts for the person that has the id now, too.": [yes(u), renamed, yes(u), item("declined", [u], early)],
  "The new id is no conflict.": [yes(u), renamed, item("accepted", [v], early)],
  "A refusal counts for everyone that is named.": [yes(u), yes(v, e), no(u, e)],
  "A refusal gives a new account a person of its own.": [yes(u, e), no(v, e), yes(v)],
  "A refusal gives a new account to the person of its other account.": [yes(u), yes(v, e), no(u, x, e), yes(x)],
  "A refusal gives no person a second account of a kind.": [yes(u, x), yes(v, e), no(u, y, e), yes(y)],
  "A refusal gives a new contact point to the strongest person.": [yes(u), yes(v, e), no(u, e, g), yes(g)],
  "A refusal dated before a release counts for the person named then.": [
    yes(u, e),
    release(e),
    item("declined", [e], early),
  ],
  "It counts for the next person, too.": [yes(u, e), release(e), yes(v, e), item("declined", [e], early)],
  "It claims nothing that was released since.": [yes(u, e), release(e), item("declined", [v, e], early), yes(e)],
  "A new account in a refusal dated before another account was released is not one of the account's next person.": [
    ...[yes(v), release(v), yes(v)],
    item("declined", [v, x], early),
  ],
  "A shared contact point is left out.": [yes(u, e), item("accepted", [v, e, g], leaveOut), yes(v), yes(g)],
  "So is any that names a person, of a new account.": [yes(e), yes(g), item("accepted", [u, e, g], leaveOut), yes(u)],
  "So is one that was released since.": [yes(e), release(e), item("accepted", [u, e], { ...leaveOut, ...early })],
  "An item of contact points alone is refused all the same.": [yes(e), yes(u, g), item("accepted", [e, g], leaveOut)],
  "So are accounts that conflict.": [yes(u), yes(x), item("accepted", [u, x, e], leaveOut)],
  "A refusal under identifiers of joined people counts for both.": [
    ...[yes(u), identified(u)],
    ...[item("declined", [u], ofGuest), undone],
  ],
  "A yes and a claim belong to the member that is named.": [
    ...[yes(u), identified(u)],
    ...[item("accepted", [e], ofGuest), yes(u, f), undone],
  ],
  "Two people who both have an account are never joined.": [yes(u), yes(v), identified(u), identified(v), yes(u)],
  "Nor are they, if an account was released.": [yes(v), item("accepted", [u], ofGuest), release(u), identified(v)],
}

/** Steps before, and steps at the same time. */
const atOnce: Readonly<Record<string, readonly [before: ReadonlyArray<Step>, steps: ReadonlyArray<Step>]>> = {
  "Of two accounts that claim one person at the same moment, one is in a conflict.": [[yes(e)], [yes(u, e), yes(v, e)]],
  "So is one of two that claim people that are joined.": [
    [yes(e), identified(e), item("accepted", [g], ofGuest)],
    [yes(u, e), yes(x, g)],
  ],
  "Of two new people that claim a contact point at the same moment, one is in a conflict.": [
    [],
    [yes(u, e), yes(v, e)],
  ],
  "A refusal and an account that claim one person at the same moment are explained by one order.": [
    [yes(e)],
    [no(u, e), yes(v, e), no(v)],
  ],
  "An identifier that is released and given by an item at the same moment may name its person again.": [
    [yes(e, g)],
    [yes(x, e, g), release(e)],
  ],
  "A release and a claim at the same moment are explained by one order.": [
    [yes(u, e)],
    [release(e), yes(u, e, g), item("declined", [e], early)],
  ],
}

const onLedger = (program: (surface: Surface.Surface) => Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(Date.UTC(2024, 0, 31))
    yield* program(yield* Surface.library)
  }).pipe(
    Effect.provide(Ledger.layer.pipe(Layer.provide([SlowMemory.layer, NodeCrypto.layer, TestKeys.layer]))),
    Effect.provide(TestClock.layer()),
    Effect.runPromise,
  )

const worldOf = (steps: ReadonlyArray<Step>) => steps.map((step) => [1, step] as const)

test.each(Object.entries(examples))("%s", (_name, steps) =>
  onLedger((surface) => Lockstep.play(worldOf(steps), surface)),
)

test.each(Object.entries(atOnce))("%s", (_name, [before, steps]) =>
  onLedger(
    Effect.fnUntraced(function* (surface) {
      const played = yield* Lockstep.make(surface)
      yield* Lockstep.playSteps(played, worldOf(before))
      yield* Lockstep.playAtOnce(played, steps)
    }),
  ),
)
