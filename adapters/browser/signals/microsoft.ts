/**
 * Tells Microsoft's Universal Event Tracking and Clarity what is permitted, by the queues that their scripts read.
 */
import type { Words } from "../../../core/browser/GoogleConsent.ts"
import * as MicrosoftConsent from "../../../core/browser/MicrosoftConsent.ts"

type Clarity = ((...words: ReadonlyArray<unknown>) => void) & { q?: Array<unknown> }

/** Says what is permitted: first by `default`, then by `update`. */
export const say = (kind: "default" | "update", words: Words): void => {
  const page = window as unknown as { uetq?: Array<unknown>; clarity?: Clarity }
  const { clarity, uet } = MicrosoftConsent.of(words)
  // Looked up each time, because Microsoft's scripts put their own objects in these places. Clarity's own snippet makes
  // the same queue.
  ;(page.uetq ??= []).push("consent", kind, uet)
  const queue: Clarity = function () {
    // oxlint-disable-next-line prefer-rest-params
    ;(queue.q ??= []).push(arguments)
  }
  ;(page.clarity ??= queue)("consentv2", clarity)
}
