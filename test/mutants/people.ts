/** Mutants of identification, sessions and secrets. */
import type { Part } from "./Mutant.ts"

const law15 = "A release, and the next claim of the identifier"
const joinedEvents = "has the events of everyone that was joined as known then"
const roles = "Each known event decides, lost, was replaced"
const forTheirOwn = "Whatever is identified, recorded and undone"

export const people: Part = {
  folder: "core/people",
  tests: [
    "test/contract/identifierChanges.test.ts",
    "test/contract/ledger.test.ts",
    "test/core/personTimeline.test.ts",
    "test/faults/interleavings.test.ts",
    "test/http/identify.test.ts",
    "test/http/known.test.ts",
    "test/http/longPerson.test.ts",
    "test/http/releases.test.ts",
    "test/http/renames.test.ts",
    "test/http/retries.test.ts",
    "test/http/roles.test.ts",
    "test/http/sessions.test.ts",
    "test/laws/eventRoles.test.ts",
    "test/laws/joinedLedger.test.ts",
    "test/laws/releases.test.ts",
    "test/laws/undoing.test.ts",
  ],
  mutants: [
    ["EventRole.ts", "event.consentDate > at", "event.consentDate >= at", roles],
    ["EventRole.ts", "consentState === event.consentState", "consentState !== event.consentState", roles],
    ["EventRole.ts", "each.event.id === event.id", "each.event.consentState === event.consentState", roles],
    ["PersonTimeline.ts", "if (dateCreated <= knownAt) ids.push(id)", "ids.push(id)", joinedEvents],
    ["PersonTimeline.ts", "People.joinedWith(stored, concordId, knownAt).members", "[concordId]", joinedEvents],
    [
      "PersonTimeline.ts",
      "identity.erased.recordedAt > knownAt",
      "true",
      "says of an erased person that it was erased",
    ],
    [
      "PersonTimeline.ts",
      '["alias", "reason", "renamedTo"]',
      '["renamedTo"]',
      "has neither the reason nor the hash of a release",
    ],
    [
      "PersonTimeline.ts",
      "type.versions.filter(isKnown)",
      "type.versions",
      "has the versions of the text that were known then",
    ],
    ["Releasing.ts", "releases: named.found.map(({ hash }) => ({ hash, dateCreated: now }))", "releases: []", law15],
    ["Releasing.ts", "({ hash, dateCreated: now })", "({ hash })", law15],
    ["Releasing.ts", "Math.max(at, named.claimedAt + 1)", "at", "A release by a server whose clock is behind"],
    ["Releasing.ts", "      ends: { at, sessionsOf },\n", "", "ends the sessions of the person it named"],
    [
      "Releasing.ts",
      "asked === undefined || asked.survivor === counted.survivor",
      "true",
      "is 404 for an identifier of another person",
    ],
    ["PersonFacts.ts", "named[index]?.concordId === given[index]!.member", "true", "may be claimed for somebody else"],
    [
      "Renaming.ts",
      "freed.has(hash) ? undefined : known.named(hash)",
      "known.named(hash)",
      "may take an id that another one gives up",
    ],
    [
      "Renaming.ts",
      "?.concordId !== concordId) return false",
      "?.concordId !== concordId || true) return false",
      "is renamed once",
    ],
    [
      "Renaming.ts",
      "personOf(from, named) !== undefined && given.get(from.hash) !== releasedAt",
      "personOf(from, named) !== undefined",
      "is renamed by a chain once",
    ],
    [
      "Renaming.ts",
      "personOf(from, named) !== undefined && given.get(from.hash) !== releasedAt",
      "false",
      "is not the same rename again",
      "is renamed by a chain once",
    ],
    ["Renaming.ts", "isRenamed !== true || releasedAt", "releasedAt", "is not one whose old id was released"],
    [
      "Renaming.ts",
      "claimedAt + 1, known.releasedAt(to.hash) ?? Instant.min",
      "claimedAt + 1, Instant.min",
      "An identifier that a rename of another server claims",
    ],
    ["Renaming.ts", "seen: planned.seen", "seen: []", "An account that two servers rename"],
    [
      "TwoAccounts.ts",
      "({ isRenamed, kind }: People.HeldAlias): boolean =>\n  isRenamed !== true",
      "({ releasedAt, kind }: People.HeldAlias): boolean =>\n  releasedAt === undefined",
      "has one if somebody joined with it",
    ],
    [
      "TwoAccounts.ts",
      "if (!counted.isJoined) return [counted.survivor]",
      "return [counted.survivor]",
      "has one if somebody",
    ],
    [
      "TwoAccounts.ts",
      "if (!visitor.person.isIdentified && !visitor.isJoined) return false",
      "return false",
      "A logs in, then B with A's session",
    ],
    [
      "ProvenIdentifier.ts",
      "lowerCaseAscii(value) === lowerCaseAscii(normalized)",
      "value.toLowerCase() === normalized.toLowerCase()",
      "a capital letter that is not ASCII",
    ],
    ["ProvenIdentifier.ts", "lowerCaseAscii(value) === lowerCaseAscii(normalized)", "true", "a decomposed letter"],
    ["ProvenIdentifier.ts", "Identifiers.isContextId(value)", "Identifiers.isUuid(value)", "a contextId of version 1"],
    ["ProvenIdentifier.ts", "if (isPlaceholder) return Option.none()", "", "the hash of a placeholder"],
    [
      "Sessions.ts",
      "given !== undefined && Identifiers.isContextId(given)",
      "given !== undefined",
      "a UUID of version 1, which can be guessed",
    ],
    [
      "Sessions.ts",
      "kept?.commitment === undefined || kept.project !== project.id ||",
      "kept?.commitment === undefined ||",
      "GET /site-v1/:projectId/consent-state is 401 without one",
    ],

    ["Secrets.ts", ", id].join", "].join", "createApiKey sent again when it has been forgotten"],

    [
      "PersonFacts.ts",
      "ends: { at, sessionsOf }",
      "ends: { at }",
      "a browser that was wrongly joined is the other person no longer",
    ],
    [
      "Identifying.ts",
      "if (still?.concordId !== found.concordId) return",
      "if (still === null) return",
      "an identifier that is taken from a person while a visitor proves it does not open that person's session",
    ],
    [
      "PersonFacts.ts",
      "fact.dateCreated === dateCreated && fact.id > id",
      "fact.dateCreated === dateCreated && fact.id >= id",
      "its members and facts come in pages of 1,000, each once and in order",
    ],
    [
      "PersonFacts.ts",
      "context, place?.knownAt)",
      "context)",
      "a page goes on as known when the first one was answered",
    ],
    ["PersonFacts.ts", 'if (fact.kind !== "identified") return [fact]', "return [fact]", forTheirOwn],
    [
      "Identifying.ts",
      "person === undefined ? yield* random.uuidV7()",
      "person === undefined ? session.concordId",
      forTheirOwn,
    ],
    ["Grouping.ts", "members: members.length === 1 ? [] : members", "members", forTheirOwn],
    ["Grouping.ts", "Math.max(learntBefore, recordedAt)", "recordedAt", "The state of joined people is the merge"],
    ["Grouping.ts", "[before.survivor], [...groups", "[], [...groups", forTheirOwn],
  ],
}
