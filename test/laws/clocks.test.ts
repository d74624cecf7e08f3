/**
 * Recording by a clock that goes ahead and back, and with external ids that are used again: few people, instants and
 * ids, so that ties and repetitions happen in most runs.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { afterAll, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import type * as Admission from "../../core/model/Admission.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { StoredEvent } from "../../core/ports/LedgerStore.ts"
import { times } from "../support/long.ts"
import * as TestKeys from "../support/keys.ts"

const folder = mkdtempSync(join(tmpdir(), "assent-clocks-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

const stores = [
  ["memory", () => MemoryStore.layer, times(75, 1000)],
  ["sqlite", () => SqliteStore.layer(join(folder, `${files++}.db`)), times(3, 30)],
] as const

const today = Date.UTC(2026, 0, 31)
const minute = 60_000

/** Runs an effect on a new ledger with the demonstration's types. */
const onNew = <A>(
  store: (typeof stores)[number][1],
  program: (scope: ProjectScope) => Effect.Effect<A, unknown, Ledger.Ledger>,
) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(today)
    const ledger = yield* Ledger.Ledger
    const { project } = Option.getOrThrow(yield* ledger.found)
    return yield* program(Option.getOrThrow(yield* ledger.projectScope(project.id)))
  }).pipe(
    Effect.provide(Ledger.layer.pipe(Layer.provide([store(), NodeCrypto.layer, TestKeys.layer]))),
    Effect.provide(TestClock.layer()),
    Effect.runPromise,
  )

/** All events of a project. */
const exported = Effect.fnUntraced(function* (scope: ProjectScope) {
  const ledger = yield* Ledger.Ledger
  const reading = yield* ledger.export(scope, {})
  const events: Array<StoredEvent> = []
  for (;;) {
    const page = yield* reading.next
    if (page === undefined) return events
    events.push(...page.events)
  }
})

const states = fc.constantFrom("accepted", "declined", "declined", "implied", "viewed")

/** A date in minutes after the clock, or none. */
const ahead = fc.constantFrom(undefined, undefined, -1, 0, 1, 4, 600)

const said = fc.record({ person: fc.nat(1), type: fc.nat(1), consentState: states, ahead })

/** The clock jumps by a number of minutes, and then a batch is recorded. */
const walk = fc.array(
  fc.record({
    jump: fc.constantFrom(0, 0, 1, -1, 60, -60, 3),
    batch: fc.array(said, { minLength: 1, maxLength: 3 }),
  }),
  { maxLength: 8 },
)

const yesAhead = { person: 1, type: 1, consentState: "accepted", ahead: 4 }
const withoutDate = { person: 0, type: 0, consentState: "declined", ahead: undefined }

/** A refusal between two yeses that are later than the clock: that of the ledger is earlier than that of the batch. */
const aheadAgain = [
  { jump: 0, batch: [withoutDate] },
  { jump: 0, batch: [yesAhead, { ...withoutDate, consentState: "accepted" }] },
  {
    jump: 0,
    batch: [
      { ...yesAhead, consentState: "declined", ahead: undefined },
      yesAhead,
      { ...withoutDate, consentState: "accepted" },
    ],
  },
]

