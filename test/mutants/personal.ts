/** Mutants of personal data: commitments, the stored form of events and facts, opening. */
import type { Part } from "./Mutant.ts"

export const personal: Part = {
  folder: "core",
  tests: [
    "test/contract/personalData.test.ts",
    "test/core/personalData.test.ts",
    "test/core/sessionCache.test.ts",
    "test/http/externalId.test.ts",
    "test/laws/eventBody.test.ts",
    "test/laws/keysDestroyed.test.ts",
  ],
  mutants: [
    [
      "ledger/EventBody.ts",
      "${body.slice(domain, start - 1)}${browser}",
      "${browser}${body.slice(domain, start - 1)}",
      "is answered byte for byte as it was given",
    ],
    [
      "ledger/EventBody.ts",
      "isErased ||= json === undefined",
      "void json",
      "is answered the same without them, and as erased",
    ],
    [
      "ledger/EventBody.ts",
      'body[end] === "}" ? "session" : "event"',
      'body[end] === "}" ? "event" : "session"',
      "is answered byte for byte as it was given",
    ],
    ["ledger/Commitment.ts", "text.set(opening)", "text.set(opening.fill(1))", "differs for equal personal data"],
    ["ledger/Commitment.ts", "const prefix = 0x02", "const prefix = 0x00", "is base64url of SHA-256 of 0x02"],
    [
      "ledger/PersonalData.ts",
      "[Lane.of(organization, concordId), concordId, kind, id]",
      "[kind, id]",
      "are opened in their own place only",
    ],
    [
      "ledger/PersonalData.ts",
      "if (context.isDryRun) return { commitments, kept: noData }",
      "",
      "are not encrypted in a dry run",
    ],
    [
      "ledger/PersonalData.ts",
      "if (json === undefined) continue",
      'if (json === undefined) return yield* Effect.die("it is gone")',
      "With every key destroyed",
    ],
    ["ledger/OpenedTexts.ts", "age < freshMillis", "age < Infinity", "are held for a minute"],
    [
      "ledger/OpenedTexts.ts",
      "if (bytes <= maxBytes) return",
      "if (entries.size <= 1e6) return",
      "are held in bounded memory",
    ],
    [
      "ledger/PersonalFacts.ts",
      "{ ...withoutMembers(fact), commitment",
      "{ ...fact, commitment",
      "are in answers, and in no stored body",
    ],
    [
      "ledger/ExternalIds.ts",
      'hasher.sign("external id", `${submitter}\\0${externalId}`)',
      'hasher.sign("external id", externalId)',
      "is another event for another key",
    ],
    [
      "ledger/SharedContacts.ts",
      "context)) !== false) continue",
      "context)) === true) continue",
      "of facts are there in answers",
    ],
    [
      "ledger/Recording.ts",
      "ComposedEvents.of(organization, recorded.events, context, kept)",
      "ComposedEvents.of(organization, recorded.events, context)",
      "cost no statement where there are none",
    ],
    [
      "people/Sessions.ts",
      "session: answered }",
      "session: { ...session, ...personal } }",
      "are in answers, and in no",
    ],
    [
      "people/Sessions.ts",
      "      ...apart,",
      "      ...(committed.personal !== undefined && { personal: committed.personal }),",
      "of a session are in it alone",
    ],
    [
      "ledger/Recording.ts",
      "recorded.length === 0 ? undefined : sessionPartOf(batch, context)",
      "undefined",
      "of a session are in it alone",
    ],
    [
      "ledger/SessionCache.ts",
      "const isPartKept = hasKeptPart(cache, session.tokenHash)",
      "const isPartKept = false",
      "That the part of a session is kept",
    ],
    [
      "ledger/Recording.ts",
      "SessionCache.noteKeptPart(sessionCache, session.tokenHash)",
      "",
      "of a session are brought by the first",
    ],
    ["people/Sessions.ts", "remember(session, committed, now, context)", "", "cost no statement where there are none"],
    [
      "people/PersonFacts.ts",
      'if (alias !== undefined || kind !== "identified") continue',
      "continue",
      "of an identification that were left out are not needed",
    ],
    [
      "transfer/Exporting.ts",
      "if (isAway) return yield*",
      "if (false) return yield*",
      "are left out while the keys are away",
    ],
    [
      "transfer/Restoring.ts",
      "if (!EventBody.isErased(answer) && !EventBody.isErased(composed.body)) return false",
      "return false",
      "of an export are encrypted again",
    ],
  ],
}
