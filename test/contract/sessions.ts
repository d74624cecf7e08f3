/** Clauses of the contract: how a store keeps sessions. */
import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import type { Session } from "../../core/ports/LedgerStore.ts"
import {
  type Clause,
  t0,
  organization,
  uuid,
  hash,
  session,
  claim,
  noChange,
  type Store,
  named,
  clause,
} from "./samples.ts"

/** A session as it is kept. */
const kept = ({ ipAddress: _address, userAgent: _agent, ...session }: Session) => session

export const sessionClauses: ReadonlyArray<Clause> = [
  clause(
    "a session is found by the hash of its token, and only by it, without its personal data",
    Effect.fnUntraced(function* (store: Store) {
      const opened = { ...session(0x50, uuid(5)), geography: "DE-BE", region: uuid(9), context: hash(0xe) }
      strictEqual(yield* store.people.change({ ...noChange, claims: [claim(0xe, uuid(5))], session: opened }), "kept")
      deepStrictEqual(yield* store.sessions.byToken(hash(0x50)), kept(opened))
      strictEqual(yield* store.sessions.byToken(hash(0x51)), undefined)
      deepStrictEqual(yield* named(store, organization, [hash(0xe)]), [uuid(5)])
    }),
  ),
  clause(
    "a session lasts as long as it is extended to, and one that is not there is not made by extending it",
    Effect.fnUntraced(function* (store: Store) {
      const opened = session(0x50, uuid(5))
      yield* store.people.change({ ...noChange, session: opened })
      yield* store.sessions.extend(hash(0x50), opened.expiresAt, t0 + 5000)
      yield* store.sessions.extend(hash(0x51), opened.expiresAt, t0 + 5000)
      deepStrictEqual(yield* store.sessions.byToken(hash(0x50)), { ...kept(opened), expiresAt: t0 + 5000 })
      strictEqual(yield* store.sessions.byToken(hash(0x51)), undefined)
    }),
  ),
  clause(
    "a session that was ended stays ended, though a request under way extends it",
    Effect.fnUntraced(function* (store: Store) {
      const opened = [session(0x50, uuid(5)), session(0x51, uuid(5)), session(0x52, uuid(6)), session(0x53, uuid(7))]
      for (const each of opened) yield* store.people.change({ ...noChange, session: each })
      const ends = { at: t0 + 10, tokenHash: hash(0x52), sessionsOf: uuid(5) }
      yield* store.people.change({ ...noChange, ends })
      for (const { expiresAt, tokenHash } of opened) yield* store.sessions.extend(tokenHash, expiresAt, t0 + 5000)
      const expiries: Array<number | undefined> = []
      for (const { tokenHash } of opened) expiries.push((yield* store.sessions.byToken(tokenHash))?.expiresAt)
      deepStrictEqual(expiries, [t0 + 10, t0 + 10, t0 + 10, t0 + 5000])
    }),
  ),
  clause(
    "a session is removed a day after its end when another one is opened, and its personal data with it",
    Effect.fnUntraced(function* (store: Store) {
      const day = 24 * 60 * 60 * 1000
      const person = uuid(5)
      const opened = session(0x50, person)
      yield* store.people.change({ ...noChange, session: opened })
      // Sessions of one lane, because only they are removed together.
      const later = (n: number, millis: number) => ({ ...session(n, uuid(6)), expiresAt: opened.expiresAt + millis })
      yield* store.people.change({ ...noChange, session: later(0x60, day) })
      deepStrictEqual(yield* store.sessions.byToken(opened.tokenHash), kept(opened))
      yield* store.people.change({ ...noChange, session: later(0x70, day + 1) })
      strictEqual(yield* store.sessions.byToken(opened.tokenHash), undefined)
      deepStrictEqual(yield* store.sessions.ofPerson(person, undefined, 10), [])
      deepStrictEqual(yield* store.personal.partsOf(organization, person, undefined, 10), [])
    }),
  ),
  clause(
    "the sessions of a person are read page by page, expired or not, and no other person's",
    Effect.fnUntraced(function* (store: Store) {
      const opened = [session(0x52, uuid(5)), session(0x50, uuid(5)), session(0x51, uuid(6)), session(0x53, uuid(5))]
      for (const each of opened) yield* store.people.change({ ...noChange, session: each })
      yield* store.people.change({ ...noChange, ends: { at: t0 + 10, tokenHash: hash(0x50) } })
      const first = yield* store.sessions.ofPerson(uuid(5), undefined, 2)
      deepStrictEqual(first, [{ ...kept(opened[1]!), expiresAt: t0 + 10 }, kept(opened[0]!)])
      deepStrictEqual(yield* store.sessions.ofPerson(uuid(5), first.at(-1)!.tokenHash, 2), [kept(opened[3]!)])
      deepStrictEqual(yield* store.sessions.ofPerson(uuid(5), hash(0x53), 2), [])
      deepStrictEqual(yield* store.sessions.ofPerson(uuid(7), undefined, 2), [])
    }),
  ),
  clause(
    "a session whose context names another person is not opened",
    Effect.fnUntraced(function* (store: Store) {
      const open = (number: number, concordId: string) =>
        store.people.change({ ...noChange, claims: [claim(0xe, concordId)], session: session(number, concordId) })
      strictEqual(yield* open(0x50, uuid(5)), "kept")
      strictEqual(yield* open(0x60, uuid(6)), "stale")
      strictEqual(yield* store.sessions.byToken(hash(0x60)), undefined)
      strictEqual(yield* open(0x70, uuid(5)), "kept")
      notStrictEqual(yield* store.sessions.byToken(hash(0x70)), undefined)
    }),
  ),
]
