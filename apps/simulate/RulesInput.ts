/**
 * Reads the rules and types of a plan, from files, from rule packs, or from values in a script.
 */
import { Effect, type FileSystem, Result, type Stdio } from "effect"
import { BadInput, problemFromViolation, type Unreadable } from "../../adapters/files/BadInput.ts"
import * as Documents from "../../adapters/files/Documents.ts"
import * as RulesFile from "../../adapters/files/RulesFile.ts"
import * as Source from "../../adapters/files/Source.ts"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import type { RuleSet } from "../../core/engine/Rules.ts"
import * as RulePacks from "../../rule-packs/RulePacks.ts"
import type { Given } from "./Plan.ts"

type GivenFromFile<A> = Effect.Effect<Given<A>, BadInput | Unreadable, FileSystem.FileSystem | Stdio.Stdio>

const refuse = (file: string, reason: string, where = "") =>
  new BadInput({ file, problems: [{ where, reason }], isCutShort: false })

/** Checks a rule set that is written in a form of rules.json. */
export const rulesFromValue = (name: string, written: unknown): Effect.Effect<Given<RuleSet>, BadInput> => {
  const decoded = RulesFile.decode(written)
  return Result.isSuccess(decoded)
    ? Effect.succeed({ name, ...decoded.success })
    : Effect.fail(
        new BadInput({
          file: name,
          problems: decoded.failure.map((violation) => problemFromViolation("", violation)),
          isCutShort: false,
        }),
      )
}

const rulesFromPack = (reference: string): Effect.Effect<Given<RuleSet>, BadInput> => {
  const found = RulePacks.find(reference)
  return found.kind === "found"
    ? rulesFromValue(reference, found.pack)
    : Effect.fail(refuse(reference, `no such rule pack; there are ${found.known.join(", ")}`))
}

/** Reads the rules of a rules.json or of a rule pack (`pack:cnil@2020-09`). */
export const rules = (path: string): GivenFromFile<RuleSet> =>
  RulePacks.isReference(path)
    ? rulesFromPack(path)
    : Effect.map(Effect.flatMap(Source.open(path), Documents.rules), (document) => ({ name: path, ...document }))

/** Reads the consent types of a types.json. */
export const types = (path: string): GivenFromFile<ReadonlyArray<ConsentType>> =>
  Effect.map(Effect.flatMap(Source.open(path), Documents.types), (document) => ({ name: path, ...document }))

/** Checks consent types that are written in the form of `items` in types.json. */
export const typesFromValue = (
  name: string,
  written: unknown,
): Effect.Effect<Given<ReadonlyArray<ConsentType>>, BadInput | Unreadable> =>
  Effect.map(Documents.types(Source.fromText(name, JSON.stringify(written) ?? "")), (document) => ({
    name,
    value: document.value,
    written,
  }))
