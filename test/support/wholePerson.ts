/** The whole identity of a person, page by page. */
import { Effect } from "effect"
import { Ledger } from "../../core/Ledger.ts"
import type { Organization } from "../../core/model/Catalog.ts"
import type * as People from "../../core/model/People.ts"

/** The members of a person's join, every fact about it, and the number of pages. */
export const wholePerson = Effect.fnUntraced(function* (organization: Organization, concordId: string) {
  const ledger = yield* Ledger
  const members: Array<string> = []
  const facts: Array<People.Fact> = []
  let cursor: string | undefined
  for (let pages = 1; ; pages++) {
    const page = yield* ledger.person(organization, concordId, {
      caller: "test",
      ...(cursor !== undefined && { cursor }),
    })
    if (page._tag === "UnknownCursor") return yield* Effect.die(page._tag)
    members.push(...page.members)
    facts.push(...page.facts)
    cursor = page.nextCursor
    if (cursor === undefined) return { survivor: page.survivor, members, facts, pages, positions: page.positions }
  }
})
