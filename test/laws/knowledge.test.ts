import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as Decision from "../../core/engine/Decision.ts"
import * as Terms from "../../core/engine/Terms.ts"
import { at, ends, instants, story } from "../support/ledgers.ts"

// Kills: Terms.make counts versions that are not known yet; Timeline.start counts events that are not known yet or have
// not happened.
test("Reading as of (`at`, `knownAt`) equals reading a ledger that holds only what was known then (all but `nextChangeAt`, also only what had happened then).", () => {
  fc.assert(
    fc.property(story, at, ({ events, type, rules }, at) => {
      for (const knownAt of [...instants, ends[1]]) {
        const answer = Decision.decide(events, Terms.make(type, rules, knownAt), at)

        const known = events.filter((event) => event.dateCreated <= knownAt)
        const versions = type.versions.filter((version) => version.dateCreated <= knownAt)
        const fromKnown = Decision.decide(known, Terms.make({ ...type, versions }, rules, ends[1]), at)
        expect({ ...fromKnown, knownAt }).toEqual(answer)

        const happened = known.filter((event) => event.consentDate <= at)
        const published = versions.filter((version) => version.publishedAt <= at)
        const fromPast = Decision.decide(happened, Terms.make({ ...type, versions: published }, rules, ends[1]), at)
        expect({ ...fromPast, knownAt, nextChangeAt: answer.nextChangeAt }).toEqual(answer)
      }
    }),
    { numRuns: 1000 },
  )
})
