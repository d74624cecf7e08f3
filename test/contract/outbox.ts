/** Clauses of the contract: how a store keeps the mails of compliance requests. */
import { deepStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import type { FactBody } from "../../core/compliance/ComplianceFact.ts"
import { laneOf } from "../../core/ports/ComplianceStore.ts"
import type { ListedMail, MailChanges, MailEnd, NewMail, StoredMail } from "../../core/ports/OutboxStore.ts"
import {
  changeOf,
  denied,
  elsewhere,
  erase,
  erasedAt,
  full,
  idOf,
  key,
  noted,
  sealed,
  second,
  story,
  writeOf,
} from "./complianceSamples.ts"
import { type Clause, clause, event, hash, project, request, type Store, t0, uuid } from "./samples.ts"

const mailId = (n: number): string => uuid(0x9000 + n)

const minute = 60_000

const mail = (n: number, over: Partial<NewMail> = {}): NewMail => ({
  id: mailId(n),
  template: "received",
  createdAt: t0,
  dueAt: t0,
  endsAt: t0 + 1000 * minute,
  recipientHash: hash(0x60),
  sealed: sealed(`mail ${n}`),
  ...over,
})

/** A mail of a request as it is listed before anything happens to it. */
const waiting = ({ sealed: _sealed, ...made }: NewMail, n: number, of = project): ListedMail => ({
  ...made,
  lane: laneOf(of, idOf(n)),
  request: idOf(n),
  state: "waiting",
  tries: 0,
})

/** Opens a request with a private row, a key and mails. */
const open = (
  store: Store,
  n: number,
  mails: ReadonlyArray<NewMail>,
  of = project,
  ...later: ReadonlyArray<FactBody>
) =>
  store.compliance.write(
    writeOf([changeOf(story(n, ...later), 0, { private: full, key: key(n), mails: { add: mails } })], { project: of }),
  )

/** Adds the second fact to request 1, with changes of its mails. */
const change = (store: Store, mails: MailChanges, ...bodies: ReadonlyArray<FactBody>) =>
  store.compliance.write(writeOf([changeOf(story(1, ...bodies, noted), 1 + bodies.length, { mails })]))

const end = (mail: StoredMail, to: MailEnd["to"], outcome: string, at = t0 + 5): MailEnd => ({
  ...seen(mail),
  to,
  outcome,
  at,
})

const seen = ({ id, state, tries }: StoredMail) => ({ id, state, tries })

const stored = Effect.fnUntraced(function* ({ outbox }: Store, n: number) {
  const found = yield* outbox.mail([project, second], mailId(n))
  if (found === undefined) return yield* Effect.die(new Error(`mail ${n} is missing`))
  return found
})

const claimAll = ({ outbox }: Store, now = t0) => outbox.claim("mail", now, now + 2 * minute, 100)

const idsOf = (mails: ReadonlyArray<ListedMail>): ReadonlyArray<string> => mails.map(({ id }) => id)

const newestFirst = (a: ListedMail, b: ListedMail): number =>
  b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)

/**
 * Mails at few instants, so that ties happen, of a few recipients and templates, in two projects; the same each run.
 */
const many = Array.from({ length: 24 }, (_, n) => {
  const of = n % 4 === 3 ? second : project
  const made = mail(n, {
    createdAt: t0 + (n % 3),
    dueAt: t0 + ((n * 5) % 4),
    template: n % 2 === 0 ? "verification" : "received",
    recipientHash: hash(0x60 + (n % 5)),
  })
  return { of, n, made, listed: waiting(made, n, of) }
})

const keepMany = (store: Store) => Effect.forEach(many, ({ made, n, of }) => open(store, n, [made], of))

