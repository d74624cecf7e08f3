/**
 * What the actions of the banner and of the preference centre record, and with which evidence.
 */
import type { Choice, ConsentClient, TypeDecision } from "../../../adapters/browser/ConsentClient.ts"
import type { Evidence, Visit, VisitType } from "../../../core/browser/VisitAnswer.ts"

/** The state of a choice. */
export type ChosenState = Choice["consentState"]

/** What the client knows of a type that is not required. */
export const optional = (client: ConsentClient): ReadonlyArray<TypeDecision> =>
  client.decisions().filter(({ type }) => !type.required)

/** Whether the browser's signal is on, and the region honours it. */
export const honoursSignal = (client: ConsentClient, { region }: Visit): boolean =>
  region.gpc && client.status().signals.gpc

/** Whether a type is about sale and sharing, so that the browser's signal and the link decline it. */
export const isCovered = ({ region }: Visit, { subcategory: [subcategory] }: VisitType): boolean =>
  ["do_not_sell", "global_privacy_control", ...region.gpcCovers].includes(subcategory)

/** The choice of one state for all the types. */
export const choose = (types: ReadonlyArray<TypeDecision>, consentState: ChosenState): ReadonlyArray<Choice> =>
  types.map(({ type }) => ({ consentType: type.id, consentState }))

/**
 * The evidence of choices that are made where the texts are shown: the texts, a line each, are hashed meanwhile.
 *
 * Returns how to get it, because a choice must not wait for the hash; before it is there, or where the page has no
 * `crypto.subtle`, the evidence is without it.
 */
export const evidenceOf = (
  surface: "banner" | "preferences",
  { region }: Visit,
  texts: ReadonlyArray<string>,
): (() => Evidence) => {
  let textHash: string | undefined
  void crypto.subtle?.digest("SHA-256", new TextEncoder().encode(texts.join("\n"))).then((hash) => {
    textHash = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("")
  })
  return () => ({
    surface,
    region: region.id,
    ...(surface === "banner" && { layout: region.banner.layout }),
    ...(textHash !== undefined && { textHash }),
  })
}
