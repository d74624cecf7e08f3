/** Mutants of the first minutes: setting a ledger up, API keys of the operator, what a person on a terminal sees. */
import type { Part } from "./Mutant.ts"

const leastPrivilege = "a key of least privilege"
const indented = "is indented where the request asks for it"

export const front: Part = {
  folder: ".",
  tests: ["test/cli/bootstrap.test.ts", "test/cli/key.test.ts", "test/http/welcome.test.ts"],
  mutants: [
    ["apps/cli/commands/key.ts", 'role: projectId === undefined ? role : "none"', "role", leastPrivilege],
    [
      "apps/cli/commands/key.ts",
      "if (path !== undefined && !existsSync(path)) return",
      "if (false) return",
      "a ledger that is not there is not made",
    ],
    ["apps/cli/FoundationFlags.ts", "if (faults.length > 0) return", "if (false) return", "for a domain that is none"],
    [
      "apps/cli/FoundationFlags.ts",
      "flag === undefined ? undefined :",
      "flag !== flag ? undefined :",
      "prints what it made",
    ],
    ["adapters/http/server/Indented.ts", " || body.contentLength > maxBytes", "", "longer than 64 KiB"],
    [
      "adapters/http/server/Indented.ts",
      '    HttpServerResponse.removeHeader("etag"),\n',
      "",
      "that is indented has no ETag",
    ],
    ["adapters/http/server/Indented.ts", "`${text}\\n`", "text", indented],
    ["adapters/http/server/Methods.ts", 'url === "/" && ', "", "leads a browser to the reference"],
    ["apps/server/Welcome.ts", 'Store.isKept(store) ? "" :', 'true ? "" :', "a later start names the ledger"],
  ],
}
