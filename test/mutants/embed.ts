/** Mutants of `assent/open`. */
import type { Part } from "./Mutant.ts"

const refusal = "records a refusal of which little can be read"
const wrong = "refuses a question that cannot be read"
const closing = "answers what is under way when it is closed"

export const embed: Part = {
  folder: "apps/embed",
  tests: ["test/embed/open.test.ts"],
  mutants: [
    ["Recording.ts", "if (!GivenItems.areRead(all)) {", "if (all.length !== 1) {", refusal],
    ["Recording.ts", "...(leftOut !== undefined && { leftOut }),", "", refusal],
    [
      "Recording.ts",
      "idempotency: { caller, key,",
      "idempotency: { caller, key: `${Math.random()}`,",
      "records the same call once",
    ],
    ["Given.ts", "if (types.all.some((type) => matches(type, match))) return []", "if (index < 9) return []", wrong],
    [
      "Given.ts",
      'const violations = [...unknownMembers(given, members, "")]',
      "const violations: Array<Violation> = []",
      wrong,
    ],
    ["Given.ts", "if (unknown.length > 0) return yield* refuse(unknown)", "", wrong],
    [
      "Project.ts",
      "if (scope.types.byTriple.has(triple) ||",
      "if (index < 9 ||",
      "warns of types that the project lacks",
    ],
    [
      "Project.ts",
      "if (id === undefined && projects.size > 1) {",
      "if (projects.size > 9) {",
      "refuses a ledger with several projects",
    ],
    ["Project.ts", "if (id === undefined) yield* ledger.begin(foundation)", "", "is found again"],
    ["Runtime.ts", "await Promise.all([...underWay])", "", closing],
    ["Runtime.ts", "(closed ??= stop())", "(closed = stop())", "opens a SQLite file once"],
    ["Sharing.ts", "entries.get(key) ?? { made: make(), users: 0 }", "{ made: make(), users: 0 }", "is found again"],
    ["Sharing.ts", "if (--entry.users > 0) return", "", "opens a SQLite file once"],
    [
      "Runtime.ts",
      "Layer.provide(store, Layer.effectDiscard(OneServer.hold(path)))",
      "store",
      "opens a SQLite file once",
    ],
    [
      "EventJson.ts",
      "subcategory: subcategory[0]",
      "subcategory: subcategory as never",
      "records and answers plain values",
    ],
  ],
}
