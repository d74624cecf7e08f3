/**
 * What can stand in braces in each mail, and what must: without it the mail would not do what it is for, or not say
 * what the law demands.
 *
 * A paragraph with a placeholder that has no value is left out. So what must be there stands in a paragraph in which
 * every other placeholder always has a value.
 */
import type { MailPlaceholder, MailTemplate } from "./MailWords.ts"

/** The placeholders of a mail. */
export interface MailPlaceholders {
  /** Those that always have a value. */
  readonly always: ReadonlyArray<MailPlaceholder>
  /** Those that have one in some cases. */
  readonly sometimes: ReadonlyArray<MailPlaceholder>
  /** Those that the text must have. */
  readonly required: ReadonlyArray<MailPlaceholder>
  /** Those that the subject can have: it is seen where a mail is only listed. */
  readonly subject: ReadonlyArray<MailPlaceholder>
}

const named = ["organization", "project", "request"] as const

const ofRequest = (
  sometimes: ReadonlyArray<MailPlaceholder>,
  required: ReadonlyArray<MailPlaceholder> = [],
  always: ReadonlyArray<MailPlaceholder> = [],
): MailPlaceholders => ({
  always: [...named, "requestId", ...always],
  sometimes: [...sometimes, "privacyPolicyUrl"],
  required,
  subject: named,
})

const ofStaff: MailPlaceholders = ofRequest(["dueDate"])

/** The placeholders of each mail. */
const table: { readonly [Name in MailTemplate]: MailPlaceholders } = {
  verification: ofRequest(["link"], ["code"], ["code", "expires"]),
  received: ofRequest(["dueDate", "link"]),
  opted_out: ofRequest(["link"]),
  clarification: ofRequest(["reason", "link"], ["reason"]),
  // GDPR, article 12(3) and (4): the reasons, and the right to lodge a complaint.
  extended: ofRequest(["reason", "dueDate", "link", "complaint"], ["reason", "dueDate", "complaint"]),
  package_ready: ofRequest(["link", "expires"], ["link"]),
  resolved: ofRequest(["outcome", "resolution", "link", "complaint"], ["outcome", "resolution", "complaint"]),
  denied: ofRequest(["reason", "resolution", "link", "complaint"], ["reason", "resolution", "complaint"]),
  withdrawn: ofRequest([]),
  reopened: ofRequest(["dueDate", "link"]),
  sender_check: {
    always: ["organization", "code", "expires"],
    sometimes: ["privacyPolicyUrl"],
    required: ["code"],
    subject: ["organization"],
  },
  staff_new: ofStaff,
  staff_answered: ofStaff,
  staff_due_soon: ofStaff,
  staff_overdue: ofStaff,
}

/** The placeholders of a mail. */
export const of = (template: MailTemplate): MailPlaceholders => table[template]

/** All that the text of a mail can have. */
export const all = (template: MailTemplate): ReadonlyArray<MailPlaceholder> => [
  ...table[template].always,
  ...table[template].sometimes,
]

/** Everything in braces in a text, without the braces. */
export const usedIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!)

/** The paragraphs of a text: an empty line ends one. */
export const paragraphsOf = (text: string): ReadonlyArray<string> =>
  text
    .split(/\n(?:[^\S\n]*\n)+/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== "")

/** Those that a text must have, and that do not stand in a paragraph which is always there with them. */
export const missingIn = (template: MailTemplate, text: string): ReadonlyArray<MailPlaceholder> => {
  const { always, required } = table[template]
  const paragraphs = paragraphsOf(text).map(usedIn)
  return required.filter(
    (name) =>
      !paragraphs.some(
        (used) => used.includes(name) && used.every((each) => each === name || always.some((there) => there === each)),
      ),
  )
}
