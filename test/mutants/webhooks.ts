/** Mutants of sending to webhooks: order, progress, retries, resting. */
import type { Part } from "./Mutant.ts"

const law = "each change is taken, a person's in order, and a kill repeats no more"
const parked = "a person whose change is refused is parked for three days, then buried, and goes on"
const rests = "a webhook of which everything fails rests, gives nothing up, and goes on with all of it"

export const webhooks: Part = {
  folder: "core/webhooks",
  tests: ["test/laws/webhookOrder.test.ts", "test/laws/webhookSending.test.ts"],
  mutants: [
    ["Backlog.ts", "if (before !== undefined) return void before.push(waiting)\n", "", law],
    ["Backlog.ts", "entry.isDone = isParked(waiting.person)", "entry.isDone = false", law],
    ["Backlog.ts", "while (lane.entries[0]?.isDone === true)", "while (lane.entries.length > 0)", law],
    [
      "Settling.ts",
      "const [failed, ...later] = backlog.takePerson(person)",
      "const [failed] = backlog.takePerson(person)",
      law,
    ],
    ["Settling.ts", "draft.freed.add(sent.head.person)", "opened.parked.remove(sent.head.person)", law],
    ["Retries.ts", "failures >= maxFailures", "false", rests],
    ["Retries.ts", "const tries = before === undefined ? 0 : before.tries + 1", "const tries = 0", rests],
    ["Retries.ts", "  failures: 0,\n  lastSuccessAt", "  lastSuccessAt", parked],
    ["Retries.ts", "  14 * hour,\n", "", parked],
    ["Sender.ts", "opened.inFlight -= arrived.length", "opened.inFlight = 0", law],
  ],
}
