/** Mutants of files of compliance requests: names, types, taking in, attaching, downloading, and the scanner. */
import type { Part } from "./Mutant.ts"

const law = "what is downloaded is what was attached"
const raced = "a file of 1 bytes is attached after another change"
const gone = "a file that was removed meanwhile is not attached"
const purged = "removes the files of a resolved request with every chunk"
const oracle = "are of a type with a signature where an independent library finds"
const texts = "of text that is not UTF-8"
const nul = "of text with NUL"
const macros = "of a document are refused with macros"
const pieces = "of an archive name its entries in any pieces"
const shown = "is shown and downloaded with what cannot be seen escaped"
const verdict = "gives no verdict where the server"
const answered = "sends every byte"
const limit = "has 10 MiB at most"
const twenty = "is one of 20 at most"
const roles = "that only reads sees"

export const requestFiles: Part = {
  folder: ".",
  tests: [
    "test/core/fileSniffer.test.ts",
    "test/laws/requestFiles.test.ts",
    "test/laws/retentionSweep.test.ts",
    "test/security/clamdScanner.test.ts",
    "test/http/complianceFiles.test.ts",
  ],
  mutants: [
    ["core/compliance-requests/files/FileSniffer.ts", 'head.startsWith("%PDF-")', 'head.includes("%PDF-")', macros],
    ["core/compliance-requests/files/FileSniffer.ts", 'head.startsWith("\\xff\\xd8\\xff")', "true", oracle],
    ["core/compliance-requests/files/FileSniffer.ts", "  text: utf8,\n", "", texts, nul],
    [
      "core/compliance-requests/files/FileSniffer.ts",
      "return !/(?:^|\\/)vbaProject\\.bin$/i.test(name)",
      "return true",
      macros,
    ],
    [
      "core/compliance-requests/files/FileSniffer.ts",
      "return isStored && hasLength && hasNoExtra && head",
      "return isStored && hasNoExtra && head",
      macros,
    ],
    [
      "core/compliance-requests/files/ZipEntries.ts",
      "rest = at === -1 ? new Uint8Array(0) : all.slice(at)",
      "rest = new Uint8Array(0)",
      pieces,
    ],
    ["core/compliance-requests/files/FileName.ts", 'each === " " || areVisible(each)', "true", shown],
    ["core/compliance-requests/files/FileIntake.ts", "size > maxFileBytes", "size > maxFileBytes + 1", limit],
    ["core/compliance-requests/files/FileIntake.ts", "own.length >= maxFiles", "own.length > maxFiles", twenty],
    [
      "core/compliance-requests/FileChunks.ts",
      "yield* Effect.onError(writeAll, () => discard({ ...of, file }, context))",
      "yield* writeAll",
      law,
    ],
    [
      "core/compliance-requests/RequestChanging.ts",
      'const isAll = facts.some((fact) => fact.kind === "files_purged")',
      "const isAll = false",
      law,
      purged,
    ],
    [
      "core/compliance-requests/files/RequestFiles.ts",
      "requestFiles.chunk(scope.project, request, file, 0)",
      "requestFiles.chunk(scope.project, request, file, 1)",
      raced,
    ],
    [
      "core/compliance-requests/files/RequestFiles.ts",
      "const isThere = attempts++ === 0 ||",
      "const isThere = attempts++ < 3 ||",
      gone,
    ],
    ["adapters/clamd/ClamdScanner.ts", 'answer === "stream: OK\\0"', 'answer.startsWith("stream: OK")', verdict],
    ["adapters/clamd/ClamdScanner.ts", "bytes.length === 0 ? Effect.void : written", "written", answered],
    [
      "adapters/http/routes/ComplianceJson.ts",
      "...(isShown && words !== undefined && {",
      "...(words !== undefined && {",
      roles,
    ],
  ],
}
