/** Mutants of erasures, of the log of erasures and of retention. */
import type { Part } from "./Mutant.ts"

const onLedgers = "Every item and every question is answered as section 8 says"
const crash = "a crash before the transaction"
const sameInstant = "is erased at the same instant"
const laterInstant = "is erased at a later instant"
const failed = "return { erasure: kept, isLogged: true }"
const retained = "exactly the people whose retention is over"

export const erasure: Part = {
  folder: ".",
  tests: [
    "test/contract/erasureLog.test.ts",
    "test/faults/erasures.test.ts",
    "test/http/erasure.test.ts",
    "test/laws/erasureOnLedgers.test.ts",
    "test/laws/retention.test.ts",
  ],
  mutants: [
    [
      "core/people/Sessions.ts",
      "if (erasedAt !== undefined) return",
      "if (false) return",
      "makes a request that opened a session of the person, sent again, one of a new visitor",
    ],
    // X4: a guest's refusal would be erased out of its group.
    [
      "core/people/Erasing.ts",
      "const { members } = People.joinedWith(known, concordId, Infinity)",
      "const members = [concordId]",
      onLedgers,
    ],
    // X5: as known from the erasure on.
    [
      "core/ledger/AskedPeople.ts",
      "if (knownAt >= (counted.person.erasedAt ?? Infinity)) {",
      "if (false) {",
      onLedgers,
    ],
    // X5: as known before it.
    [
      "core/ledger/AskedPeople.ts",
      "if (knownAt >= (counted.person.erasedAt ?? Infinity)) {",
      "if (counted.person.erasedAt !== undefined) {",
      onLedgers,
    ],
    // X8: an erased id names no one.
    ["core/ledger/BatchPlan.ts", "concordId: isErased ? undefined : concordId", "concordId", onLedgers],
    ["core/ledger/Recording.ts", "if (tried.erased!.size === 0) return outcome", "return outcome", onLedgers],
    [
      "core/people/PersonFacts.ts",
      "if (counted.person.erasedAt !== undefined)",
      "if (false)",
      "keeps joins from being undone",
    ],
    // X6: the log comes first, and is finished last.
    [
      "core/people/ErasureReplay.ts",
      "if (isScrubbed) for (const { id } of before) yield* erasureLog.value.finish(id)",
      "",
      crash,
    ],
    [
      "core/people/ErasureReplay.ts",
      "const kept = yield* Erasing.write(",
      "const kept = yield* (() => Effect.succeed('stale'))(",
      crash,
    ],
    [
      "core/people/Erasing.ts",
      "if (!isScrubbed || Option.isNone(erasureLog)) return isScrubbed\n",
      "return isScrubbed\n",
      "takes everyone joined with the person",
    ],
    [
      "core/people/Erasing.ts",
      "if (!isScrubbed || Option.isNone(erasureLog)) return isScrubbed\n",
      "if (Option.isNone(erasureLog)) return isScrubbed\n",
      "an erasure that the log could not keep",
    ],
    [
      "core/people/ErasureReplay.ts",
      "if (entry?.isKept !== true) yield* Erasing.logKept(organization, each, log, entry?.recordedAt)",
      "",
      "a log that lacks erasures of the store",
      "a crash before the line that it is kept",
    ],
    ["core/people/ErasureReplay.ts", "isKept ? recordedAt : Math.max(", "Math.max(1,", sameInstant],
    ["core/people/ErasureReplay.ts", "isKept ? recordedAt : Math.max(", "true ? recordedAt : Math.max(", laterInstant],
    // The line that an erasure is kept does not wait for the files, and is what the instant depends on.
    ["core/people/Erasing.ts", "return yield* keep(organization, kept, context)", failed, sameInstant],
    [
      "core/people/ErasureReplay.ts",
      "Number(b.isKept) - Number(a.isKept) || ",
      "",
      "is erased as the erasure that was kept",
    ],
    ["core/people/ErasureReplay.ts", "isKept && !isDone", "!isDone", "is erased as the erasure that was kept"],
    [
      "core/people/Erasing.ts",
      "begunAt === erasure.recordedAt && ",
      "",
      "a log that has an erasure begun at another instant",
    ],
    [
      "core/people/Erasing.ts",
      "return yield* keep(organization, before, context)",
      "return { erasure: before, isLogged: true }",
      "an erasure that the log could not keep",
    ],
    [
      "adapters/erasure-log/Erasures.ts",
      " && before.recordedAt === entry.erasure.recordedAt",
      "",
      "a kept erasure that begins again stays kept",
    ],
    [
      "adapters/erasure-log/Erasures.ts",
      "isKept, isDone: false",
      "isKept: false, isDone: false",
      "a kept erasure that",
    ],
    [
      "adapters/erasure-log/FileErasureLog.ts",
      "erasures.get(id)?.[state] === false",
      "true",
      "what the log says already is not written again",
    ],
    [
      "core/people/ErasingByIdentifier.ts",
      "if (yield* isShared(organization, hashed.alias, each, context)) return",
      "if (false) return",
      "a contact point that was left out for another account",
    ],
    // The chain of hashes, and a line that was cut off.
    [
      "adapters/erasure-log/ErasureLine.ts",
      "|| hashOf(before, text) !== own",
      "",
      "a line that was changed at any place",
    ],
    [
      "adapters/erasure-log/FileErasureLog.ts",
      "  if ((await file.stat()).size > read.end) await file.truncate(read.end)\n",
      "",
      "a last line that a crash cut off",
    ],
    // The file that vanishes or is replaced while the log is in use.
    [
      "adapters/erasure-log/FileErasureLog.ts",
      "if (held.lines === 0) return",
      "if (true) return",
      "a file that vanished or was replaced",
    ],
    [
      "adapters/erasure-log/FileErasureLog.ts",
      "isSame && (await holds(file, known))",
      "isSame",
      "a file that vanished or was replaced",
    ],
    [
      "adapters/erasure-log/FileErasureLog.ts",
      "  if (lines < held.lines) throw notHeld(held)\n",
      "",
      "a file that vanished or was replaced",
    ],
    [
      "adapters/erasure-log/FileErasureLog.ts",
      "    if (lines === held.lines && hash !== held.hash) throw notHeld(held)\n",
      "",
      "a file that vanished or was replaced",
    ],
    // Retention
    [
      "core/people/Retention.ts",
      "if (last === undefined) continue",
      "if (last === undefined || period === undefined) continue",
      retained,
    ],
    ["core/people/Retention.ts", "periods.every((period) => hasPassed(known, period, now))", "true", retained],
    ["core/people/Retention.ts", "Period.add(last, period) <= now", "Period.add(last, period) < now", retained],
    ["core/people/Retention.ts", "if (counted.person.erasedAt !== undefined) return undefined\n", "", retained],
  ],
}
