/**
 * Reads the rules and types of a plan: from files, from rule packs, or as values that a script writes.
 */
import { Effect, type FileSystem, Result, type Stdio } from "effect"
import { BadInput, problemFromViolation, type Unreadable } from "../../adapters/files/BadInput.ts"
import * as Documents from "../../adapters/files/Documents.ts"
import * as Source from "../../adapters/files/Source.ts"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import type { RuleSet } from "../../core/engine/Rules.ts"
import * as RulePacks from "../../rule-packs/RulePacks.ts"
import type { Given } from "./Plan.ts"

type Reading<A> = Effect.Effect<Given<A>, BadInput | Unreadable, FileSystem.FileSystem | Stdio.Stdio>

const refuse = (file: string, reason: string, where = "") =>
  new BadInput({ file, problems: [{ where, reason }], isCutShort: false })

/** A rule set as the file format has it, found good or not. */
export const rulesFromValue = (name: string, written: unknown): Effect.Effect<Given<RuleSet>, BadInput> => {
  const decoded = Exchange.decoder(Exchange.RuleSet)(written)
  return Result.isSuccess(decoded)
    ? Effect.succeed({ name, value: decoded.success, written })
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
    ? rulesFromValue(reference, found.pack.rules)
    : Effect.fail(refuse(reference, `no such rule pack; there are ${found.known.join(", ")}`))
}

/** The rules of a rules.json, or of a rule pack (`pack:cnil@2020-09`). */
export const rules = (path: string): Reading<RuleSet> =>
  RulePacks.isReference(path)
    ? rulesFromPack(path)
    : Effect.map(Effect.flatMap(Source.open(path), Documents.rules), (document) => ({ name: path, ...document }))

/** The consent types of a types.json. */
export const types = (path: string): Reading<ReadonlyArray<ConsentType>> =>
  Effect.map(Effect.flatMap(Source.open(path), Documents.types), (document) => ({ name: path, ...document }))

/** Consent types as types.json has them, found good or not. */
export const typesFromValue = (
  name: string,
  written: unknown,
): Effect.Effect<Given<ReadonlyArray<ConsentType>>, BadInput | Unreadable> =>
  Effect.map(Documents.types(Source.fromText(name, JSON.stringify(written) ?? "")), (document) => ({
    name,
    value: document.value,
    written,
  }))
