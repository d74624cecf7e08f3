/** Mutants of sending mails. */
import type { Part } from "./Mutant.ts"

const law = "law 11: each mail that was kept is handed over or fails, the same every time, and no other is"
const end = "at most 20 % sooner or later, and never at the end of the mail or after it"

export const mail: Part = {
  folder: "core/outbox",
  tests: ["test/laws/outbox.test.ts", "test/core/mailRetries.test.ts"],
  mutants: [
    ["MailSender.ts", "date: new Date(createdAt),", "date: new Date(stored.dueAt),", law],
    ["MailSender.ts", "messageId: `${id}@", "messageId: `${id}${stored.tries}@", law],
    ["MailSender.ts", 'if (answer._tag === "Later") return yield* OutboxLoop.later(mail, answer.code)', "", law],
    ["MailSender.ts", 'if (answer._tag === "Taken") return', 'if (answer._tag !== "Refused") return', law],
    ["MailSender.ts", 'to: "sent", outcome: answer.code }', 'to: "failed", outcome: answer.code }', law],
    ["OutboxLoop.ts", "now + claimMillis, places", "now, places", law],
    ["OutboxLoop.ts", 'isOver ? failed("expired")', 'isOver ? yield* later(mail, "expired")', law],
    ["MailRetries.ts", "return at < endsAt ? at : undefined", "return at", end],
    ["MailEnding.ts", "mails: { end: [{ id, state, tries, to, outcome, at }] },", "mails: {},", law],
  ],
}
