/** Mutants of access packages, and of the chunks of files. */
import type { Part } from "./Mutant.ts"

export const accessPackage: Part = {
  folder: "core",
  tests: ["test/core/accessPackage.test.ts", "test/core/zipStream.test.ts"],
  mutants: [
    [
      "ledger/PackageQueue.ts",
      "if (!waiting.has(name)) waiting.set",
      "waiting.delete(name), waiting.set",
      "the queue holds each request once",
    ],
    ["access-package/ZipStream.ts", "zipped > limits.zipped", "false", "it fails when the ZIP or an entry"],
    ["access-package/ZipStream.ts", "size > limits.entry", "false", "it fails when the ZIP or an entry"],
    ["access-package/ZipStream.ts", "day.getUTCDate(), 12)", "day.getUTCDate())", "unzip finds nothing wrong"],
    [
      "access-package/AccessPackage.ts",
      "written(name, content, entries, context)),",
      "({ name, content })),",
      "every file in its order",
    ],
    ["access-package/AccessPackage.ts", "items.filter(isOther)", "items", "the request itself and the others"],
    [
      "access-package/PackagedRequest.ts",
      'return by.startsWith("key:") ? "staff" : "assent"',
      "return by",
      "the request itself and the others",
    ],
    [
      "access-package/PackageSummary.ts",
      "of.set(consentType, versions.set(version, languages))",
      "of",
      "the events, the decisions, the texts",
    ],
    [
      "access-package/PackageSummary.ts",
      "if (language !== undefined) languages.add(language)",
      "",
      "the texts in the languages that the events say they were shown in",
    ],
    [
      "compliance-requests/PackageBuilding.ts",
      "const before = state.files.filter(isPackage).map(({ file }) => file)",
      "const before: ReadonlyArray<string> = []",
      "it is a file of the request",
    ],
    [
      "compliance-requests/PackageBuilding.ts",
      "data?.packageTooLargeAt === state.ordinal",
      "false",
      "one that is too large leaves nothing",
    ],
    [
      "compliance-requests/PackageBuilding.ts",
      'isAnythingHeld ? "completed" : "no_records"',
      '"completed"',
      "of a subject that is not known",
    ],
    ["compliance/Transition.ts", 'request !== "view"', "false", "only a view"],
    [
      "compliance-requests/PackageOnVerified.ts",
      "packageOnVerified === true && state.request",
      "state.request",
      "with packageOnVerified",
    ],
  ],
}
