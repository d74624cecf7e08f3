import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as ConsentTypeVersions from "../../core/catalog/ConsentTypeVersions.ts"
import type { ListedVersion } from "../../core/model/Catalog.ts"
import * as Numbering from "../support/numbering.ts"

/** Few instants, so that versions are published at the same one, and right before or after each other. */
const step = fc.record({ wait: fc.integer({ min: 0, max: 2 }), ahead: fc.integer({ min: 0, max: 5 }) })
const event = fc.record({ named: fc.integer({ min: 1, max: 4 }) })
const steps = fc.array(fc.oneof(step, step, step, event), { minLength: 1, maxLength: 10 })

// Kills: ConsentTypeVersions.add numbers planned versions again in another order, or one that is in force or named;
// lastFinal forgets the versions in force, or those that events name; publishedAt lets a version precede a final one.
test("Versions are numbered in the order of their publication, whatever is planned, published and answered in any order", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      let now = 0
      let versions: ReadonlyArray<ListedVersion> = []
      const used = new Set<number>()
      for (const [index, step] of steps.entries()) {
        if ("named" in step) {
          used.add(step.named)
          continue
        }
        now += step.wait
        const before = { now, versions, used }
        const id = `version ${index}`
        const publishedAt = ConsentTypeVersions.publishedAt(versions, now + step.ahead, used, now)
        const dates = { dateCreated: now, publishedAt }
        const added = ConsentTypeVersions.make(id, {}, undefined, undefined, dates)
        versions = ConsentTypeVersions.add(versions, added, used, now)
        expect([...Numbering.wrong(before, { now, versions, used }, id, now + step.ahead)]).toEqual([])
      }
    }),
    { numRuns: 5000 },
  )
})
