/** Mutants of the client of pages: snapshots, decisions, local events, sending, and the clock. */
import type { Part } from "./Mutant.ts"

const converges = "and the ledger give the same answers in the end"
const loader = "permits nothing that the engine would not"
const signal = "permits no type more, and nothing that it covers but what was confirmed"
const lapsed = "never permit again what lapsed"
const behind = "keep a refusal that follows an acceptance"
const kept = "decide from what they have kept"
const traceless = "leave nothing behind without an act"
const written = "of up to 60 names is read as it was written"

export const browser: Part = {
  folder: ".",
  tests: ["test/laws/browserSnapshot.test.ts", "test/laws/browserDecisions.test.ts", "test/laws/browserPages.test.ts"],
  mutants: [
    ["core/browser/Snapshot.ts", "number.toString(36) === text ? number", "true ? number", "that was changed is read"],
    ["core/browser/Snapshot.ts", "answers.has(name) || ", "", "with two answers under one name"],
    ["core/browser/Snapshot.ts", '[gpc ? "1g" : "1", region', '["1", region', written],
    [
      "core/browser/Snapshot.ts",
      "some = some.filter(([, { permitted }]) => permitted)",
      "some.reverse()",
      "that is too long",
    ],
    [
      "core/browser/Snapshot.ts",
      "at < (answer.until ?? Infinity)",
      "at <= (answer.until ?? Infinity)",
      "permits until right before the end",
    ],
    [
      "core/browser/Snapshot.ts",
      "snapshot!.revision >= type.since",
      "snapshot!.revision >= 0",
      "permits until right before the end",
    ],
    ["core/browser/Names.ts", 'required ? "privacy_setting/"', 'required ? ""', "permits until right before the end"],
    ["core/browser/PageDecisions.ts", "if (!permitted || a?.permitted === false)", "if (!permitted)", loader],
    [
      "core/browser/PageDecisions.ts",
      "(until !== undefined && until < a.until) ? until",
      "(until !== undefined && until > a.until) ? until",
      loader,
    ],
    [
      "core/browser/PageDecisions.ts",
      "|| (decision.permitted && isConfirmed(decision))",
      "|| decision.permitted",
      signal,
    ],
    [
      "core/browser/PageDecisions.ts",
      "event.consentDate > at ? last : Math.max(last, event.consentDate)",
      "last",
      signal,
    ],
    [
      "core/browser/GlobalPrivacyControl.ts",
      '["do_not_sell", "global_privacy_control", ...gpcCovers].some',
      "gpcCovers.some",
      signal,
    ],
    [
      "adapters/browser/Clock.ts",
      "floor = Math.max(floor, Math.round(device() + offset))",
      "floor = Math.round(device() + offset)",
      lapsed,
    ],
    ["adapters/browser/Client.ts", 'if (cause === "time") ledger.keepClock()', "", lapsed],
    [
      "adapters/browser/Acknowledging.ts",
      "if (consentDate <= clock.now() + aheadMillis) clock.atLeast(consentDate)",
      "void consentDate",
      behind,
    ],
    [
      "adapters/browser/LocalLedger.ts",
      "if (state.contextId === undefined) state = { ...state, contextId: uuid() }",
      "void uuid",
      converges,
    ],
    ["adapters/browser/LocalLedger.ts", "for (const item of items) store.setUnsent({ item })", "", converges],
    [
      "adapters/browser/Sending.ts",
      "for (const [place, code] of faults)",
      "return true\n    for (const [place, code] of faults)",
      converges,
    ],
    [
      "adapters/browser/Sync.ts",
      "stopWaiting = env.after(Math.min(longestTimer, Math.max(growing, (seconds ?? 0) * 1000)), () => void run())",
      "",
      converges,
    ],
    ["adapters/browser/Sync.ts", "if (!ledger.isKnown() && !options.mayBeKnown()) {", "if (false) {", traceless],
    [
      "adapters/browser/Client.ts",
      "    watchers.stop()\n    if (changed",
      "    if (changed",
      "start what a site runs only while it is permitted",
    ],
    ["adapters/browser/Client.ts", "parts.signals?.update(answers.permits)", "", converges],
    [
      "adapters/browser/Client.ts",
      "    settle(cause)\n    line?.post()",
      "    line?.post()",
      "start what a site runs only while it is permitted",
      converges,
    ],
    ["adapters/browser/Client.ts", "      connecting = undefined\n", "", kept, converges],
    ["adapters/browser/Client.ts", "ledger.isKnown()) store.setVisit(visit)", "ledger.isKnown()) void visit", kept],
    // What a full page has hides what others store.
    [
      "adapters/browser/LocalStore.ts",
      "(own?.over === there ? own.text : there)",
      "(own?.text ?? there)",
      "take the withdrawal of another page",
    ],
    ["adapters/browser/Sync.ts", "Math.min(longestTimer, ", "Math.max(0, ", "wait as long as a server says"],
    [
      "adapters/browser/LocalStore.ts",
      "      memory.set(key, { text, over: stored(key) })\n",
      "",
      "keep their choices in memory",
    ],
    [
      "adapters/http/routes/VisitBody.ts",
      "Math.abs(behind) < networkMillis ? 0 : behind",
      "behind",
      "refuse what was accepted and refused at one millisecond",
    ],
  ],
}
