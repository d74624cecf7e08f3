/**
 * The endpoints of the senders of mails, and of the words of mails, for servers.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { entryParameters } from "./CatalogWire.ts"
import { KeyRequired } from "./Credentials.ts"
import * as EmailWire from "./EmailWire.ts"
import { about, created, inOrganization, Needs, paths } from "./Endpoint.ts"
import * as Parameter from "./Parameter.ts"
import * as Problem from "./Problem.ts"

const emails = `${paths.organization}/emails` as const
const texts = `${paths.organization}/mail-texts` as const
const one = {
  ...inOrganization,
  id: Schema.String.annotate({ description: "The id of the sender: a UUID, or `default`" }),
}
const oneText = {
  ...inOrganization,
  name: Schema.String.annotate({ description: "The name of the mail, such as `received`" }),
  language: Schema.String.annotate({ description: "A tag of BCP 47, such as `de`" }),
}

/** The group `emails`. */
export const Emails = HttpApiGroup.make("emails")
  .add(
    HttpApiEndpoint.get("listEmails", emails, {
      params: inOrganization,
      query: entryParameters,
      success: EmailWire.EmailPage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List senders", "The sender of the server as `default`, and your own.")),
    HttpApiEndpoint.post("createEmail", emails, {
      params: inOrganization,
      payload: EmailWire.NewEmail,
      success: EmailWire.Email.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Add a sender", "A code is mailed to it. Until it is given back, nothing is sent from it.")),
    HttpApiEndpoint.patch("updateEmail", `${emails}/:id`, {
      params: one,
      payload: EmailWire.EmailChange,
      success: EmailWire.Email,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Rename a sender", "Another address is another sender.")),
    HttpApiEndpoint.delete("deleteEmail", `${emails}/:id`, {
      params: one,
      success: EmailWire.Email,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Delete a sender", "One that a project uses is refused (409 `in_use`).")),
    HttpApiEndpoint.post("sendEmailCode", `${emails}/:id/verification`, {
      params: one,
      success: EmailWire.Email,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about("Mail a sender another code", "The code before ends. One within a minute, five within a day."),
      ),
    HttpApiEndpoint.post("verifyEmail", `${emails}/:id/verify`, {
      params: one,
      payload: EmailWire.EmailCode,
      success: EmailWire.Email,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about("Verify a sender", "By the code that was mailed last: it counts for a day, and for five tries."),
      ),
    HttpApiEndpoint.get("listMailTexts", texts, {
      params: inOrganization,
      success: EmailWire.MailTexts,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List the words of mails", "Of every mail in every language: yours, or those of Assent.")),
    HttpApiEndpoint.put("setMailText", `${texts}/:name/:language`, {
      params: oneText,
      query: {
        preview: Parameter.optional(
          Schema.Literals(["true", "false"]),
          "`true`: the mail is answered with sample values, and nothing is kept",
        ),
      },
      payload: EmailWire.NewMailText,
      success: EmailWire.MailText,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Set the words of a mail", "Mails that are written from now on have them.")),
    HttpApiEndpoint.delete("deleteMailText", `${texts}/:name/:language`, {
      params: oneText,
      success: EmailWire.MailText,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Delete your words of a mail", "The mail has those of Assent again.")),
  )
  .middleware(KeyRequired)
  .annotateMerge(
    OpenApi.annotations({
      title: "Mails",
      description: "Where mails about compliance requests come from, and what they say.",
    }),
  )