export const outboxClauses: ReadonlyArray<Clause> = [
  clause(
    "a mail is kept with the change of its request, and read back as it was written, with the key of the request",
    Effect.fnUntraced(function* (store: Store) {
      const { outbox } = store
      const [one, two] = [mail(1), mail(2, { createdAt: t0 + 1, template: "staff_new", dueAt: t0 + 9 })]
      strictEqual(yield* open(store, 1, [one, two]), "kept")
      deepStrictEqual(yield* outbox.list([project], {}, undefined, 9), [waiting(two, 1), waiting(one, 1)])
      deepStrictEqual(yield* outbox.mail([second, project], one.id), {
        ...waiting(one, 1),
        sealed: one.sealed,
        key: key(1),
      })
      strictEqual(yield* outbox.mail([second, elsewhere], one.id), undefined)
      strictEqual(yield* outbox.mail([project], mailId(3)), undefined)
      deepStrictEqual(yield* outbox.list([second, elsewhere], {}, undefined, 9), [])
      deepStrictEqual(yield* outbox.counts("mail"), { waiting: 2, oldestAt: t0, failed: 0 })
    }),
  ),
  clause(
    "an empty outbox has nothing to send and counts nothing",
    Effect.fnUntraced(function* (store: Store) {
      deepStrictEqual(yield* store.outbox.counts("mail"), { waiting: 0, failed: 0 })
      deepStrictEqual(yield* claimAll(store), [])
      strictEqual(yield* store.outbox.countSince(project, { template: "received" }, 0), 0)
    }),
  ),
  clause(
    "mails and tasks are claimed and counted apart, and listed together",
    Effect.fnUntraced(function* (store: Store) {
      const { outbox } = store
      const [letter, task] = [mail(1), mail(2, { template: "task", createdAt: t0 + 1 })]
      yield* open(store, 1, [letter, task])
      deepStrictEqual(yield* outbox.counts("mail"), { waiting: 1, oldestAt: t0, failed: 0 })
      deepStrictEqual(yield* outbox.counts("task"), { waiting: 1, oldestAt: t0 + 1, failed: 0 })
      deepStrictEqual(
        (yield* outbox.claim("task", t0 + 9, t0 + 50, 9)).map(({ id }) => id),
        [task.id],
      )
      deepStrictEqual(yield* outbox.claim("task", t0 + 9, t0 + 50, 9), [])
      deepStrictEqual(
        (yield* claimAll(store)).map(({ id }) => id),
        [letter.id],
      )
      strictEqual((yield* outbox.list([project], {}, undefined, 9)).length, 2)
    }),
  ),
  clause(
    "a change that is not kept leaves no mail, also with events",
    Effect.fnUntraced(function* (store: Store) {
      const { events, outbox } = store
      yield* open(store, 1, [])
      strictEqual(yield* open(store, 1, [mail(1)]), "stale")
      const late = changeOf(story(1, noted, noted), 2, { mails: { add: [mail(1)] } })
      const append = request([event(uuid(5))], { compliance: { requests: [late] } })
      strictEqual((yield* events.append(append))._tag, "Stale")
      deepStrictEqual(yield* outbox.list([project], {}, undefined, 9), [])
      const next = changeOf(story(1, noted), 1, { mails: { add: [mail(1)] } })
      strictEqual((yield* events.append({ ...append, compliance: { requests: [next] } }))._tag, "Appended")
      deepStrictEqual(yield* outbox.list([project], {}, undefined, 9), [waiting(mail(1), 1)])
    }),
  ),
  clause(
    "a mail whose id is there already is left as it is",
    Effect.fnUntraced(function* (store: Store) {
      yield* open(store, 1, [mail(1)])
      strictEqual(yield* change(store, { add: [mail(1, { template: "other", sealed: sealed("other") })] }), "kept")
      deepStrictEqual(yield* stored(store, 1), { ...waiting(mail(1), 1), sealed: mail(1).sealed, key: key(1) })
    }),
  ),
  clause(
    "a mail for a request without a key is stale, because nothing could decrypt it",
    Effect.fnUntraced(function* (store: Store) {
      const { compliance, outbox } = store
      strictEqual(yield* compliance.write(writeOf([changeOf(story(1))])), "kept")
      strictEqual(yield* change(store, { add: [mail(1)] }), "stale")
      const withKey = changeOf(story(1, noted), 1, { private: full, key: key(1), mails: { add: [mail(1)] } })
      strictEqual(yield* compliance.write(writeOf([withKey])), "kept")
      strictEqual((yield* outbox.list([project], {}, undefined, 9)).length, 1)
    }),
  ),
  clause(
    "mails that are due are claimed, those due first in front; each counts a try, and is due again later",
    Effect.fnUntraced(function* (store: Store) {
      const { outbox } = store
      yield* keepMany(store)
      const dueOf = (n: number) => (n * 5) % 4
      deepStrictEqual(yield* claimAll(store, t0 - 1), [])
      const first = yield* outbox.claim("mail", t0 + 2, t0 + 50, 10)
      const rest = yield* outbox.claim("mail", t0 + 2, t0 + 50, 100)
      const both = [...first, ...rest]
      strictEqual(first.length, 10)
      const expected = many.filter(({ n }) => dueOf(n) <= 2).map(({ made }) => made)
      deepStrictEqual(idsOf(both).toSorted(), expected.map(({ id }) => id).toSorted())
      const dueAt = new Map(expected.map((each) => [each.id, each.dueAt]))
      const order = both.map(({ id }) => dueAt.get(id)!)
      deepStrictEqual(
        order,
        order.toSorted((a, b) => a - b),
      )
      for (const each of both) {
        const { listed, made, n } = many.find(({ made }) => made.id === each.id)!
        deepStrictEqual(each, { ...listed, tries: 1, dueAt: t0 + 50, sealed: made.sealed, key: key(n) })
      }
      deepStrictEqual(yield* outbox.claim("mail", t0 + 2, t0 + 60, 100), [])
      // The others are due, and then the first again: their server has stopped.
      strictEqual((yield* outbox.claim("mail", t0 + 3, t0 + 60, 100)).length, many.length - expected.length)
      const again = yield* outbox.claim("mail", t0 + 50, t0 + 70, 100)
      deepStrictEqual(idsOf(again).toSorted(), idsOf(both).toSorted())
      deepStrictEqual(new Set(again.map(({ tries }) => tries)), new Set([2]))
    }),
  ),
  clause(
    "a mail that has passed its end is claimed too",
    Effect.fnUntraced(function* (store: Store) {
      yield* open(store, 1, [mail(1, { endsAt: t0 + 1 })])
      deepStrictEqual(idsOf(yield* claimAll(store, t0 + minute)), [mailId(1)])
    }),
  ),
  clause(
    "of concurrent claims each mail goes to one",
    Effect.fnUntraced(function* (store: Store) {
      yield* keepMany(store)
      const claims = Array.from({ length: 8 }, () => store.outbox.claim("mail", t0 + 9, t0 + minute, 5))
      const claimed = (yield* Effect.all(claims, { concurrency: "unbounded" })).flat()
      const left = yield* store.outbox.claim("mail", t0 + 9, t0 + minute, 100)
      const ids = idsOf([...claimed, ...left])
      deepStrictEqual(ids.toSorted(), many.map(({ made }) => made.id).toSorted())
    }),
  ),
  clause(
    "a mail ends with a fact of its request, only as it was seen; sent and cancelled ones lose their words",
    Effect.fnUntraced(function* (store: Store) {
      const { compliance, outbox } = store
      yield* open(
        store,
        1,
        [1, 2, 3].map((n) => mail(n)),
      )
      yield* open(store, 17, [mail(4)])
      const old = yield* Effect.forEach([1, 2, 3, 4], (n) => stored(store, n))
      yield* claimAll(store)
      const [one, two, three, four] = yield* Effect.forEach([1, 2, 3, 4], (n) => stored(store, n))
      // With another number of tries or another state, and of another request.
      for (const wrong of [old[0]!, { ...one!, state: "failed" as const }, four!, { ...one!, id: mailId(9) }]) {
        const ends = [end(two!, "sent", "250"), end(wrong, "sent", "250")]
        strictEqual(yield* change(store, { end: ends }), "stale")
      }
      strictEqual((yield* compliance.facts(project, idOf(1))).length, 1)
      deepStrictEqual(yield* stored(store, 2), two)
      const ends = [end(one!, "sent", "250"), end(two!, "failed", "550"), end(three!, "cancelled", "by hand")]
      strictEqual(yield* change(store, { end: ends }), "kept")
      const { sealed: _, ...sent } = one!
      deepStrictEqual(yield* stored(store, 1), { ...sent, state: "sent", outcome: "250", endedAt: t0 + 5 })
      deepStrictEqual(yield* stored(store, 2), { ...two!, state: "failed", outcome: "550", endedAt: t0 + 5 })
      const cancelled = yield* stored(store, 3)
      deepStrictEqual([cancelled.state, cancelled.outcome, cancelled.sealed], ["cancelled", "by hand", undefined])
      deepStrictEqual(yield* outbox.counts("mail"), { waiting: 1, oldestAt: t0, failed: 1 })
      deepStrictEqual(yield* claimAll(store, t0 + 9 * minute), [{ ...four!, tries: 2, dueAt: t0 + 11 * minute }])
      // One that came back.
      const bounced = [end(yield* stored(store, 1), "failed", "bounced", t0 + 7)]
      strictEqual(yield* change(store, { end: bounced }, noted), "kept")
      deepStrictEqual(yield* stored(store, 1), { ...sent, state: "failed", outcome: "bounced", endedAt: t0 + 7 })
    }),
  ),
  clause(
    "a mail waits longer as it was seen, and one that failed waits again while it has its words",
    Effect.fnUntraced(function* (store: Store) {
      const { outbox } = store
      yield* open(
        store,
        1,
        [1, 2, 3].map((n) => mail(n)),
      )
      const old = yield* stored(store, 1)
      yield* claimAll(store)
      const one = yield* stored(store, 1)
      const later = { dueAt: t0 + 3 * minute, endsAt: t0 + 4 * minute }
      strictEqual(yield* outbox.postpone(old, { ...later, outcome: "421" }), "stale")
      strictEqual(yield* outbox.postpone({ ...one, lane: one.lane + 1 }, later), "stale")
      deepStrictEqual(yield* stored(store, 1), one)
      strictEqual(yield* outbox.postpone(one, { ...later, outcome: "421" }), "kept")
      deepStrictEqual(yield* stored(store, 1), { ...one, ...later, outcome: "421" })
      const [two, three] = [yield* stored(store, 2), yield* stored(store, 3)]
      yield* change(store, { end: [end(two, "failed", "550"), end(three, "sent", "250")] })
      const failed = yield* stored(store, 2)
      strictEqual(yield* outbox.postpone(failed, later), "kept")
      const { endedAt: _, ...again } = { ...failed, ...later, state: "waiting" }
      deepStrictEqual(yield* stored(store, 2), again)
      const sent = yield* stored(store, 3)
      strictEqual(yield* outbox.postpone(sent, later), "stale")
      yield* change(store, { end: [end(sent, "failed", "bounced")] }, noted)
      strictEqual(yield* outbox.postpone(yield* stored(store, 3), later), "stale")
      deepStrictEqual(idsOf(yield* claimAll(store, later.dueAt)).toSorted(), [mailId(1), mailId(2)])
    }),
  ),
  clause(
    "a change ends mails, then cancels those that wait, then adds: a newer one takes the place of an earlier one",
    Effect.fnUntraced(function* (store: Store) {
      const code = (n: number) => mail(n, { template: "verification" })
      yield* open(store, 1, [code(1), code(2), mail(3)])
      yield* open(store, 17, [code(4)])
      yield* claimAll(store)
      const one = yield* stored(store, 1)
      const mails = { add: [code(5)], end: [end(one, "sent", "250")], cancel: ["verification", "resolved"] }
      strictEqual(yield* change(store, mails), "kept")
      const states = yield* Effect.forEach([1, 2, 3, 4, 5], (n) => Effect.map(stored(store, n), ({ state }) => state))
      deepStrictEqual(states, ["sent", "cancelled", "waiting", "waiting", "waiting"])
      const { endedAt, outcome, sealed } = yield* stored(store, 2)
      deepStrictEqual([endedAt, outcome, sealed], [t0 + 1, undefined, undefined])
    }),
  ),
  clause(
    "with the private row of a request its mails that wait are cancelled, and words and recipients of all removed",
    Effect.fnUntraced(function* (store: Store) {
      const { compliance, outbox } = store
      yield* open(
        store,
        1,
        [1, 2, 3].map((n) => mail(n)),
      )
      yield* open(store, 17, [mail(4)])
      const [one, two] = [yield* stored(store, 1), yield* stored(store, 2)]
      yield* change(store, { end: [end(one, "sent", "250"), end(two, "failed", "550")] })
      const removed = changeOf(story(1, noted, noted), 2, { private: "removed" })
      strictEqual(yield* compliance.write(writeOf([removed])), "kept")
      const bare = (n: number, over: Partial<StoredMail>): ListedMail => {
        const { recipientHash: _, ...listed } = waiting(mail(n), 1)
        return { ...listed, ...over }
      }
      const left = yield* outbox.list([project], { request: idOf(1) }, undefined, 9)
      deepStrictEqual(left, [
        bare(3, { state: "cancelled", endedAt: t0 + 2 }),
        bare(2, { state: "failed", outcome: "550", endedAt: t0 + 5 }),
        bare(1, { state: "sent", outcome: "250", endedAt: t0 + 5 }),
      ])
      for (const n of [1, 2, 3]) deepStrictEqual(yield* stored(store, n), left.at(-n))
      deepStrictEqual(idsOf(yield* claimAll(store)), [mailId(4)])
      strictEqual(yield* outbox.postpone(yield* stored(store, 2), { dueAt: t0, endsAt: t0 }), "stale")
    }),
  ),
  clause(
    "an erasure cancels the mails of resolved requests of its people, and removes words and recipients; open ones keep theirs",
    Effect.fnUntraced(function* (store: Store) {
      yield* open(store, 1, [mail(1)], project, denied)
      yield* open(store, 2, [mail(2)], second, denied)
      yield* open(store, 3, [mail(3)])
      const [one, , three] = yield* Effect.forEach([1, 2, 3], (n) => stored(store, n))
      yield* erase(store, [uuid(5), uuid(6)])
      const { key: _, recipientHash: __, sealed: ___, ...rest } = one!
      deepStrictEqual(yield* stored(store, 1), { ...rest, state: "cancelled", endedAt: erasedAt })
      strictEqual((yield* stored(store, 2)).state, "cancelled")
      deepStrictEqual(yield* stored(store, 3), three)
      deepStrictEqual(idsOf(yield* claimAll(store)), [mailId(3)])
      // A change that was prepared before adds no mail, because the key is gone.
      const late = changeOf(story(1, denied, noted), 2, { mails: { add: [mail(9)] } })
      strictEqual(yield* store.compliance.write(writeOf([late])), "stale")
    }),
  ),
  clause(
    "mails of projects are listed, the newest first, filtered and page by page",
    Effect.fnUntraced(function* (store: Store) {
      const { outbox } = store
      yield* keepMany(store)
      yield* open(store, 101, [mail(101)], elsewhere)
      const [failing] = yield* outbox.claim("mail", t0, t0, 1)
      yield* store.compliance.write(
        writeOf([changeOf(story(0, noted), 1, { mails: { end: [end(yield* stored(store, 0), "failed", "550")] } })]),
      )
      strictEqual(failing?.id, mailId(0))
      const both = [project, second]
      const all = yield* outbox.list(both, {}, undefined, 100)
      deepStrictEqual(
        idsOf(all),
        many
          .map(({ listed }) => listed)
          .toSorted(newestFirst)
          .map(({ id }) => id),
      )
      deepStrictEqual(
        yield* outbox.list(both, { state: "waiting" }, undefined, 100),
        all.filter(({ state }) => state === "waiting"),
      )
      deepStrictEqual(idsOf(yield* outbox.list(both, { state: "failed" }, undefined, 100)), [mailId(0)])
      deepStrictEqual(yield* outbox.list(both, { state: "sent" }, undefined, 100), [])
      deepStrictEqual(idsOf(yield* outbox.list(both, { request: idOf(3) }, undefined, 100)), [mailId(3)])
      deepStrictEqual(yield* outbox.list(both, { request: idOf(0), state: "waiting" }, undefined, 100), [])
      deepStrictEqual(
        yield* outbox.list([second], {}, undefined, 100),
        all.filter(({ lane }) => Math.floor(lane / 4096) === second.number),
      )
      for (const [index, after] of all.entries()) {
        deepStrictEqual(yield* outbox.list(both, {}, after, 5), all.slice(index + 1, index + 6))
      }
    }),
  ),
  clause(
    "mails of a template are counted since an instant, in whatever state, of one recipient or of all",
    Effect.fnUntraced(function* (store: Store) {
      const { outbox } = store
      yield* keepMany(store)
      const [one] = yield* outbox.claim("mail", t0, t0 + minute, 1)
      const n = many.findIndex(({ made }) => made.id === one!.id)
      const ended = changeOf(story(n, noted), 1, { mails: { end: [end(one!, "sent", "250")] } })
      strictEqual(yield* store.compliance.write(writeOf([ended], { project: many[n]!.of })), "kept")
      for (const of of [project, second, elsewhere]) {
        for (const since of [t0 - 1, t0 + 1, t0 + 3]) {
          for (const template of ["verification", "received", "none"]) {
            const counted = many.filter(
              ({ made, of: owner }) => owner === of && made.createdAt >= since && made.template === template,
            )
            strictEqual(yield* outbox.countSince(of, { template }, since), counted.length)
            for (const recipientHash of [hash(0x60), hash(0x63), hash(0x99)]) {
              strictEqual(
                yield* outbox.countSince(of, { template, recipientHash }, since),
                counted.filter(({ made }) => made.recipientHash === recipientHash).length,
              )
            }
          }
        }
      }
    }),
  ),
]
