/**
 * What a page tells Universal Event Tracking and Clarity of Microsoft, from what is permitted. Pure.
 */
import * as GoogleConsent from "./GoogleConsent.ts"

/** The words for each of the two. */
export interface MicrosoftWords {
  readonly uet: { readonly ad_storage: GoogleConsent.Word }
  readonly clarity: { readonly ad_Storage: GoogleConsent.Word; readonly analytics_Storage: GoogleConsent.Word }
}

/** What is said; storage for advertising and for analytics is permitted by the same types as Google's. */
export const of = (answers: GoogleConsent.Answers, map?: GoogleConsent.GoogleMap): MicrosoftWords => {
  const { ad_storage, analytics_storage } = GoogleConsent.words(GoogleConsent.grants(answers, map))
  return { uet: { ad_storage }, clarity: { ad_Storage: ad_storage, analytics_Storage: analytics_storage } }
}
