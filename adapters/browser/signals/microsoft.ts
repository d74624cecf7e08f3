/**
 * Tells Microsoft's Universal Event Tracking and Clarity what is permitted, by the queues that their scripts read.
 */
import * as MicrosoftConsent from "../../../core/browser/MicrosoftConsent.ts"
import type { LoaderConfiguration } from "../../../core/browser/LoaderConfiguration.ts"
import * as Names from "../../../core/browser/Names.ts"
import type { SignalSender } from "../Parts.ts"

type Clarity = ((...words: ReadonlyArray<unknown>) => void) & { q?: Array<unknown> }

/** Says that nothing is permitted, and answers how to say what is. */
export const start = ({ strictest: { gcmMap, microsoftUET }, types }: LoaderConfiguration): SignalSender => {
  if (!microsoftUET) return { update: () => undefined }
  const page = window as unknown as { uetq?: Array<unknown>; clarity?: Clarity }
  // As in Clarity's own snippet: the script reads `q` when it comes.
  page.clarity ??= function clarity() {
    // oxlint-disable-next-line prefer-rest-params
    ;(page.clarity!.q ??= []).push(arguments)
  }
  const has = (name: string) => Names.typesOf(types, name).length > 0
  let said = ""
  const say = (kind: "default" | "update", permits: (name: string) => boolean): void => {
    const { clarity, uet } = MicrosoftConsent.of({ has, permits }, gcmMap)
    const saying = JSON.stringify(clarity)
    if (saying === said) return
    said = saying
    // Read each time, because Microsoft's script puts an object with `push` in its place.
    ;(page.uetq ??= []).push("consent", kind, uet)
    page.clarity?.("consentv2", clarity)
  }
  say("default", () => false)
  return { update: (permits) => say("update", permits) }
}
