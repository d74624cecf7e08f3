/**
 * What the actions of the banner and of the preference centre record, and with which evidence.
 */
import type { Choice, ConsentClient, TypeDecision } from "../../../adapters/browser/ConsentClient.ts"
import * as GlobalPrivacyControl from "../../../core/browser/GlobalPrivacyControl.ts"
import type { Evidence, Visit, VisitType } from "../../../core/browser/VisitAnswer.ts"

/** The state of a choice. */
export type ChosenState = Choice["consentState"]

/** What the client knows of the types that are not required. */
export const optional = (client: ConsentClient): ReadonlyArray<TypeDecision> =>
  client.decisions().filter(({ type }) => !type.required)

/** Whether the browser's signal is on, and the region honours it. */
export const honoursSignal = (client: ConsentClient, { region }: Visit): boolean =>
  region.gpc && client.status().signals.gpc

/** Whether a type is about sale and sharing, so that the browser's signal and the link decline it. */
export const isCovered = ({ region }: Visit, { category, subcategory, label }: VisitType): boolean =>
  GlobalPrivacyControl.covers({ ...region, gpc: true }, { triple: [category, subcategory, label].join("/") })

/** The choice of one state for all the types. */
export const choose = (types: ReadonlyArray<TypeDecision>, consentState: ChosenState): ReadonlyArray<Choice> =>
  types.map(({ type }) => ({ consentType: type.id, consentState }))

/**
 * Adds the hash of the texts that are shown, a line each, to the evidence of the choices that are made there.
 *
 * Returns how to get it, because a choice must not wait for the hash; before it is there, or where the page has no
 * `crypto.subtle`, the evidence is without it.
 */
export const evidenceOf = (about: Evidence, texts: ReadonlyArray<string>): (() => Evidence) => {
  let evidence = about
  void crypto.subtle?.digest("SHA-256", new TextEncoder().encode(texts.join("\n"))).then((hash) => {
    const textHash = Array.from(new Uint8Array(hash), (byte) => (byte + 256).toString(16).slice(1)).join("")
    evidence = { ...about, textHash }
  })
  return () => evidence
}
