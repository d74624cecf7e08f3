/**
 * Laws of reading the change feed: a follower gets everything after its mark once (F1), and a mark that is not
 * known is refused (F8). The laws of what the feed says are in `feed.test.ts`.
 */
import { Effect, type Layer } from "effect"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import type { LaneEnd, LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as Playing from "../support/feed/playing.ts"
import * as Readers from "../support/feed/readers.ts"
import * as Worlds from "../support/feed/worlds.ts"
import { times } from "../support/long.ts"

const readWorlds = Worlds.world(12).chain((world) =>
  fc.tuple(fc.constant(world), fc.array(Readers.reader(world.lanes), { minLength: 1, maxLength: 4 })),
)

const runs = times(15, 2000)

const store = () => Playing.storeOf(MemoryStore.layer as Layer.Layer<LedgerStore>)

test("F1: whoever follows from any mark, while others record, gets each change once", () =>
  fc.assert(
    fc.asyncProperty(readWorlds, ([world, readers]) =>
      Effect.gen(function* () {
        const all = readers.map((reader): Readers.Working => ({ reader, mark: undefined, began: undefined, got: [] }))
        const afterStep: Playing.Scheduling["afterStep"] = (index, at) =>
          Effect.forEach(all, (working) => Readers.readOn(working, index, at))
        const { lanes, scope } = yield* Playing.play(world, yield* store(), { afterStep })
        expect(all.flatMap((working) => [...Readers.once(working, lanes, scope.project)])).toEqual([])
      }).pipe(Effect.scoped, Effect.runPromise),
    ),
    { numRuns: runs },
  ))

const quiet = Worlds.world(8, { identities: false, erasures: false, changes: false, troubles: false })

/** How a mark is altered: a character of it is another one, some are cut off, or some are added. */
const alteration = fc.oneof(
  fc.record({ kind: fc.constant("another" as const), at: fc.nat(), by: fc.integer({ min: 1, max: 63 }) }),
  fc.record({ kind: fc.constant("shorter" as const), at: fc.nat(), by: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant("longer" as const), at: fc.nat(), by: fc.integer({ min: 0, max: 63 }) }),
)

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const altered = (
  mark: string,
  { at, by, kind }: typeof alteration extends fc.Arbitrary<infer A> ? A : never,
): string => {
  const place = at % mark.length
  if (kind === "shorter") return mark.slice(0, -by)
  if (kind === "longer") return `${mark}${digits[by]}`
  const digit = digits[(digits.indexOf(mark[place]!) + by) % digits.length]!
  return `${mark.slice(0, place)}${digit}${mark.slice(place + 1)}`
}

test("F8: a mark that is altered, or of another project, is refused", () =>
  fc.assert(
    fc.asyncProperty(quiet, fc.array(alteration, { minLength: 1, maxLength: 8 }), (world, alterations) =>
      Effect.gen(function* () {
        const { ledger, scope } = yield* Playing.play(world, yield* store())
        const { mark } = yield* ledger.changes(scope, { limit: 2 }, { millis: 0 })
        yield* ledger.changes(scope, { after: mark }, { millis: 0 })
        for (const each of alterations) {
          const fault = yield* Effect.flip(ledger.changes(scope, { after: altered(mark, each) }, { millis: 0 }))
          expect(fault._tag).toBe("UnknownMark")
        }
        const fields = { name: "Second", domains: ["localhost"] }
        const made = yield* ledger.setup.createProject(scope.organization, fields, { answer: () => "" })
        if (made._tag !== "Changed") return yield* Effect.die(made._tag)
        const other = { ...scope, project: made.value }
        expect((yield* Effect.flip(ledger.changes(other, { after: mark }, { millis: 0 })))._tag).toBe("UnknownMark")
      }).pipe(Effect.scoped, Effect.runPromise),
    ),
    { numRuns: runs },
  ))

test("F8: a mark whose place a restored ledger lacks, or of another incarnation, is lost, and tells where to go on", () =>
  fc.assert(
    fc.asyncProperty(quiet, fc.nat({ max: 3 }), fc.boolean(), (world, lost, isRestored) =>
      Effect.gen(function* () {
        const held = yield* store()
        const ends = { lost: 0, incarnation: 1 }
        // A ledger that lacks the last of what was recorded, as one that was restored from an earlier backup.
        const feed: typeof held.feed = {
          ...held.feed,
          ends: (project) =>
            Effect.map(held.feed.ends(project), (all) =>
              all.map((end) => ({
                ...end,
                incarnation: ends.incarnation,
                position: Math.max(0, end.position - ends.lost),
              })),
            ),
        }
        const { lanes, ledger, scope } = yield* Playing.play(world, { ...held, feed })
        const { mark } = yield* ledger.changes(scope, { after: "now" }, { millis: 0 })
        ends.lost = lost
        ends.incarnation = isRestored ? 2 : 1
        const reading = yield* Effect.result(ledger.changes(scope, { after: mark }, { millis: 0 }))
        const isLost = isRestored || (lost > 0 && lanes.some((lane) => lane.some(({ _tag }) => _tag === "Event")))
        expect(reading._tag).toBe(isLost ? "Failure" : "Success")
        if (!isLost) return
        if (reading._tag === "Success" || reading.failure._tag !== "MarkLost") return yield* Effect.die(reading)
        const goingOn = yield* ledger.changes(scope, { after: reading.failure.mark }, { millis: 0 })
        expect(goingOn.items).toEqual([])
        ends.lost = 0
        const { items } = yield* ledger.changes(scope, { after: goingOn.mark, limit: 1000 }, { millis: 0 })
        const missing = lanes.map((lane) => Math.min(lost, lane.filter(({ _tag }) => _tag === "Event").length))
        expect(items.filter(({ type }) => type === "consent.recorded")).toHaveLength(missing.reduce((a, b) => a + b, 0))
      }).pipe(Effect.scoped, Effect.runPromise),
    ),
    { numRuns: runs },
  ))

/** Long after everything that a world plays. */
const later = 1e12

// Mutants: only a place beyond the end of its lane is lost; the mark goes on after what was recorded since.
test("F8: it is lost, too, if the restored ledger has grown past it, and what was recorded since follows", () =>
  fc.assert(
    fc.asyncProperty(quiet, fc.nat({ max: 3 }), (world, lost) =>
      Effect.gen(function* () {
        const held = yield* store()
        const counted = { lost: 0 }
        const endsOf = (all: ReadonlyArray<LaneEnd>) =>
          counted.lost === 0 ? all : all.map((end) => ({ ...end, lastRecordedAt: end.lastRecordedAt + later }))
        // A ledger in which other events have the places of the last of what was recorded.
        const feed: typeof held.feed = {
          ...held.feed,
          ends: (project) => Effect.map(held.feed.ends(project), endsOf),
          read: (project, parts, filter, limit) =>
            Effect.gen(function* () {
              const ends = yield* held.feed.ends(project)
              const isOther = (lane: number, position: number) => position >= ends[lane]!.position - counted.lost
              return (yield* held.feed.read(project, parts, filter, limit)).map((read) => ({
                ...read,
                items: read.items.map((item) =>
                  item._tag === "Event" && isOther(read.next.lane, item.position)
                    ? { ...item, event: { ...item.event, dateCreated: item.event.dateCreated + later } }
                    : item,
                ),
              }))
            }),
        }
        const { lanes, ledger, scope } = yield* Playing.play(world, { ...held, feed })
        const { mark } = yield* ledger.changes(scope, { after: "now" }, { millis: 0 })
        counted.lost = lost
        const missing = lanes.map((lane) => Math.min(lost, lane.filter(({ _tag }) => _tag === "Event").length))
        const reading = yield* Effect.result(ledger.changes(scope, { after: mark }, { millis: 0 }))
        expect(reading._tag).toBe(missing.some((count) => count > 0) ? "Failure" : "Success")
        if (reading._tag === "Success") return
        if (reading.failure._tag !== "MarkLost") return yield* Effect.die(reading)
        const { items } = yield* ledger.changes(scope, { after: reading.failure.mark, limit: 1000 }, { millis: 0 })
        expect(items.filter(({ type }) => type === "consent.recorded")).toHaveLength(missing.reduce((a, b) => a + b, 0))
      }).pipe(Effect.scoped, Effect.runPromise),
    ),
    { numRuns: runs },
  ))
