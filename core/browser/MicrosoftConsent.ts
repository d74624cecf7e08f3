/**
 * What a page tells Universal Event Tracking and Clarity of Microsoft. Pure.
 */
import type { Word, Words } from "./GoogleConsent.ts"

/** The words for each of the two. */
export interface MicrosoftWords {
  readonly uet: { readonly ad_storage: Word }
  readonly clarity: { readonly ad_Storage: Word; readonly analytics_Storage: Word }
}

/** Storage for advertising and for analytics is permitted by the same types as Google's. */
export const of = ({ ad_storage = "denied", analytics_storage = "denied" }: Words): MicrosoftWords => ({
  uet: { ad_storage },
  clarity: { ad_Storage: ad_storage, analytics_Storage: analytics_storage },
})