for (const [name, store, numRuns] of stores) {
  // Kills: the refusal is dated by `dateCreated`; a store that does not look for a later yes; LaterDates.ofItems covers
  // the last date only, or no item before it in the batch.
  test(`A refusal that is acknowledged counts at once and at every later instant, however the clock goes (${name}).`, () =>
    fc.assert(
      fc.asyncProperty(walk, (steps) =>
        onNew(store, (scope) =>
          Effect.gen(function* () {
            const ledger = yield* Ledger.Ledger
            let now = today
            for (const { batch, jump } of steps) {
              now += jump * minute
              yield* TestClock.setTime(now)
              const items = batch.map(({ ahead, consentState, person, type }): Admission.Item => ({
                person: { userId: `u${person}` },
                consentType: scope.types.all[type]!.id,
                consentState,
                consentAction: "import",
                ...(ahead !== undefined && { consentDate: now + ahead * minute }),
              }))
              const outcome = yield* ledger.record({ ...scope, submitter: "test", items })
              if (outcome._tag !== "Recorded") continue
              const all = yield* exported(scope)
              for (const [index, event] of outcome.events.entries()) {
                const { ahead } = batch[index]!
                if (event.consentState !== "declined" || (ahead !== undefined && ahead <= 0)) continue
                expect(event.consentDate).toBe(now)
                const same = all.filter(
                  ({ concordId, consentType }) => concordId === event.concordId && consentType === event.consentType,
                )
                const after = outcome.events.slice(index + 1)
                const yes = same.filter(
                  ({ consentDate, consentState, id }) =>
                    consentState !== "declined" && consentDate >= now && !after.some((each) => each.id === id),
                )
                const nos = new Set(
                  same.flatMap((each) => (each.consentState === "declined" ? [each.consentDate] : [])),
                )
                expect(yes.filter(({ consentDate }) => !nos.has(consentDate))).toEqual([])
                if (
                  after.some(
                    ({ concordId, consentType }) => concordId === event.concordId && consentType === event.consentType,
                  )
                )
                  continue
                for (const at of [undefined, now, ...yes.map(({ consentDate }) => consentDate)]) {
                  const question = { ...scope, concordId: event.concordId, consentTypes: [event.consentType] }
                  const { items } = yield* ledger.decisions({ ...question, ...(at !== undefined && { at }) })
                  expect(items.map(({ decision }) => decision.permitted)).toEqual([false])
                }
              }
              for (const { consentDate, dateCreated } of all) expect(consentDate).toBeLessThanOrEqual(dateCreated)
            }
          }),
        ),
      ),
      { numRuns, examples: [[aheadAgain]] },
    ))
}

const people = [{ userId: "u1" }, { userId: "u2" }, { userId: "u1", email: "one@example.com" }] as const

const identified = fc.record({
  person: fc.constantFrom(...people),
  type: fc.nat(1),
  consentState: fc.constantFrom("accepted", "declined"),
  date: fc.constantFrom(undefined, -2, -1),
  externalId: fc.constantFrom("x1", "x2"),
  submitter: fc.nat(1),
})

for (const [name, store, numRuns] of stores) {
  // Kills: ExternalIds.isSameEvent looks at no state, no type or no date; ItemPeople.nameEventPerson answers true; an
  // id is shared by all keys; a refusal keeps the id of another event.
  test(`An external id is one event of its key: the same again records nothing, another yes is refused, and another no is recorded without it (${name}).`, () =>
    fc.assert(
      fc.asyncProperty(fc.array(identified, { maxLength: 10 }), (items) =>
        onNew(store, (scope) =>
          Effect.gen(function* () {
            const ledger = yield* Ledger.Ledger
            const first = new Map<
              string,
              { readonly said: string; readonly id: string; readonly dates: Set<unknown> }
            >()
            for (const { consentState, date, externalId, person, submitter, type } of items) {
              const consentDate = date === undefined ? undefined : today + date * minute
              const item: Admission.Item = {
                person,
                consentType: scope.types.all[type]!.id,
                consentState,
                consentAction: "import",
                externalId,
                ...(consentDate !== undefined && { consentDate }),
              }
              const key = `${submitter} ${externalId}`
              const said = `${person.userId} ${type} ${consentState}`
              const known = first.get(key)
              const named = "email" in person ? yield* ledger.find(scope, { email: person.email }) : undefined
              const isNamed = named?._tag !== "Found" || named.concordId !== undefined
              const isSame = known?.said === said && known.dates.has(consentDate) && isNamed
              const before = (yield* exported(scope)).length
              const outcome = yield* ledger.record({ ...scope, submitter: `key ${submitter}`, items: [item] })
              const added = (yield* exported(scope)).length - before
              if (known !== undefined && !isSame && consentState !== "declined") {
                expect(outcome).toMatchObject({ _tag: "Refused", violations: [{ code: "external_id_reused" }] })
                expect(added).toBe(0)
                continue
              }
              if (outcome._tag !== "Recorded") return expect.fail(outcome._tag)
              const [event] = outcome.events
              expect(added).toBe(isSame ? 0 : 1)
              if (isSame) expect(event!.id).toBe(known.id)
              else expect(JSON.parse(event!.body).externalId).toBe(known === undefined ? externalId : undefined)
              if (known === undefined) {
                first.set(key, { said, id: event!.id, dates: new Set([undefined, event!.consentDate]) })
              }
            }
          }),
        ),
      ),
      { numRuns },
    ))
}
