/** Mutants of the senders of an organization, and of its own words of mails. */
import type { Part } from "./Mutant.ts"

const day = "a code counts for a day, and is not kept"
const five = "of any number of tries at once five are compared, and each is one change of the catalog"
const another = "another code ends the one before: one a minute and five a day"
const atOnce = "requests at once mail one code"
const refusing = "nothing is changed where the mail server refuses the mail, or says nothing for ten seconds"
const whole = "a text that lacks nothing tells what it must, whatever else is in it and whatever has no value"
const header = "no words begin a header or an element, whatever is in them"
const rest = "where a language has no words of Assent, the rest of the mail is in the next one that is wanted"

export const mailSetup: Part = {
  folder: "core",
  tests: ["test/core/senderChecks.test.ts", "test/mail/ownWords.test.ts"],
  mutants: [
    ["mail-setup/SenderChecks.ts", "codeHash: hash }", "codeHash: code }", day],
    ["mail-setup/SenderChecks.ts", "code: { ...code, ...verification }", "code", five],
    ["mail-setup/SenderChecks.ts", 'if (outcome !== "wrong") return undefined', "", five],
    ["mail-setup/SenderChecks.ts", "if (retryAt > now) return tooOften", "", another],
    ["mail-setup/SenderChecks.ts", "{ ...before, code, sentAt,", "{ ...before, sentAt,", another],
    ["mail-setup/SenderChecks.ts", 'if (before.status === "verified") return verifiedBefore', "", another],
    [
      "mail-setup/SenderChecks.ts",
      "context.identityLock(`sender codes of ${organization.id}`, effect)",
      "effect",
      atOnce,
    ],
    [
      "mail-setup/SenderChecks.ts",
      'if (answer?._tag === "Taken") return',
      "if (answer !== undefined) return",
      refusing,
    ],
    ["mail/MailPlaceholders.ts", "used.every(", "used.some(", whole],
    ["mail/MailTemplate.ts", "oneLine(plain(", "String(plain(", header],
    ["mail/ChosenWords.ts", "MailLanguages.of([language, ...wanted])", "MailLanguages.of([language])", rest],
    ["mail/ChosenWords.ts", '? "rtl" : "ltr"', '? "ltr" : "ltr"', rest],
    ["mail/ChosenWords.ts", "own.filter(({ name }) => name === template)", "own", "a mail in"],
  ],
}
