/** Mutants of what the ledger does with the answer to a compliance request: erasing, and correcting a profile. */
import type { Part } from "./Mutant.ts"

const everyone = "erases everyone that is joined with the person"
const until = "keeps what is personal of this request until"
const partly = "in part also erases, and names what open"
const typed = "is about the person of the typed address"
const early = "that is refused has erased nothing"
const unknown = "about no one that is known erases no one"
const other = "of another kind erases no one"
const replaced = "replaces members of the profile, and those"
const kept = "that is refused has corrected nothing"

export const complianceAnswers: Part = {
  folder: "core",
  tests: [
    "test/core/complianceAnswers.test.ts",
    "test/laws/complianceOnLedgers.test.ts",
    "test/security/answeredErasure.test.ts",
  ],
  mutants: [
    ["compliance-requests/ErasingAnswer.ts", "if (refusal !== undefined) return refusal\n  if (may", "if (may", early],
    ["compliance-requests/ErasingAnswer.ts", "if (mayErase === undefined) return eraseNeeded", "", early],
    [
      "compliance-requests/ErasingAnswer.ts",
      "{ erasure: asIf(asked), otherRequests })",
      "{ erasure: asIf(asked) })",
      early,
    ],
    ["compliance-requests/ErasingAnswer.ts", "people: members, statuses", "people: [subject], statuses", early],
    [
      "compliance-requests/ErasingAnswer.ts",
      'command.status === "completed" || command.status === "partially_completed"',
      'command.status === "completed"',
      partly,
    ],
    ["compliance-requests/ErasingAnswer.ts", 'answer.held.state.request === "delete" && answerOf', "answerOf", other],
    [
      "compliance-requests/ErasingAnswer.ts",
      "counts: { ...destroyed }, remaining }",
      "counts: { ...destroyed }, remaining: [] }",
      partly,
    ],
    [
      "compliance-requests/ErasingAnswer.ts",
      'refusal.code === "erasure_incomplete" ? subjectUnknown',
      "false ? subjectUnknown",
      unknown,
    ],
    ["compliance-requests/RequestChanging.ts", "if (first.state.erasure !== undefined) return first", "", until],
    ["compliance-requests/ComplianceRequest.ts", "row !== undefined && { untilMailEnds", "{ untilMailEnds", typed],
    ["compliance-requests/CorrectingAnswer.ts", "if (refusal !== undefined) return refusal", "", kept],
    ["compliance-requests/CorrectingAnswer.ts", "isCorrected ? steps :", "steps.length > 0 ? steps :", kept],
    ["people/ProfileCorrection.ts", "person === concordId, context)", "true, context)", replaced],
    [
      "people/ProfileCorrection.ts",
      "for (const person of [concordId, ...others])",
      "for (const person of [concordId])",
      replaced,
    ],
    ["people/ProfileCorrection.ts", "{ ...before, ...changed }", "{ ...changed }", replaced],
    ["people/ProfileCorrection.ts", ".filter(([, value]) => value !== null)", "", replaced],
    ["people/RemainingColumns.ts", "id === except ? [] : [id]", "[id]", everyone, early],
    ["compliance-requests/RetentionSweep.ts", "if (removed > 0)", "if (removed < 0)", "after a delete was answered"],
    ["people/RemainingColumns.ts", "...(requests.length > 0 ? ofRequests : [])", "", partly],
  ],
}
