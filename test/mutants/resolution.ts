/** Mutants of the resolution of identifiers: without a clause of section 5 of the semantics, its example fails. */
import type { Part } from "./Mutant.ts"

export const resolution: Part = {
  folder: "core/model",
  tests: ["test/laws/peopleExamples.test.ts"],
  mutants: [
    [
      "Resolution.ts",
      "if (!names.every((name) => known.isSame(name, person)))",
      "if (false as boolean)",
      "Identifiers that name two people are a conflict",
    ],
    [
      "Resolution.ts",
      "isFree(mention) && isAccount(mention) && isAnotherAccount(alias!, person, item, known)\n    return",
      "false\n    return",
      "No contact point makes two accounts one",
      "A concordId gives no one a second account of a kind",
    ],
    [
      "Resolution.ts",
      "return !isNamedById || (other",
      "return (other",
      "Nor does it, if the first account is of another kind",
      "Nor does it, once the first account was released",
    ],
    ["Resolution.ts", 'account.kind === "userId" ||', "", "A userId counts in every project"],
    [
      "Resolution.ts",
      "|| account.project === other.project",
      "|| true",
      "Accounts of two projects may be one person's",
    ],
    [
      "Resolution.ts",
      "const isNamedById = item.concordId",
      "const isNamedById = false && item.concordId",
      "A concordId says that a person has a new account",
    ],
    ["Resolution.ts", "inItem.has(other.hash) || ", "", "An account is claimed again by its own person"],
    ["Resolution.ts", "other.isRenamed === true || ", "", "An account that was renamed does not count"],
    [
      "Resolution.ts",
      'if (formerly !== undefined) return [{ kind, because: "released" }]',
      "",
      "A yes dated before the release of its identifier is refused",
    ],
    [
      "Resolution.ts",
      "people: isRefusal ? [...people] :",
      "people:",
      "A refusal counts for everyone that is named",
      "A refusal under identifiers of joined people counts for both",
    ],
    [
      "Resolution.ts",
      "? newPerson : named[0]!",
      "? strongestOf(mentions) : named[0]!",
      "A refusal gives a new account a person of its own",
      "A refusal gives no person a second account of a kind",
    ],
    [
      "Resolution.ts",
      "named.length === 0 || named.some(",
      "true || named.some(",
      "A refusal gives a new account to the person of its other account",
    ],
    [
      "Resolution.ts",
      "isAccount(free) ? homeOf(free) : strongest",
      "isAccount(free) ? homeOf(free) : newPerson",
      "A refusal gives a new contact point to the strongest person",
    ],
    [
      "Resolution.ts",
      "[...mention.names, ...(mention.formerly ?? [])]",
      "mention.names.length === 0 ? (mention.formerly ?? []) : mention.names",
      "It counts for the next person, too",
    ],
    [
      "Resolution.ts",
      "names.length === 0 && formerly === undefined",
      "names.length === 0",
      "It claims nothing that was released since",
    ],
    [
      "Resolution.ts",
      "isAccount(mention) && mention.formerly === undefined)",
      "isAccount(mention))",
      "A new account in a refusal dated before another account was released",
    ],
    [
      "Resolution.ts",
      "(item.leavesOut ? leaveOut(mentions, item, known) : undefined) ??",
      "",
      "A shared contact point is left out",
      "So is any that names a person, of a new account",
    ],
    [
      "Resolution.ts",
      "    formerly === undefined && names.every(",
      "    names.every(",
      "So is one that was released since",
    ],
    ["Resolution.ts", "strong.length === 0 || ", "", "An item of contact points alone is refused all the same"],
    ["Resolution.ts", " || conflictsOf(strong, item, known).length > 0", "", "So are accounts that conflict"],
  ],
}
