/** Mutants of the use cases of compliance requests: opening, opting out, working on them and reading them. */
import type { Part } from "./Mutant.ts"

const laws = "compliance requests keep their laws"
const once = "is answered with the first request for the same external id"
const keyed = "with an idempotency key is carried out once"
const claims = "claims nothing that was typed"
const visitor = "declines for the visitor, and for a person"
const zone = "counts the day of receipt in the organization's"
const holidays = "pins the holidays"
const away = "is recorded while keys are away"
const nothing = "changes all or nothing"
const ordinal = "a change that was decided on another ordinal"
const same = "one that changes nothing makes no fact"
const others = "a person withdraws what it opened"
const part = "finds a part of something personal"
const erased = "removes what is personal of its closed requests"
const late = "a no for what was typed waits until it is verified by code"
const lateToken = "a token of another address, and a request that is withdrawn"
const typed = "removes a closed opt-out whose typed"
const unusable = "an opt-out with a page and a language"
const subject = "refuses a subject that has not shown identity"

export const complianceRequests: Part = {
  folder: "core/compliance-requests",
  tests: [
    "test/core/complianceRequests.test.ts",
    "test/laws/complianceOnLedgers.test.ts",
    "test/laws/optOutOnVerified.test.ts",
  ],
  mutants: [
    ["OptOut.ts", "return kinds.flatMap((kind) => {", "return kinds.slice(0, 1).flatMap((kind) => {", visitor],
    ["OptOut.ts", 'consentState: "declined"', 'consentState: "accepted"', laws, visitor],
    [
      "OptOut.ts",
      "const given: People.Identifiers = { ...known, ...typed }",
      "const given: People.Identifiers = { ...known, ...typed }\n  if (typed.email !== undefined && typed.phoneNumber !== undefined) return [typed]",
      claims,
    ],
    ["ComplianceOpening.ts", "isWaiting ? known : people", "people", late],
    ["ComplianceOpening.ts", "isWaiting ? known : people", "isWaiting ? [] : people", late],
    ["OptOutOnVerified.ts", "steps.some(isShowing)\n", "false\n", late],
    ["OptOutOnVerified.ts", "if (now?.ordinal !== state.ordinal)", "if (now?.ordinal === 0)", late],
    ["Verifying.ts", 'if (state.request === "do_not_sell" && !shown.isAddressProven)', "if (false)", lateToken],
    ["ComplianceOpening.ts", "if (known === undefined) fresh.push(each)", "fresh.push(each)", once],
    ["ComplianceOpening.ts", "if (isThere) return yield* new OpenedMeanwhile()", "if (isThere) continue", once],
    [
      "ComplianceOpening.ts",
      "return { ...record, compliance: { requests } }",
      "return { compliance: { requests } }",
      keyed,
    ],
    [
      "OpeningPreparation.ts",
      'request === "do_not_sell" ? Effect.succeed(undefined) : Effect.fail(asStore(failure))',
      "Effect.fail(asStore(failure))",
      away,
    ],
    ["OpenedRequest.ts", "calendar: HolidaysOf.revisionOf(organization)", "calendar: 0", holidays],
    [
      "OpenedRequest.ts",
      "receivedOn: CivilToday.of(organization, receivedAt)",
      "receivedOn: CivilToday.of({}, receivedAt)",
      zone,
    ],
    [
      "OpenedRequest.ts",
      '...(subject !== undefined && !(prepared.isWaiting && opener._tag === "Visitor") && { subject }),',
      "",
      typed,
    ],
    [
      "OpeningCheck.ts",
      "if (field === undefined || mayName) return",
      "if (field !== undefined || mayName) return",
      subject,
    ],
    ["OpeningCheck.ts", "if (!isOptOut && !isPageKnown) {", "if (!isPageKnown) {", unusable],
    ["RequestSteps.ts", "ordinal: state.ordinal, at, by }", "ordinal: before.ordinal, at, by }", laws],
    ["RequestSteps.ts", "isGone ? { ...state, isPurged: true } : state", "state", erased],
    [
      "RequestChanging.ts",
      "if (concordId === undefined) continue",
      "continue",
      "removes what is personal of a request that was open",
    ],
    ["RequestChanging.ts", "if (asked.ordinal !== undefined && asked.ordinal !== ordinal)", "if (false)", ordinal],
    ["RequestChanging.ts", 'if (outcome !== "stale") return outcome', "return outcome as Outcome", ordinal],
    ["ComplianceWork.ts", 'notes !== (held.data?.notes ?? "")', "true", same],
    [
      "RequestChanging.ts",
      'if (decided._tag === "Refused") {',
      'if (decided._tag === "Refused" && plan.steps.length === 1) {',
      nothing,
    ],
    ["ComplianceReading.ts", " || !openers.includes(row.opener)", "", others],
    [
      "ComplianceReading.ts",
      "texts[name].some((text) => text.toLowerCase().includes(wanted))",
      "texts[name].some((text) => text.includes(wanted))",
      part,
    ],
    [
      "ComplianceReading.ts",
      "if (!isAfter || found.length > limit) continue",
      "if (found.length > limit) continue",
      part,
    ],
  ],
}
