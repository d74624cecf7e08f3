/** Mutants of the catalog: API keys, consent types and the catalog's changes. */
import type { Part } from "./Mutant.ts"

const numbers = "Versions are numbered in the order of their publication"
const lastOwner = "cannot be made to expire"

const isNamedOnce = "can be cancelled; its number is never given again"
const subDomains = "stands for all sub-domains"
const isShownById = "is shown by its id with the instant of its cancellation"

export const catalog: Part = {
  folder: "core/catalog",
  tests: [
    "test/contract/ledger.test.ts",
    "test/faults/interleavings.test.ts",
    "test/http/apiKeys.test.ts",
    "test/http/cancelledVersions.test.ts",
    "test/http/domains.test.ts",
    "test/http/numbering.test.ts",
    "test/http/organizations.test.ts",
    "test/http/owners.test.ts",
    "test/http/typeLife.test.ts",
    "test/http/versionRaces.test.ts",
    "test/http/versions.test.ts",
    "test/laws/numbering.test.ts",
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
      " && apiKey.expiresAt === undefined && apiKey.revokedAt === undefined",
      " && apiKey.revokedAt === undefined",
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
      "Math.max(earliest, learnt, published, yield*",
      "Math.max(earliest, published, yield*",
      "Whatever is interleaved, lost and killed",
    ],

    [
      "ConsentTypes.ts",
      "const from = ConsentTypeVersions.inForce(type, publishedAt)",
      "const from = type.versions.at(-1)!",
      "is published neither early nor never by a correction",
    ],
    [
      "ConsentTypes.ts",
      "hasPlans ? answerHorizon.alone(id, made) : made",
      "made",
      "Whatever is interleaved, lost and killed",
    ],
    [
      "ConsentTypes.ts",
      "context.answerHorizon.alone(id, CatalogChange.change<ShownType>(options, prepare, context))\n})\n\n/** Documents of",
      "CatalogChange.change<ShownType>(options, prepare, context)\n})\n\n/** Documents of",
      "deleted while it is answered for the first time",
    ],
    ["ConsentTypes.ts", "isTextChange || change.requireReaccept === true", "isTextChange", "is a command"],
    [
      "ConsentTypes.ts",
      "hasPlans ? yield* store.events.usedVersions(project, id) : noVersions",
      "noVersions",
      "keeps its number once a refusal names it",
    ],

    ["ConsentTypeVersions.ts", "publishedAt <= now || used.has(version)", "used.has(version)", numbers],
    ["ConsentTypeVersions.ts", "publishedAt <= now || used.has(version)", "publishedAt <= now", numbers],
    [
      "ConsentTypeVersions.ts",
      "Math.max(wanted, now, lastFinal(versions, used, now) + 1)",
      "Math.max(wanted, now)",
      numbers,
    ],
    ["ConsentTypeVersions.ts", "a.publishedAt - b.publishedAt || a.dateCreated - b.dateCreated", "0", numbers],
    ["ConsentTypeVersions.ts", "cancelled.filter(({ isNamed }) => isNamed)", "[]", numbers, isNamedOnce],
    [
      "ConsentTypeVersions.ts",
      "(isFirst ? (index === 0 ? 1 : after + index) : after + 1 + index)",
      "index + 1",
      numbers,
    ],
    ["ConsentTypeVersions.ts", "isPlanned(version, now) && (", "(", numbers],
    ["ConsentTypeVersions.ts", "versions.length > 1 && !versions.some", "!versions.some", numbers],
    ["ConsentTypeVersions.ts", " && !versions.some((each) => isNamed(each, used))", "", numbers],
    [
      "ConsentTypeVersions.ts",
      "(isNamed === true && String(version) === name)",
      "String(version) === name",
      isShownById,
    ],
    [
      "ConsentTypeVersions.ts",
      "[...versions, ...cancelled, ...history.flatMap",
      "[...versions, ...[], ...[].flatMap",
      isShownById,
    ],

    [
      "HostName.ts",
      "host.length >= pattern.length && host.endsWith(pattern.slice(1))",
      "host.endsWith(pattern.slice(2))",
      subDomains,
    ],
    ["HostName.ts", 'if (label === "")', 'if (label === " ")', "that is"],
    ["PageOrigins.ts", "serialized !== sent || ", "", subDomains],
    ["PageOrigins.ts", "!/^https?:$/.test(protocol)", "false", subDomains],
    ["PageOrigins.ts", "if (appOrigins.includes(sent)) return sent", "", "lets exactly its web views open sessions"],
    ["PageOrigins.ts", "keptList(domains, lists.domains)", "domains", "in Unicode is kept and answered as ASCII"],
  ],
}
