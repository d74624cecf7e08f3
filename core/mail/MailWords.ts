/**
 * The words of mails in one language.
 *
 * A template has a subject and paragraphs with placeholders (`{code}`), of {@link placeholders} alone. A paragraph with
 * a placeholder that has no value is left out, so one template serves a mail with a link and one without.
 */
import type { RequestKind } from "../compliance/ClockPack.ts"
import type { DenialGround, ResolutionStatus } from "../compliance/ComplianceFact.ts"

/** The names of all templates. Those that begin with `staff_` go to the contact addresses of a project. */
export const templates = [
  "verification",
  "received",
  "opted_out",
  "clarification",
  "extended",
  "package_ready",
  "resolved",
  "denied",
  "withdrawn",
  "reopened",
  "sender_check",
  "staff_new",
  "staff_answered",
  "staff_due_soon",
  "staff_overdue",
] as const

/** One of {@link templates}. */
export type MailTemplate = (typeof templates)[number]

/** Everything that can stand in braces in a template. */
export const placeholders = [
  "organization",
  "project",
  "request",
  "requestId",
  "code",
  "link",
  "expires",
  "dueDate",
  "reason",
  "outcome",
  "resolution",
  "privacyPolicyUrl",
  "complaint",
] as const

/** One of {@link placeholders}. */
export type MailPlaceholder = (typeof placeholders)[number]

/** The words of one template. */
export interface TemplateWords {
  /** With `{organization}`, `{project}` and `{request}` alone: it is seen where a mail is only listed. */
  readonly subject: string
  /** In their order. A line break within one stays. */
  readonly paragraphs: ReadonlyArray<string>
}

/** The words of one language. */
export interface MailWords {
  /** BCP 47. */
  readonly language: string
  readonly direction: "ltr" | "rtl"
  /** What was asked, as `{request}`: it stands after a colon or in brackets. */
  readonly requests: { readonly [Kind in RequestKind]: string }
  /** The same in mails to staff. */
  readonly staffRequests: { readonly [Kind in RequestKind]: string }
  /** What came of it, as `{outcome}`: a sentence. */
  readonly outcomes: { readonly [Status in Exclude<ResolutionStatus, "denied" | "withdrawn">]: string }
  /** Why it was denied, as `{reason}`: it stands after a colon. */
  readonly grounds: { readonly [Ground in DenialGround]: string }
  /** What the requester can do about an answer, as `{complaint}` (GDPR, article 12(4)). */
  readonly complaint: string
  readonly templates: { readonly [Name in MailTemplate]: TemplateWords }
  /** Stands below mails to requesters, and below those to staff. */
  readonly footer: ReadonlyArray<string>
  readonly staffFooter: ReadonlyArray<string>
}
