/** Mutants of showing identity: codes, tickets, tokens, and the mails that facts call for. */
import type { Part } from "./Mutant.ts"

const once = "one code shows identity once"
const silent = "is silent: no code is mailed"
const bounded = "gets a bounded number of mails"
const asked = "gets no more codes when many requests ask"
const alone = "the address that was typed gets the receipt"
const reads = "changes no call of the store"
const link = "downloads the files for the requester 10 times"
const answer = "is mailed to staff where the requester gave it"
const same = "is not told by a code of a request"

export const verification: Part = {
  folder: "core/compliance-requests",
  tests: ["test/laws/verification.test.ts", "test/core/codeSending.test.ts"],
  mutants: [
    ["Verifying.ts", "failures: verification.failures + 1", "failures: verification.failures", once],
    ["Verifying.ts", " && members.includes(row.opener)", "", once],
    ["RequesterPage.ts", "kept.uses >= RequestTickets.maxDownloads", "kept.uses > RequestTickets.maxDownloads", link],
    ["RequestTickets.ts", "map((each) => ({ ...each, isSpent: true }))", "map((each) => each)", once],
    ["CodeSending.ts", "if (isSent) {", "if (true) {", silent],
    ["OpenedRequest.ts", 'const isTyped = state.channel === "site"', "const isTyped = false", bounded],
    ["CodeSending.ts", "yield* context.identityLock(", "yield* ((_: string, one: typeof effect) => one)(", bounded],
    ["CodeSending.ts", "yield* inTurn(scope, to, sending, context)", "yield* sending", asked],
    ["CodeSending.ts", "RequestTickets.withWithheld(before, code.kept)", "before", silent],
    ["RequestMails.ts", "isShown || beforeIdentity.has(template)", "true", alone],
    ["RequestMails.ts", 'resolved: ["verification", "clarification", "extended"],', "", alone],
    [
      "RequestChanging.ts",
      "const [row] = yield* compliance.privateOf(project, [id])\n",
      "if (stored === undefined) return undefined\n  const [row] = yield* compliance.privateOf(project, [id])\n",
      same,
    ],
    ["RequestMails.ts", 'fact.by === "requester" ? "staff_answered" : undefined', '"staff_answered"', answer],
    [
      "OpeningPreparation.ts",
      "const shown = proof && (yield* Verifying.shownBy(scope, proof, { user }, context))",
      "const shown = proof && (yield* Verifying.shownBy(scope, proof, { user }, context))\n  if (checked.email !== undefined) {\n    const named = yield* RequestSubject.ofEmail(scope, checked.email, context)\n    if (named !== undefined) yield* context.store.people.person(scope.organization, named)\n  }",
      reads,
    ],
  ],
}
