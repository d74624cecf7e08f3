/** Mutants of the store in memory. */
import type { Part } from "./Mutant.ts"

const accounts = "of appends that give one person"
const ofOnePerson = [accounts, "an append is stale if a person", "of an append that gives a person"]
const oneOrder = "Whatever is interleaved, lost and killed"

export const memory: Part = {
  folder: "adapters/memory",
  tests: ["test/contract/contract.test.ts", "test/faults/interleavings.test.ts"],
  mutants: [
    ["EventStore.ts", "isEarly || ", "", "a request that comes after an event", "of requests that each come after"],
    ["EventStore.ts", "    idempotency.keep(organization, idempotencyRecord)\n    return {", "    return {", oneOrder],
    [
      "EventStore.ts",
      'if (idempotency.has(organization, idempotencyRecord)) return { _tag: "Repeated" }',
      "",
      oneOrder,
    ],
    ["EventStore.ts", "|| log.hasAny(project, events)", "", oneOrder],
    ["EventStore.ts", "return ofType.filter(isHead)", "return ofType.slice(0, 1)", oneOrder],

    ["EventStore.ts", "at !== undefined && at > dateCreated ? [at] : []", "[]", oneOrder],

    [
      "PeopleStore.ts",
      "?? releasedAt) <= releasedAt",
      "?? releasedAt) <= Infinity",
      "an alias that was released since it was",
    ],
    ["PeopleStore.ts", "!areSeen(organization, seen) || isMoved", "isMoved", oneOrder],
    ["PeopleStore.ts", "areSeen(organization, seen) &&\n", "", ...ofOnePerson],
    ["PeopleStore.ts", "for (const { concordId } of seen) persons.change(organization, concordId, {})", "", accounts],
    ["PeopleStore.ts", "count(PeopleLanes.ofAppends([append]))", "", "an append keeps facts"],
    [
      "PeopleStore.ts",
      "releasedAt: lastRelease(organization, hash),\n    })",
      "releasedAt: undefined,\n    })",
      "an alias keeps its kind",
    ],
    ["PeopleStore.ts", "|| isMoved ||", "||", "a change of groups that was prepared"],
    [
      "PeopleStore.ts",
      "!isAnyErased(\n",
      "!((..._ignored: ReadonlyArray<unknown>) => false)(\n",
      "an append about a person that was",
    ],
    ["PeopleStore.ts", "|| isErased ||", "||", "an identity change about a person"],
    ["PersonalStore.ts", "isSame(keys.get", "isSame(key ?? keys.get", "a write with another key"],
    ["PersonalStore.ts", 'kept.kind === "profile" || ', "", "personal data that is there stays"],
    ["Erasing.ts", "isErased || ", "", "an erasure that was prepared"],
    ["Erasing.ts", "change.catalog !== revision || ", "", "an erasure that was prepared"],
    [
      "PeopleStore.ts",
      "if (identityToken !== undefined && usedTokens.has(identityToken.hash)) return",
      "if (false) return",
      oneOrder,
    ],
  ],
}
