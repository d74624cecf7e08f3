/** Mutants of the HTTP interface of compliance requests, and of the limit of what a session opens. */
import type { Part } from "./Mutant.ts"

const reader = "is answered without what is personal"
const twins = "answer every call of a session that is not the person's alike"
const own = "is answered with what its opener may see"

export const complianceHttp: Part = {
  folder: ".",
  tests: ["test/http/compliance.test.ts", "test/http/complianceOfVisitors.test.ts"],
  mutants: [
    [
      "adapters/http/routes/ComplianceJson.ts",
      'if (audience === "reads" || privateData === undefined) return {}',
      "if (privateData === undefined) return {}",
      reader,
    ],
    [
      "adapters/http/routes/ComplianceJson.ts",
      'audience === "handles" && ipAddress !== undefined',
      "ipAddress !== undefined",
      reader,
    ],
    [
      "adapters/http/routes/ComplianceJson.ts",
      'resultJson(request, audience === "handles")',
      "resultJson(request, true)",
      reader,
    ],
    [
      "adapters/http/routes/ComplianceJson.ts",
      "...(isSubject && resultJson(request, true)),",
      "...resultJson(request, true),",
      "does not, if it only typed the address",
    ],
    [
      "adapters/http/routes/ComplianceJson.ts",
      "...(opener !== undefined && { concordId: opener }),",
      "...(opener !== undefined && { concordId: request.subject ?? opener }), subject: request.subject,",
      twins,
    ],
    ["adapters/http/routes/ComplianceJson.ts", "userEmail: masked(email)", "userEmail: email", own],
    [
      "adapters/http/routes/ComplianceRoutes.ts",
      "if (personal.length === 0 || projects.every",
      "if (personal.length === 0 || projects.some",
      "is 403 with a filter by something personal",
    ],
    [
      "adapters/http/routes/ComplianceRoutes.ts",
      "[key.role, ...key.permissions.map(({ role }) => role)].every",
      "[key.role].every",
      "counts as verified where the key may erase",
    ],
    [
      "adapters/http/routes/ComplianceRoutes.ts",
      'return own.filter(({ id }) => Role.may(Role.roleIn(key, id), "read"))',
      "return own",
      "has the projects in which the key may read",
    ],
    [
      "adapters/http/routes/ComplianceRoutes.ts",
      "ordinal,\n    notes,",
      "notes,",
      "is 409 where the ordinal is not current",
    ],
    [
      "core/model/LanguageLookup.ts",
      "b.quality - a.quality",
      "a.quality - b.quality",
      "is written in the language of the header",
    ],
    [
      "core/compliance-requests/OpeningLimit.ts",
      "if (total + items.length <= perHour) return undefined",
      "return undefined",
      "is 429 after five in an hour",
    ],
    [
      "core/compliance-requests/OpeningLimit.ts",
      "const isNo = items.every",
      "const isNo = !items.every",
      "is 429 after five in an hour",
    ],
  ],
}
