/** Mutants of the store in PostgreSQL. */
import type { Part } from "./Mutant.ts"

export const postgres: Part = {
  folder: "adapters/postgres",
  tests: [
    "test/contract/accounts.test.ts",
    "test/contract/contract.test.ts",
    "test/contract/hostile.test.ts",
    "test/contract/laneQueue.test.ts",
    "test/contract/postgres.test.ts",
    "test/faults/away.test.ts",
    "test/faults/sync.test.ts",
  ],
  mutants: [
    ["Sql.ts", 'codeOf(error).startsWith("22")', "false", "is a defect and not a store that is away"],
    [
      "AppendTransaction.ts",
      "Effect.map(arePrecedingRecorded(sql, requests), rejectUnless(stale)),",
      "",
      "a request that comes after an event",
      "of requests that each come after",
    ],
    ["AppendTransaction.ts", "requests.length === 1 && (yield* isRecorded(sql, first!))", "false", "append: cut-after"],
    [
      "AppendTransaction.ts",
      "isAgain && outcome._tag",
      "false && outcome._tag",
      "append of an idempotency record alone: cut-answer",
    ],
    [
      "AppendTransaction.ts",
      "rejection !== undefined || !(yield* predecessorsCommitted)",
      "rejection !== undefined",
      "wait for the outcome of the previous one",
    ],

    ["Sql.ts", 'synchronous_commit: "on"', 'synchronous_commit: "off"', "was synced before by the server"],
    ["Sql.ts", 'reason._tag === "SerializationError" || ', "", "a catalog change: 40001"],
    ["Sql.ts", "57P\\d\\d|", "", "append: 57P01"],
    ["Sql.ts", "(isUnknown(error) || isCancelled(error))", "isUnknown(error)", "a catalog change: 57014"],

    [
      "CircuitBreaker.ts",
      'error === timeout || operation === "connect"',
      "error === timeout",
      "a database that is killed is noticed",
    ],

    [
      "EventStore.ts",
      "positions: new Map(lanes.map(",
      "positions: new Map([].map(",
      "the positions of lanes are returned",
    ],
    [
      "AppendTransaction.ts",
      "if (!areIndependent(requests)) return yield* new Rollback({ outcome: stale })",
      "",
      "of appends that give one person",
      "a claim without revisions",
    ],
    [
      "AppendTransaction.ts",
      "AliasWriter.claim(sql, claims, requests.flatMap(raisedBy))",
      "AliasWriter.claim(sql, claims)",
      "an append is stale if a person",
      "keep exactly one of the accounts",
      "keep exactly one of a release",
      "keep exactly one of two large batches",
    ],
    [
      "AppendTransaction.ts",
      "...facts.map(({ survivor }) => ({ organization, concordId: survivor, isIdentified: false })),",
      "",
      "an append keeps facts",
    ],
    [
      "AppendTransaction.ts",
      "PersonWriter.count(sql, PeopleLanes.ofAppends(requests))",
      "Effect.void",
      "an append keeps facts",
    ],
    [
      "PersonWriter.ts",
      "after.get(keyOf(each)) === each.revision + 1",
      "true",
      "an append is stale if a person",
      "keep exactly one of the accounts",
    ],
    [
      "LaneQueue.ts",
      "  ...seen.map(({ concordId }) => concordId),\n",
      "",
      "writes a group concurrently with others on its lanes only if no other group",
    ],
    [
      "AliasReader.ts",
      "NULL::bigint, released_at FROM former_alias) a",
      "NULL::bigint, released_at FROM former_alias WHERE NOT is_renamed) a",
      "an alias keeps its kind",
    ],
    [
      "AliasReader.ts",
      "NULL::bigint, released_at FROM former_alias) a",
      "NULL::bigint, released_at FROM former_alias WHERE NOT is_renamed) a",
      "a question about aliases",
    ],
    ["AliasReader.ts", " AND kind IS DISTINCT FROM 'contextId'", "", "the aliases that people have"],
    ["AliasWriter.ts", " AND a.kind IS NULL", "", "the kind of an alias that"],
    ["PeopleStore.ts", "row?.next_position ?? 0", "0", "facts that are read after a person"],
    [
      "JoinedWriter.ts",
      "h.consent_date DESC, h.recorded_at DESC, h.event_id DESC",
      "h.event_id",
      "joined people have one set",
    ],
    ["AppendTransaction.ts", "if (own.length === 0 || ", "if (true || ", "an event of a project that is made"],
    [
      "AppendTransaction.ts",
      "placed.filter(({ lane }) => heads.get(lane)!.has_joined)",
      "[]",
      "joined people have one set",
    ],
    ["LanePrediction.ts", " &&\n  one.has_joined === other.has_joined", "", "joined people of the lane"],

    ["PersonWriter.ts", "people_head.next_position + 1", "1", "of many changes at the same time"],
    [
      "PeopleWriter.ts",
      "facts.length + releases.length > 0 ||",
      "facts.length > 1 ||",
      "an identity change is counted",
    ],

    [
      "PipelinedTransactions.ts",
      "if (rejection !== undefined) return rejection",
      "",
      "keeps nothing if a step rejects",
    ],
    [
      "PipelinedTransactions.ts",
      "error.reason instanceof TransactionTimeout",
      "false",
      "after a transaction has sent BEGIN",
    ],
    ["PipelinedTransactions.ts", "COMMIT: 10_000", "COMMIT: 10_000_000", "after a transaction has sent COMMIT"],
    [
      "PipelinedTransactions.ts",
      "[...exits.filter((each) => !isAborted(each)), ...exits.filter(isAborted)]",
      "exits",
      "fails with the error of the first statement that failed",
    ],

    [
      "LaneQueue.ts",
      "groups.every(({ isPredictable }) => isPredictable) && ",
      "",
      "are all kept, and none is rolled back",
      "writes a group concurrently with others on its lanes only if it is full",
    ],
    ["LaneQueue.ts", "for (const lane of entry.lanes) closed.add(lane)", "", "never lets an append overtake"],
    ["LaneQueue.ts", "this.groups.size < this.limits.maxGroups", "true", "writes at most a number of groups"],
    ["LaneQueue.ts", "groups.length < 2 && ", "", "has at most two groups write to a lane"],
    [
      "LaneQueue.ts",
      "!this.hasFullGroup",
      "this.waiting.length === 0",
      "writes a group concurrently with others on its lanes only if it is full",
    ],
    [
      "LaneQueue.ts",
      " && this.isDisjoint(each)",
      "",
      "writes a group concurrently with others on its lanes only if no other group",
    ],
    [
      "LaneQueue.ts",
      "else this.writing.set(lane, others)",
      "else this.writing.delete(lane)",
      "has at most two groups write to a lane",
    ],

    ["Lanes.ts", "v ORDER BY v.lane\n", "v ORDER BY random()\n", "never lock each other out: one request"],
    ["Lanes.ts", "v ORDER BY v.lane\n", "v\n", "never lock each other out: the requests of a group"],

    [
      "IdempotentChange.ts",
      "if (!(yield* insertAttempt(sql, Lane.of(owner, id), id)))",
      "if (id === '')",
      "an identity change: cut-after",
    ],
  ],
}
