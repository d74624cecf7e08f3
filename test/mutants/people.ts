/** Mutants of identification, sessions and secrets. */
import type { Part } from "./Mutant.ts"

export const people: Part = {
  folder: "core/people",
  tests: [
    "test/contract/ledger.test.ts",
    "test/faults/interleavings.test.ts",
    "test/http/identify.test.ts",
    "test/http/known.test.ts",
    "test/http/retries.test.ts",
    "test/http/roles.test.ts",
  ],
  mutants: [
    [
      "ProvenIdentifier.ts",
      "lowerCaseAscii(value) === lowerCaseAscii(normalized)",
      "value.toLowerCase() === normalized.toLowerCase()",
      "the Kelvin sign",
    ],
    ["ProvenIdentifier.ts", ' && value === value.normalize("NFC")', "", "a decomposed letter"],
    ["ProvenIdentifier.ts", " && isTrimmed(value)", "", "a space before a userId"],
    [
      "Sessions.ts",
      "session === undefined || session.project !== project.id ||",
      "session === undefined ||",
      "GET /site-v1/:projectId/consent-state is 401 without one",
    ],

    ["Secrets.ts", ", id].join", "].join", "createApiKey sent again when it has been forgotten"],

    [
      "PersonFacts.ts",
      "const ends = { at: yield* Clock.currentTimeMillis, sessionsOf: survivor }",
      "const ends = { at: yield* Clock.currentTimeMillis }",
      "a browser that was wrongly joined is the other person no longer",
    ],
    [
      "Identifying.ts",
      "if ((yield* named(request, context)) !== person)",
      "if (false)",
      "an identifier that is taken from a person while a visitor proves it does not open that person's session",
    ],
    [
      "PersonFacts.ts",
      "if (known.some((fact) => fact.join === joinId))",
      "if (facts.some((fact) => fact.join === joinId))",
      "Whatever is interleaved, lost and killed",
    ],
  ],
}
