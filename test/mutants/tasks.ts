/** Mutants of handing tasks to connectors. */
import type { Part } from "./Mutant.ts"

const law = "law 11: each task that was to be handed over is taken or fails, the same every time, and no other is"

export const tasks: Part = {
  folder: "core",
  tests: ["test/laws/tasks.test.ts"],
  mutants: [
    ["outbox/TaskSender.ts", "answer.status >= 200 && answer.status < 300", "answer.status >= 200", law],
    ["outbox/TaskSender.ts", "isBoth ? keys : keys.slice(0, 1)", "keys.slice(-1)", law],
    [
      "compliance-requests/RequestDeliveries.ts",
      'status === "pending_verification" || status === "resolved"',
      'status === "resolved"',
      law,
    ],
    [
      "compliance-requests/RequestMails.ts",
      "facts.some(isUnfulfilled) ? [taskTemplate] : []",
      "false ? [taskTemplate] : []",
      law,
    ],
    [
      "outbox/MailEnding.ts",
      '{ kind: "note_task", dataSystem, outcome }',
      '{ kind: "note_task", dataSystem, outcome: "sent" }',
      law,
    ],
  ],
}
