/**
 * The words of the page of a requester in one language. What was asked and what came of it is worded as in mails.
 */
import type { ComplianceStatus } from "../compliance/ComplianceState.ts"

/** The words. `{organization}` is replaced by its name. */
export interface PageWords {
  /** BCP 47. */
  readonly language: string
  readonly direction: "ltr" | "rtl"
  /** What the page is, above its heading. */
  readonly about: string
  /** Before identity is shown. */
  readonly isItYou: string
  readonly asked: string
  readonly untouched: string
  /** Of a request to delete. */
  readonly deletes: string
  readonly confirm: string
  readonly notMe: string
  /** What was done just now. */
  readonly confirmed: string
  readonly answered: string
  readonly withdrawn: string
  readonly nothingMore: string
  readonly refused: string
  /** Where the request stands, as the heading. */
  readonly standing: { readonly [Status in ComplianceStatus]: string }
  /** The names of facts about the request. */
  readonly request: string
  readonly number: string
  readonly received: string
  readonly due: string
  readonly finished: string
  readonly paused: string
  /** What staff asks, and says. */
  readonly question: string
  readonly yourAnswer: string
  readonly send: string
  readonly result: string
  readonly reason: string
  readonly complaintTitle: string
  /** Files. */
  readonly files: string
  readonly download: string
  /** `{count}`: how many downloads are left. */
  readonly downloadsLeft: string
  /** Ending the request. */
  readonly endIt: string
  readonly endsIt: string
  readonly withdraw: string
  /** A link that opens nothing. */
  readonly noPage: string
  readonly noPageWhy: string
  readonly privacyPolicy: string
  readonly keepPrivate: string
}
