/**
 * Laws of the decisions of a page: the loader permits no more than the engine, and Global Privacy Control never permits
 * more. Mutants that they kill are in test/mutants/browser.ts.
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as LocalEvents from "../../core/browser/LocalEvents.ts"
import * as PageDecisions from "../../core/browser/PageDecisions.ts"
import type { PageType } from "../../core/browser/PageTypes.ts"
import * as Snapshot from "../../core/browser/Snapshot.ts"
import type { VisitEvent } from "../../core/browser/VisitAnswer.ts"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Ledgers from "../support/ledgers.ts"
import { times } from "../support/long.ts"

const subcategories = ["analytics", "marketing", "do_not_sell"]

/** Types of which two share a subcategory, and so a name. */
const anyTypes: fc.Arbitrary<ReadonlyArray<PageType>> = fc
  .tuple(...["type-1", "type-2", "type-3"].map((id) => Ledgers.consentType(id)))
  .chain((types) => fc.tuple(...types.map((type) => fc.tuple(fc.constant(type), fc.constantFrom(...subcategories)))))
  .map((all) =>
    all.map(([type, subcategory], index) => {
      const { label: _, ...rest } = type
      const triple = `privacy_setting/${subcategory}/${index}`
      const visit = { version: 1 } as PageType["visit"]
      const named = { ...rest, category: "privacy_setting", subcategory, label: String(index) }
      return { id: type.id, triple, name: subcategory, required: false, visit, type: named }
    }),
  )

/** Whether each event was given with the signal in view. */
const anyEvents = fc.array(fc.tuple(Ledgers.event(), fc.constantFrom("type-1", "type-2", "type-3"), fc.boolean()), {
  maxLength: 9,
})

const local = ([event, consentType, gpc]: readonly [ConsentEvent, string, boolean]): LocalEvents.LocalEvent => ({
  ...event,
  consentType,
  wire: { ...(gpc && { evidence: { gpc: true } }) } as VisitEvent,
})

const settings = { gpc: true, gpcCovers: ["marketing"] }
const isCovered = ({ triple }: PageType): boolean => /\/(marketing|do_not_sell)\//.test(triple)

const anyKnown = fc
  .record({ types: anyTypes, ruleSet: fc.constant([]), events: anyEvents })
  .map(({ events, ruleSet, types }): PageDecisions.PageKnowledge => ({
    types,
    ruleSet,
    settings,
    heads: LocalEvents.add(new Map(), events.map(local)),
    gpcSince: undefined,
  }))

const runs = { numRuns: times(300, 20_000) }

describe("The loader", () => {
  test("permits nothing that the engine would not, and before the end of a permission what it would", () => {
    fc.assert(
      fc.property(anyKnown, Ledgers.instant, Ledgers.at, (known, at, later) => {
        fc.pre(later >= at)
        const made = PageDecisions.snapshotOf(PageDecisions.all(known, at), known, { region: undefined, revision: 1 })
        const snapshot = Snapshot.decode(Snapshot.encode(made))
        for (const name of subcategories) {
          const types = known.types.filter((type) => type.name === name)
          if (types.length === 0) continue
          const permits = Snapshot.permits(snapshot, { name, since: 0, required: false, triple: "" }, later)
          const isPermitted = types.every((type) => PageDecisions.of(type, known, later).permitted)
          if (permits) expect(isPermitted).toBe(true)
          const until = made.answers.get(name)?.until
          if (later === at || (until !== undefined && later < until)) expect(permits).toBe(isPermitted)
        }
      }),
      runs,
    )
  })
})

describe("Global Privacy Control", () => {
  test("permits no type more, and nothing that it covers but what was confirmed", () => {
    fc.assert(
      fc.property(anyKnown, Ledgers.instant, Ledgers.instant, (known, since, at) => {
        const signalled = { ...known, gpcSince: since }
        for (const type of known.types) {
          const [without, decision] = [PageDecisions.of(type, known, at), PageDecisions.of(type, signalled, at)]
          if (decision.permitted) {
            expect(without.permitted).toBe(true)
            if (isCovered(type)) {
              expect((decision.event as LocalEvents.LocalEvent).wire.evidence?.gpc).toBe(true)
            }
          }
          if (!isCovered(type)) expect(decision).toEqual(without)
          // What the signal answers is not asked again, and the ledger receives a refusal where it holds a permission.
          else if (!decision.permitted) expect(decision.status).toMatch(/refused|withdrawn/)
          expect(PageDecisions.mustDecline(type, signalled, at)).toBe(without.permitted && !decision.permitted)
        }
      }),
      runs,
    )
  })

  test("leaves the answers that the ledger was told of when it ends, so its end permits nothing more", () => {
    fc.assert(
      fc.property(anyKnown, Ledgers.instant, Ledgers.instant, (all, since, at) => {
        // A page's clock is not before the last event that it knows.
        const past = [...all.heads.values()]
          .flatMap(LocalEvents.eventsOf)
          .filter(({ consentDate }) => consentDate <= at)
        const known = { ...all, heads: LocalEvents.add(new Map(), past) }
        const signalled = { ...known, gpcSince: since }
        const refusals = known.types
          .filter((type) => PageDecisions.mustDecline(type, signalled, at))
          .map((type): LocalEvents.LocalEvent => {
            const { id: consentType } = type
            const date = {
              consentDate: at,
              dateCreated: at,
              consentState: "declined",
              consentAction: "implied",
            } as const
            return { id: "~", concordId: "", consentType, version: 1, ...date, wire: {} as VisitEvent }
          })
        const ended = { ...known, heads: LocalEvents.add(known.heads, refusals) }
        for (const type of known.types) {
          const before = PageDecisions.of(type, signalled, at)
          expect(PageDecisions.of(type, ended, at).permitted).toBe(before.permitted)
        }
      }),
      runs,
    )
  })
})

describe("Local events", () => {
  test("are the same in any order, and with repetitions", () => {
    fc.assert(
      fc.property(anyEvents, fc.array(fc.nat()), (events, order) => {
        const all = events.map(local)
        const mixed = [...all, ...order.flatMap((place) => all[place % Math.max(1, all.length)] ?? []), ...all]
        const key = (heads: LocalEvents.LocalHeads) =>
          [...heads].map(([type, each]) => [type, LocalEvents.eventsOf(each).map(({ id }) => id)]).toSorted()
        expect(key(LocalEvents.add(new Map(), mixed.toReversed()))).toEqual(key(LocalEvents.add(new Map(), all)))
      }),
      { numRuns: times(50, 2_000) },
    )
  })

  test("are read as the server writes them, without an end where it writes null", () => {
    const wire: VisitEvent = {
      id: "018d5c00-0000-7000-8000-000000000001",
      concordId: "person-1",
      consentType: "type-1",
      version: 2,
      consentState: "accepted",
      consentAction: "user_click",
      consentDate: "2024-02-29T00:00:00.001Z",
      dateCreated: "2024-02-29T00:00:00.002Z",
    }
    expect(LocalEvents.ofEvent({ ...wire, expirationDate: null as unknown as string })).not.toHaveProperty(
      "expirationDate",
    )
    expect(LocalEvents.ofEvent(wire).dateCreated - LocalEvents.ofEvent(wire).consentDate).toBe(1)
    expect(() => LocalEvents.ofEvent({ ...wire, consentDate: "yesterday" })).toThrow(TypeError)
    for (const instant of [0, Instant.max, Date.UTC(2024, 1, 29)]) {
      expect(LocalEvents.textOf(instant)).toBe(Instant.format(instant))
      expect(LocalEvents.instantOf(Instant.format(instant))).toBe(instant)
    }
  })
})
