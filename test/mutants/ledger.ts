/** Mutants of the ledger: recording, reading, lists and cursors, positions. */
import type { Part } from "./Mutant.ts"

const everyoneForTheirOwn = "Whatever is identified, recorded and undone"
const oneOrder = "Whatever is interleaved, lost and killed"

export const ledger: Part = {
  folder: "core/ledger",
  tests: [
    "test/laws/undoing.test.ts",
    "test/core/positions.test.ts",
    "test/core/sessionCache.test.ts",
    "test/faults/clocksApart.test.ts",
    "test/faults/interleavings.test.ts",
    "test/faults/replica.test.ts",
    "test/http/catalogLists.test.ts",
    "test/http/cursors.test.ts",
    "test/http/declinesAboveQuota.test.ts",
    "test/http/externalId.test.ts",
    "test/http/refusals.test.ts",
    "test/http/known.test.ts",
    "test/http/retries.test.ts",
    "test/http/severalIdentifiers.test.ts",
    "test/http/waiting.test.ts",
    "test/laws/clocks.test.ts",
    "test/laws/joinedLedger.test.ts",
  ],
  mutants: [
    [
      "SeveralPeople.ts",
      "if (people.size > 1) people.delete(undefined)",
      "",
      "is permitted only if each person that is named",
    ],
    [
      "SeveralPeople.ts",
      "if (before === undefined || isLater)",
      "if (before === undefined)",
      "is when the identifier was recorded",
    ],
    [
      "SeveralPeople.ts",
      "!heads.every((each) => Reading.sufficient(each, at, knownAt))",
      "false",
      "is answered about the past",
    ],
    [
      "Reading.ts",
      "refusals.reduce((latest, { consentDate }) => Math.max(latest, consentDate), now)",
      "now",
      "On SQLite an answer changes only by",
    ],
    ["NeededDeclines.ts", "if (deciding !== undefined) settled.set(item, deciding)", "", "declines each type once"],
    ["NeededDeclines.ts", 'status === "withdrawn"', 'status === "given"', "declines after each yes, once"],
    ["NeededDeclines.ts", " && !askAgain ?", " ?", "declines again once its refusal may be asked again"],
    ["NeededDeclines.ts", " && !claiming.has(concordId)", "", "records each decline that changes an answer"],
    ["NeededDeclines.ts", "first === undefined ? [] : [[item, first] as const]", "[]", "declines each type once"],
    [
      "Recording.ts",
      "batch.settled !== undefined && recorded.length === 0",
      "batch.items.length === 0 && recorded.length === 0",
      "keeps no idempotency record where nothing is recorded",
    ],
    [
      "Reading.ts",
      "knownUntil(question, learnt)",
      "knownUntil(question, now)",
      "A join or an undoing that was acknowledged",
    ],
    [
      "Reading.ts",
      "const people = yield* members(knownUntil(question, learnt))",
      "const people = [survivor]",
      "The state of joined people is the merge of their states, as of",
    ],
    [
      "AskedPeople.ts",
      "byAlias(organization, [alias], knownAt)",
      "byAlias(organization, [alias])",
      "an answer about an unknown person stays so, though the identifier names a guest",
      everyoneForTheirOwn,
    ],
    ["AskedPeople.ts", "releasedAt ?? Instant.min", "Instant.min", everyoneForTheirOwn],
    ["AskedPeople.ts", "isAsNow ? counted.survivor : ", "true ? counted.survivor : ", everyoneForTheirOwn],
    ["AskedPeople.ts", "isJoined: isAsNow && counted.isJoined", "isJoined: counted.isJoined", everyoneForTheirOwn],
    ["AskedPeople.ts", "Math.max(named.learnt, counted.learnt ?? Instant.min)", "named.learnt", everyoneForTheirOwn],
    ["Reading.ts", "if (knownAt <= now) return first", "return first", oneOrder],
    ["Reading.ts", "head.dateCreated), Math.max(learnt, listed.learnt))", "head.dateCreated), learnt)", oneOrder],
    ["AskedPeople.ts", "store.isReplica === true ? Instant.min : now", "now", "an answer of a replica that lags"],
    [
      "Reading.ts",
      "knownUntil(question, store.isReplica",
      "Math.max(question.knownAt ?? Instant.min, store.isReplica",
      "an answer of a replica that lags",
    ],
    [
      "AskedPeople.ts",
      "positions: new Map([[Lane.of(organization, alias), position]])",
      "positions: PositionsOf.none",
      "a join is not unseen again",
    ],
    ["Reading.ts", "positions: PositionsOf.ofCatalog(catalog)", "positions: PositionsOf.none", "a new version"],

    [
      "Listing.ts",
      "const bound = [purpose, sort, order]",
      "const bound = [sort, order]",
      "is good for its list, its order and its key only",
    ],
    [
      "Listing.ts",
      "a[0] === b[0] ? a[1] < b[1] : a[0] < b[0]",
      "a[0] < b[0]",
      "does not skip or repeat what was there",
    ],
    [
      "Listing.ts",
      "project.id, caller, sort, order, filter",
      "project.id, sort, order, filter",
      "of another filter, sort, order, key",
      "of another session",
    ],

    ["Cursor.ts", "if (encode(mac, text) !== cursor) return undefined", "", "altered at any character"],

    [
      "ExternalIds.ts",
      "draft.consentState !== event.consentState",
      "false",
      "is recorded without it if it is another event",
      "An external id is one event of its key",
    ],
    ["ExternalIds.ts", "type.id !== event.consentType", "false", "An external id is one event of its key"],
    [
      "ExternalIds.ts",
      "return draft.consentDate === undefined || isDateOf(draft.consentDate, event)",
      "return true",
      "An external id is one event of its key",
    ],
    [
      "ExternalIds.ts",
      "EventBody.claimedOf(event.body).claimedConsentDate",
      "undefined",
      "of a refusal answers the first",
    ],
    [
      "ExternalIds.ts",
      "(byId.get(id)!.event?.submitter ?? submitter) !== submitter",
      "false",
      "is another event for another key",
    ],
    [
      "ItemPeople.ts",
      "if (isNamed && others.length === 0) return true",
      "return true",
      "An external id is one event of its key",
    ],
    ["BatchPlan.ts", "else if (faults.length === 0 &&", "else if (", "claims no identifier for the items after it"],
    [
      "BatchPlan.ts",
      'if (draft.consentState !== "declined") faults.push',
      "faults.push",
      "is recorded without it if it is another event",
    ],
    [
      "BatchPlan.ts",
      "faults.push(reusedOf(item))\n      externalId = undefined",
      "faults.push(reusedOf(item))",
      "is recorded without it if it is another event",
    ],
    [
      "LaterDates.ts",
      "if (at <= event.consentDate || !isUncovered) continue",
      "continue",
      "A refusal that is acknowledged counts",
    ],
    [
      "LaterDates.ts",
      'note(dates, key, event.consentDate, event.consentState === "declined")',
      "dates.set(key, dates.get(key) ?? new Map())",
      "A refusal that is acknowledged counts",
    ],
    [
      "Recording.ts",
      "const checked = LaterDates.asOfLast(refusals, dates)",
      "const checked = refusals",
      "A refusal that is acknowledged counts",
    ],
    [
      "Recording.ts",
      "{ refusals: checked }",
      "{ refusals: LaterDates.asOfLast(refusals, dates) }",
      "A refusal that is acknowledged counts",
    ],
    ["Recording.ts", "...(refusals.length > 0 && {", "...(false && {", "A refusal that is acknowledged counts"],
    ["Recording.ts", "ids.add(concordId).add(event.type.id)", "void concordId", oneOrder],

    ["Idempotency.ts", "known.digest === wanted.digest", "true", "with a key that was used for another body is 422"],
    ["Idempotency.ts", "`${caller}\\0${key}`)", "key)", "with the same key of another credential is another request"],

    ["AnswerHorizon.ts", "return awaitChanges(id)", "return Effect.void", oneOrder],
    ["AnswerHorizon.ts", "answeredAt(id) + 1)", "answeredAt(id))", oneOrder],

    ["Positions.ts", "?? Infinity) < position", "?? Infinity) < 0", "what was recorded is not unknown again"],
    ["Positions.ts", "lanes.length === 0 ? none", "lanes.length >= 0 ? none", "a join is not unseen again"],
    ["Positions.ts", "ofCatalog(yield* store.catalog.current), people", "people", "a new version is not unseen again"],
    ["Positions.ts", "const pollMillis = 25", "const pollMillis = 60_000", "a request that waits is answered"],

    [
      "SessionCache.ts",
      "{ ...known, session }",
      "{ session, readAt: Date.now() }",
      "A session is remembered for less than",
    ],
    [
      "Positions.ts",
      'if (store.isReplica !== true) return "Behind"',
      "",
      "A primary has all positions that were ever given",
    ],

    ["Joins.ts", "position === 0 ?", "position >= 0 ?", "a join is not unseen again"],

    ["ReplicaStore.ts", 'kind === "write"', "false", "a replica is ready, and records nothing"],
    ["ReplicaStore.ts", ", byToken: refuse },", " },", "a replica is ready, and records nothing"],
    [
      "ReplicaStore.ts",
      "ready: Effect.asVoid(store.catalog.current)",
      "ready: store.ready",
      "a replica is ready, and records nothing",
    ],
  ],
}
