/**
 * The words of mails in English.
 */
import type { MailWords } from "../MailWords.ts"

export const words: MailWords = {
  language: "en",
  direction: "ltr",
  requests: {
    view: "access to your personal data",
    change: "correction of your personal data",
    delete: "deletion of your personal data",
    do_not_sell: "no sale or sharing of your personal data",
  },
  staffRequests: {
    view: "access",
    change: "correction",
    delete: "deletion",
    do_not_sell: "no sale or sharing",
  },
  outcomes: {
    completed: "We have done what you asked for.",
    partially_completed: "We have done a part of what you asked for.",
    no_records_found: "We have found no personal data about you.",
  },
  grounds: {
    identity_not_shown: "it was not shown that the request comes from the person whose data it is about",
    no_match: "we hold no data that match what we were given",
    unfounded_or_excessive: "the request is manifestly unfounded or excessive",
    exempt: "the law exempts these data from the request",
    others_rights: "it would harm the rights of other people",
    not_covered: "the law does not give this right in your case",
    duplicate: "we are answering the same request of yours already",
    other: "see below",
  },
  complaint:
    "If you do not agree, you can write to us. You can also lodge a complaint with a data protection supervisory " +
    "authority, or seek a judicial remedy.",
  templates: {
    verification: {
      subject: "{organization}: please confirm your request",
      paragraphs: [
        "Hello,",
        "{organization} has received a request with this e-mail address: {request}.",
        "If it was you, enter this code on the page where you made the request:",
        "{code}",
        "Or confirm it on this page:\n{link}",
        "This is possible until {expires}.",
        "If it was not you, do not pass the code on to anyone. Nothing is done about your data without it.",
      ],
    },
    received: {
      subject: "{organization}: we have received your request",
      paragraphs: [
        "Hello,",
        "{organization} has received your request: {request}.",
        "You will have an answer by {dueDate}.",
        "You can follow your request here:\n{link}",
      ],
    },
    opted_out: {
      subject: "{organization}: your opt-out is recorded",
      paragraphs: [
        "Hello,",
        "{organization} has recorded your opt-out: {request}. You do not have to do anything else.",
        "You can follow your request here:\n{link}",
      ],
    },
    clarification: {
      subject: "{organization}: we have a question about your request",
      paragraphs: [
        "Hello,",
        "{organization} needs to know more before it can answer your request: {request}.",
        "{reason}",
        "Please answer here:\n{link}",
      ],
    },
    extended: {
      subject: "{organization}: we need more time for your request",
      paragraphs: [
        "Hello,",
        "{organization} needs more time for your request: {request}.",
        "Reason: {reason}",
        "You will have an answer by {dueDate}.",
        "You can follow your request here:\n{link}",
        "{complaint}",
      ],
    },
    package_ready: {
      subject: "{organization}: your data are ready",
      paragraphs: [
        "Hello,",
        "{organization} has put together the personal data that it holds about you.",
        "You can download them here:\n{link}",
        "This is possible until {expires}.",
        "Whoever has this mail can download your data. Please do not forward it.",
      ],
    },
    resolved: {
      subject: "{organization}: the answer to your request",
      paragraphs: [
        "Hello,",
        "{organization} has finished your request: {request}.",
        "{outcome}",
        "{resolution}",
        "You find everything about it here:\n{link}",
        "{complaint}",
      ],
    },
    denied: {
      subject: "{organization}: the answer to your request",
      paragraphs: [
        "Hello,",
        "{organization} does not do what you asked for: {request}.",
        "Reason: {reason}",
        "{resolution}",
        "You find everything about it here:\n{link}",
        "{complaint}",
      ],
    },
    withdrawn: {
      subject: "{organization}: your request is withdrawn",
      paragraphs: [
        "Hello,",
        "Your request is withdrawn: {request}. {organization} does nothing more about it.",
        "If you change your mind, you can make a new request at any time.",
      ],
    },
    reopened: {
      subject: "{organization}: we are working on your request again",
      paragraphs: [
        "Hello,",
        "{organization} is working on your request again: {request}.",
        "You will have an answer by {dueDate}.",
        "You can follow your request here:\n{link}",
      ],
    },
    sender_check: {
      subject: "{organization}: please confirm this sender address",
      paragraphs: [
        "Hello,",
        "{organization} would like to send its mails about privacy requests from this address.",
        "If that is right, give this code to the person who has added the address:",
        "{code}",
        "This is possible until {expires}.",
        "If you know nothing of it, ignore this mail. Without the code nothing is sent from your address.",
      ],
    },
    staff_new: {
      subject: "{project}: new compliance request",
      paragraphs: [
        "A compliance request was made to {organization}.",
        "Project: {project}",
        "It asks for: {request}",
        "Id: {requestId}",
        "Answer due: {dueDate}",
      ],
    },
    staff_answered: {
      subject: "{project}: the requester has answered",
      paragraphs: [
        "The requester of a compliance request has answered your question. The answer is shown with the request.",
        "Project: {project}",
        "It asks for: {request}",
        "Id: {requestId}",
        "Answer due: {dueDate}",
      ],
    },
    staff_due_soon: {
      subject: "{project}: a compliance request is due soon",
      paragraphs: [
        "The answer to a compliance request is due soon, and the request is still open.",
        "Project: {project}",
        "It asks for: {request}",
        "Id: {requestId}",
        "Answer due: {dueDate}",
      ],
    },
    staff_overdue: {
      subject: "{project}: a compliance request is overdue",
      paragraphs: [
        "The answer to a compliance request is overdue.",
        "Project: {project}",
        "It asks for: {request}",
        "Id: {requestId}",
        "Answer was due: {dueDate}",
      ],
    },
  },
  footer: [
    "Number of the request: {requestId}",
    "Privacy policy of {organization}:\n{privacyPolicyUrl}",
    "This mail was sent automatically.",
  ],
  staffFooter: ["This mail was sent automatically, because your address is a contact address of the project."],
}
