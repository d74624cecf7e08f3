/**
 * Answers under regions (semantics, laws 8, 10 and 16), on ledgers over memory, SQLite and PostgreSQL: two servers over
 * one store record what visitors in regions say, publish regions, join people and erase them.
 */
import { Effect, type Layer } from "effect"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as RegionRules from "../../core/browser/RegionRules.ts"
import * as Decision from "../../core/engine/Decision.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Terms from "../../core/engine/Terms.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import type { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as PublishedRegions from "../../core/model/PublishedRegions.ts"
import * as History from "../support/feed/history.ts"
import * as Playing from "../support/feed/playing.ts"
import * as Worlds from "../support/feed/worlds.ts"
import { times } from "../support/long.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(MemoryStore.layer, {
  memory: times(12, 300),
  sqlite: times(2, 40),
  postgres: times(1, 15),
})

/** All by the first server: only it knows as of when it has answered. */
const byOneServer = (world: Worlds.World): Worlds.World => {
  const alone = (step: Worlds.Step): Worlds.Step =>
    step.kind === "both" ? (step.steps[1] as Worlds.Step) : { ...step, server: 0 }
  return { ...world, ahead: [0, 0], steps: world.steps.map(([wait, step]) => [wait, alone(step)] as const) }
}

const worlds = Worlds.world(14, { regions: true, troubles: false }).map(byOneServer)

interface Asked {
  readonly concordId: string
  readonly at?: Instant
  readonly knownAt?: Instant
  readonly region?: string
}

const linesOf = Effect.fnUntraced(function* (
  { ledger, scope }: Pick<Playing.Reached, "ledger" | "scope">,
  asked: Asked,
) {
  const { concordId, items } = yield* ledger.decisions({ ...scope, ...asked })
  return items.map(({ decision, region, type }) => Exchange.decisionToLine(concordId, type, decision, region))
})

describe.each(stores)("Over %s, under regions", (_name, layer, numRuns) => {
  const holds = (check: (world: Worlds.World, store: LedgerStore["Service"]) => Effect.Effect<unknown, unknown>) =>
    fc.assert(
      fc.asyncProperty(worlds, (world) =>
        Effect.gen(function* () {
          yield* check(world, yield* Playing.storeOf(layer() as Layer.Layer<LedgerStore>))
        }).pipe(Effect.scoped, Effect.runPromise),
      ),
      { numRuns },
    )

  // Kills: AskedRegion takes the region of now for a past `knownAt`, or the publication of now; RegionFacts takes the
  // first stay; a fact of another project, or of a member that was not joined yet, counts.
  test("an answer is the one of what was known: events, the person's latest region, and what was published", () =>
    holds((world, store) =>
      Effect.gen(function* () {
        const played = yield* Playing.play(world, store)
        const { end, history } = played
        for (const person of History.peopleOf(history)) {
          for (const type of history.types) {
            const turns = History.turnsOf(history, type, end).filter((at) => at >= Playing.start)
            for (const knownAt of turns.slice(-12)) {
              const lines = yield* linesOf(played, { concordId: person, at: knownAt, knownAt })
              const line = lines.find(({ consentType }) => consentType === type.id)
              const answer = History.answer(history, person, type, knownAt, knownAt)
              const { askAgain, event, permitted, status } = line ?? History.unknown
              const side = { status, permitted, askAgain, ...(event !== undefined && { event }) }
              expect(side).toEqual(answer)
            }
          }
        }
      }),
    ))

  // Kills: Reading leaves the rules of the region out, or lays them under those of the type; `none` means the latest
  // region; decisions name no region.
  test("under a region that is chosen it is the engine's answer under that rule set, and express never permits more", () =>
    holds((world, store) =>
      Effect.gen(function* () {
        const { end, history, ledger, scope } = yield* Playing.play(world, store)
        const regions = (history.publications ?? []).at(-1)!.regions
        for (const person of History.peopleOf(history)) {
          if (history.erasures.some(({ members }) => members.includes(person))) continue
          const members = History.groupOf(history, person, end)
          const permitted = new Map<string, boolean>()
          for (const region of [undefined, ...regions]) {
            const asked = { concordId: person, at: end, knownAt: end, region: region?.id ?? "none" }
            const ruleSet = region === undefined ? [] : RegionRules.of(region.settings)
            for (const line of yield* linesOf({ ledger, scope }, asked)) {
              const type = scope.types.byId.get(line.consentType)!
              const events = history.events.filter(
                ({ concordId, consentType }) => members.has(concordId) && consentType === type.id,
              )
              const decision = Decision.decide(events, Terms.of(type, ruleSet, end), end)
              expect(line).toEqual(Exchange.decisionToLine(line.concordId, type, decision, region?.id))
              permitted.set(`${type.id} ${JSON.stringify(ruleSet)}`, line.permitted)
            }
          }
          for (const type of scope.types.all) {
            const under = (consentMode: "express" | "implied") =>
              permitted.get(`${type.id} ${JSON.stringify(RegionRules.of({ consentMode, consentDuration: 1 }))}`)
            if (under("express") === true && under("implied") !== undefined) expect(under("implied")).toBe(true)
          }
        }
      }),
    ))

  // Kills: a fact of a region, or a publication, is recorded at or before the instant of an answer.
  test("asked again with its own `at` and `knownAt` it is the same", () =>
    holds((world, store) =>
      Effect.gen(function* () {
        const answered: Array<{ readonly asked: Asked; readonly lines: Effect.Success<ReturnType<typeof linesOf>> }> =
          []
        const afterStep = Effect.fnUntraced(function* (_: number, reached: Playing.Reached) {
          const { project } = reached.scope
          const events = yield* Effect.forEach(Array.from({ length: project.lanes }).keys(), (lane) =>
            reached.store.events.lane(project, lane, 0, 1000),
          )
          for (const concordId of new Set(events.flat().map((event) => event.concordId))) {
            if (!reached.isLast) {
              const lines = yield* linesOf(reached, { concordId })
              const [first] = lines
              if (first === undefined) continue
              const instants = { at: Date.parse(first.at), knownAt: Date.parse(first.knownAt) }
              answered.push({ asked: { concordId, ...instants }, lines })
            }
          }
          if (!reached.isLast) return
          for (const { asked, lines } of answered) expect(yield* linesOf(reached, asked)).toEqual(lines)
        })
        yield* Playing.play(world, store, { afterStep })
        const catalog = yield* store.catalog.current
        const [project] = catalog.projects.values()
        expect(PublishedRegions.current(catalog, project!).revision).toBeGreaterThan(0)
      }),
    ))
})
