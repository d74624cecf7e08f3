/** Mutants of mail templates and addresses. */
import type { Part } from "./Mutant.ts"

const hostile = "no value begins a header, an element or a placeholder, whatever is in it"
const complaint = "a denial, an extension and a part of an answer tell the right to complain; a whole answer does not"
const address = "an address has at most 254 characters, all of them visible ASCII, and one @"

export const mailWords: Part = {
  folder: "core/mail",
  tests: ["test/mail/mailTemplate.test.ts", "test/mail/mailAddress.test.ts"],
  mutants: [
    ["MailTemplate.ts", 'value.toWellFormed().replace(unwanted, " ").trim()', "value.trim()", hostile],
    ["MailTemplate.ts", "value.toWellFormed()", "value", hostile],
    ["MailTemplate.ts", 'oneLine(value) || "–"', "oneLine(value)", hostile],
    ["MailTemplate.ts", 'resolutionStatus !== "completed" && ', "", complaint],
    ["MailTemplate.ts", '  template === "denied" ||\n', "", complaint],
    ["MailHtml.ts", 'kind === "link" && isWeb(text)', 'kind === "link"', "a link that is not of the web is no link"],
    ["MailAddress.ts", "!localPattern.test(local)", "local.length === 0", address],
  ],
}
