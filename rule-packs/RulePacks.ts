/**
 * Rule packs: how long answers last according to a public legal text, as versioned data that never changes.
 *
 * A pack sets durations only; it does not change which event decides or which state permits. A correction is a new file
 * with a new version; `SHA256SUMS` holds the digest of every file ever published. No pack is legal advice.
 */
import type { ConsentState } from "../core/engine/ConsentState.ts"
import type { Match } from "../core/engine/Rules.ts"
import casl from "./casl@2014-07.json" with { type: "json" }
import ccpa from "./ccpa@2023-01.json" with { type: "json" }
import cnil from "./cnil@2020-09.json" with { type: "json" }
import tcf from "./tcf@2.0.json" with { type: "json" }

/** One entry of the pack's rule set, in the form of rules.json (semantics, section 7): durations are ISO 8601. */
export interface Entry {
  readonly match: Match
  readonly rules: { readonly maxAge: { readonly [State in ConsentState]?: string | null } }
}

/** The durations of one public text, in one version. */
export interface RulePack {
  /** Lower case, without `@`. */
  readonly id: string
  /** The version of the text; a pack is named `id@version`. */
  readonly version: string
  readonly title: string
  /** What the text requires, in one sentence. */
  readonly summary: string
  /** The day (`YYYY-MM-DD`, UTC) from which the text applies. */
  readonly appliesFrom: string
  /** The official URL of the text. */
  readonly source: string
  /** What the durations leave out, and how they interpret the text. */
  readonly notes: ReadonlyArray<string>
  /** The statement that the pack is not legal advice. */
  readonly warning: string
  readonly rules: ReadonlyArray<Entry>
}

/** The result of {@link find}: the pack, or the references of all packs. */
export type Found =
  | { readonly kind: "found"; readonly pack: RulePack }
  | { readonly kind: "unknown"; readonly known: ReadonlyArray<string> }

const prefix = "pack:"

/** Every pack, sorted by reference. */
export const all: ReadonlyArray<RulePack> = [casl, ccpa, cnil, tcf]

/** The name of a pack on a command line: `pack:cnil@2020-09`. */
export const reference = ({ id, version }: RulePack): string => `${prefix}${id}@${version}`

/** Whether a text names a pack and not a file. The pack need not exist. */
export const isReference = (text: string): boolean => text.startsWith(prefix)

/** The pack with exactly this reference, or the references of all packs. It never guesses a version. */
export const find = (text: string): Found => {
  const pack = all.find((candidate) => reference(candidate) === text)
  return pack === undefined ? { kind: "unknown", known: all.map(reference) } : { kind: "found", pack }
}
