/**
 * The wire schemas of the senders of mails, and of the words of mails.
 */
import { Schema } from "effect"
import * as Fields from "../../../core/formats/Fields.ts"
import * as OwnMailText from "../../../core/model/OwnMailText.ts"
import { maxNameLength, senderStatuses } from "../../../core/model/SenderAddress.ts"
import * as Wire from "./Wire.ts"

/** It is part of a header. */
const SenderName = Fields.writableText(1, maxNameLength).check(
  Schema.isPattern(/^[^\p{C}\u2028\u2029]*[^\p{C}\p{Z}][^\p{C}\u2028\u2029]*$/u, {
    message: "expected one line of text without control characters",
  }),
)

/** A new sender. The server checks the address. */
export const NewEmail = Schema.Struct({
  name: SenderName.annotate({ description: "Shown with the address" }),
  email: Fields.writableText(1, 254),
})

/** A change of a sender. Another address is another sender. */
export const EmailChange = Schema.Struct({ name: Fields.orNull(SenderName) })

/** The code that was mailed to a sender. */
export const EmailCode = Schema.Struct({
  code: Schema.String.check(Schema.isMaxLength(64)).annotate({ description: "The 8 digits of the mail" }),
})

/** A sender. */
export const Email = Schema.Struct({
  id: Schema.String.annotate({ description: "`default`: the sender of the server" }),
  name: Schema.String,
  email: Schema.String,
  organizationId: Schema.String,
  projects: Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String })).annotate({
    description: "Those whose mails come from it, as far as the key may read them",
  }),
  status: Schema.Literals(senderStatuses),
  dateCreated: Schema.String,
}).annotate({ identifier: "Email" })

/** A page of senders. */
export const EmailPage = Wire.page(Email)

/** The words of a mail, to set. */
export const NewMailText = Schema.Struct({
  subject: Fields.writableText(1, OwnMailText.maxSubjectLength),
  text: Fields.writableText(1, OwnMailText.maxTextLength).annotate({
    description: "Paragraphs with an empty line between them; one whose placeholder has no value is left out",
  }),
})

/** The words of a mail. */
export const MailText = Schema.Struct({
  name: Schema.String,
  language: Schema.String,
  isOwn: Schema.Boolean.annotate({ description: "Whether they are your own, in place of those of Assent" }),
  subject: Schema.String,
  text: Schema.String,
  html: Schema.optionalKey(Schema.String.annotate({ description: "Of a preview alone" })),
  placeholders: Schema.Array(Schema.String).annotate({ description: "What can stand in braces" }),
  required: Schema.Array(Schema.String).annotate({ description: "What the text must have" }),
}).annotate({ identifier: "MailText" })

/** The words of all mails. */
export const MailTexts = Schema.Struct({ items: Schema.Array(MailText) })
