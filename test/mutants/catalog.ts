/** Mutants of the catalog: API keys, consent types and the catalog's changes. */
import type { Part } from "./Mutant.ts"

const lastOwner = "cannot be made to expire"

export const catalog: Part = {
  folder: "core/catalog",
  tests: [
    "test/contract/ledger.test.ts",
    "test/faults/interleavings.test.ts",
    "test/http/apiKeys.test.ts",
    "test/http/organizations.test.ts",
    "test/http/owners.test.ts",
    "test/http/typeLife.test.ts",
    "test/http/versionRaces.test.ts",
    "test/http/versions.test.ts",
  ],
  mutants: [
    [
      "ApiKeys.ts",
      "catalog.projects.get(id)?.organization !== organization.id",
      "!catalog.projects.has(id)",
      "has permissions in its own organization's projects only",
    ],
    ["ApiKeys.ts", ", revokedAt: now", "", "that is revoked opens nothing from the next request on"],
    [
      "ApiKeys.ts",
      " && value.expiresAt === undefined && value.revokedAt === undefined",
      " && value.revokedAt === undefined",
      lastOwner,
    ],
    ["ApiKeys.ts", 'key.role === "owner" && key.expiresAt === undefined', 'key.role === "owner"', lastOwner],

    [
      "CatalogChange.ts",
      "WorkingPlace.withLock(catalogLock, write(first))",
      "write(first)",
      "catalog changes that are asked for at the same time",
    ],
    [
      "CatalogChange.ts",
      "projectId === undefined ? [] : [projectId]",
      "[]",
      "also where versions are published at the same moment",
    ],
    [
      "CatalogChange.ts",
      "Math.max(earliest, learnt, yield*",
      "Math.max(earliest, yield*",
      "Whatever is interleaved, lost and killed",
    ],

    [
      "ConsentTypes.ts",
      "const from = ConsentTypeVersions.inForce(type, change.publishedAt ?? now)",
      "const from = type.versions.at(-1)!",
      "is published neither early nor never by a correction",
    ],
    [
      "ConsentTypes.ts",
      "        ...published.flatMap((version) => ConsentTypeVersions.plannedAgain(type, version)),\n",
      "",
      "also ends answers to a correction",
      "Of any corrections and plans",
    ],
    [
      "ConsentTypes.ts",
      "yield* context.answerHorizon.raise(id, Instant.min)",
      "",
      "deleted while it is answered for the first time",
    ],
  ],
}
