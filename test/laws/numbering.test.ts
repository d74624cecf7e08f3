import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as ConsentTypeVersions from "../../core/catalog/ConsentTypeVersions.ts"
import type { ListedType } from "../../core/model/Catalog.ts"
import * as Numbering from "../support/numbering.ts"

type Numbered = Required<Pick<ListedType, "cancelled" | "versions">>

/** Few instants, so that versions are published at the same one, and right before or after each other. */
const step = fc.record({ wait: fc.integer({ min: 0, max: 2 }), ahead: fc.integer({ min: 0, max: 5 }) })
const event = fc.record({ named: fc.integer({ min: 1, max: 4 }) })
const cancellation = fc.record({ cancelled: fc.integer({ min: 1, max: 4 }) })
const steps = fc.array(fc.oneof(step, step, step, event, cancellation), { minLength: 1, maxLength: 10 })

// Kills: ConsentTypeVersions.add numbers planned versions again in another order, or one that is in force or named;
// lastFinal forgets the versions in force, or those that events name; publishedAt lets a version precede a final one;
// isCancellable allows one in force, or a first one that is alone or named; the number of a cancelled version that an
// event names is given again.
test("Versions are numbered in the order of their publication, whatever is planned, published, answered and cancelled in any order", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      let now = 0
      let type: Numbered = { versions: [], cancelled: [] }
      const used = new Set<number>()
      for (const [index, step] of steps.entries()) {
        if ("named" in step) {
          used.add(step.named)
          continue
        }
        if ("cancelled" in step) {
          const version = type.versions[step.cancelled - 1]
          if (version === undefined) continue
          const before = { now, ...type, used }
          const isMade = ConsentTypeVersions.isCancellable(type, version, used, now)
          if (isMade) type = ConsentTypeVersions.cancel(type, version, used, now)
          expect([...Numbering.wrongCancelled(before, { now, ...type, used }, version.id, isMade)]).toEqual([])
          continue
        }
        now += step.wait
        const before = { now, ...type, used }
        const id = `version ${index}`
        const publishedAt = ConsentTypeVersions.publishedAt(type.versions, now + step.ahead, used, now)
        const dates = { dateCreated: now, publishedAt }
        const added = ConsentTypeVersions.make(id, {}, undefined, undefined, dates)
        type = { ...type, versions: ConsentTypeVersions.add(type, added, used, now) }
        expect([...Numbering.wrong(before, { now, ...type, used }, id, now + step.ahead)]).toEqual([])
      }
    }),
    { numRuns: 5000 },
  )
})
