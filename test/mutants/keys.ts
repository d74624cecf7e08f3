/** Mutants of keys: their epochs, those of people, and what opens a ledger. */
import type { Part } from "./Mutant.ts"

const livingKeys = "a living key stays what it is"

export const keys: Part = {
  folder: ".",
  tests: [
    "test/laws/keyEpochs.test.ts",
    "test/contract/personKeys.test.ts",
    "test/contract/keys.test.ts",
    "test/contract/fileKeys.test.ts",
    "test/contract/keyWrap.test.ts",
    "test/cli/keys.test.ts",
  ],
  mutants: [
    ["core/ledger/KeyEpochs.ts", "Period.add(end, kept) <= now", "Period.add(end, kept) < now", livingKeys],
    ["core/ledger/KeyEpochs.ts", "Period.add(before.beganAt, length) <= now", "false", livingKeys],
    ["core/ledger/KeyEpochs.ts", "step.filter((each) => each.epoch !== epoch)", "[] as Array<LaneKey>", livingKeys],
    ["core/ledger/KeyEpochs.ts", "after = step.at(-1)", "after = undefined", "keys are wrapped again in steps"],
    ["core/ledger/KeyEpochs.ts", "|| ended.length > 0", "", "keys are wrapped again in steps"],

    [
      "core/ledger/PersonKeys.ts",
      "if (isKnown && !known.isNew)",
      "if (known !== undefined)",
      "of two processes, the key that is kept first counts",
    ],
    [
      "core/ledger/PersonKeys.ts",
      "known !== undefined && isSame(known.wrapped.wrapped, wrapped)",
      "known !== undefined",
      "of two processes, the key that is kept first counts",
    ],
    [
      "core/ledger/PersonKeys.ts",
      "known.heldSince > now - heldMillis",
      "known.heldSince >= now - heldMillis",
      "a key that is held, and the key of a new person",
    ],
    [
      "core/ledger/PersonKeys.ts",
      "if (before?.isNew === true) return before",
      "",
      "requests of one process that make a key",
    ],
    ["core/ledger/PersonKeys.ts", "cache.warnedAt = now", "", "while keys cannot be used they are left out"],
    ["core/ledger/PersonKeys.ts", "if (held.size <= maxHeld) return", "return", "no more than 10,000 keys are held"],

    ["adapters/keys/KeyWrap.ts", "if (wrapped.length < minWrappedBytes) return undefined", "", "does not unwrap bytes"],
    ["adapters/keys/KeySet.ts", "if (beganAt >= since) return keys", "", "begin an epoch once"],
    ["adapters/keys/KeySet.ts", "Math.max(at, beganAt)", "at", "begin an epoch once"],
    ["adapters/keys/KeySet.ts", "&& epoch !== latest(keys).number", "", "destroy the key of an epoch for ever"],
    ["adapters/keys/KeyFile.ts", "number === index + 1 &&", "", "one that holds a gap"],
    ["adapters/keys/KeyFile.ts", "if (!isWhole(epochs)) return undefined", "", "one that holds no latest key"],
    [
      "adapters/keys/FileKeys.ts",
      "if (last?.stamp !== stampOf(path)) last = read(path)",
      "last ??= read(path)",
      "it is read again when another process has changed it",
      "one that is removed while the keys are used",
    ],
    ["adapters/keys/FileKeys.ts", 'if (isThere(path)) return "exists"', "", "it is never made again where one is"],
    ["adapters/keys/ReplacedFile.ts", "const mode = 0o600", "const mode = 0o644", "only its owner may read it"],
    ["adapters/keys/FileLock.ts", "BEGIN EXCLUSIVE", "", "changes of several processes"],

    [
      "core/integrity/KeyCheck.ts",
      "if (key !== undefined) return undefined",
      "return undefined",
      "is not opened by other keys",
    ],
    ["apps/Keys.ts", "|| organizations.size > 0", "", "whose key file is missing is refused by every command"],
    ["apps/Overwriting.ts", '".keys", ', "", "no output of a command replaces a key file"],
  ],
}
