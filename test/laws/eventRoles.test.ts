import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as Decision from "../../core/engine/Decision.ts"
import * as Order from "../../core/engine/Order.ts"
import * as Terms from "../../core/engine/Terms.ts"
import * as EventRole from "../../core/people/EventRole.ts"
import * as Ledgers from "../support/ledgers.ts"

// Kills: an event of the very instant is called later; the deciding event is looked for by its state; a replaced event
// is said to be replaced by another head.
test("Each known event decides, lost, was replaced by a later one of its state, or is later, as the decision says.", () => {
  fc.assert(
    fc.property(Ledgers.story, Ledgers.at, Ledgers.knownAt, (story, at, knownAt) => {
      const decision = Decision.decide(story.events, Terms.make(story.type, story.rules, knownAt), at)
      const known = story.events.filter(({ dateCreated }) => dateCreated <= knownAt)
      const roles = known.map((event) => ({ event, role: EventRole.of(event, decision) }))
      const of = (kind: EventRole.EventRole["kind"]) =>
        new Set(roles.flatMap(({ event, role }) => (role.kind === kind ? [event.id] : [])))
      expect(of("decides")).toEqual(new Set(decision.event === undefined ? [] : [decision.event.id]))
      expect(of("lost")).toEqual(new Set(decision.because.lost.map(({ event }) => event.id)))
      expect(of("later")).toEqual(new Set(known.filter(({ consentDate }) => consentDate > at).map(({ id }) => id)))
      for (const { event, role } of roles) {
        if (role.kind === "lost") {
          expect(decision.because.lost.find((lost) => lost.event.id === event.id)?.loss).toBe(role.loss)
        }
        if (role.kind !== "replaced") continue
        expect(role.by.consentState).toBe(event.consentState)
        expect(role.by.consentDate).toBeLessThanOrEqual(at)
        expect(Order.isLater(role.by, event)).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})
