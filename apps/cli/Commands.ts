/**
 * The subcommands of `assent`: their names, what each does in one line, and how it is loaded.
 *
 * Names and summaries are known without loading anything, because `assent --help` answers although no package is
 * installed. A subcommand is a file of `commands/` and an entry here. Its description is its summary.
 */
import type { Command } from "effect/cli"

const entry = <Name extends string, Input, Context, E, R>(
  summary: string,
  load: () => Promise<{ readonly command: Command.Command<Name, Input, Context, E, R> }>,
) => ({
  summary,
  /** Loads the subcommand with its modules. Fails if a package that they need is not installed. */
  load: async () => {
    const [cli, { command }] = await Promise.all([import("effect/cli"), load()])
    return cli.Command.withDescription(command, summary)
  },
})

/** The subcommands, in the order of the help. */
export const all = {
  decisions: entry(
    "Write the decision about every person and consent type that occurs in the events, one a line",
    () => import("./commands/decisions.ts"),
  ),
  state: entry(
    "Write the event that decides, as it came, for every answer that is neither unknown nor lapsed",
    () => import("./commands/state.ts"),
  ),
  timeline: entry(
    "Tell what a person said, what counts and why: on a terminal, as lines of JSON, or as a page",
    () => import("./commands/timeline.ts"),
  ),
  simulate: entry(
    "Compare the answers under other rules or texts with those in force, over a whole ledger",
    () => import("./commands/simulate.ts"),
  ),
  bootstrap: entry(
    "Set up an empty store: your organization with its consent types, or a demonstration",
    () => import("./commands/bootstrap.ts"),
  ),
  key: entry("Make an API key as the operator, list the keys, or revoke one", () => import("./commands/key.ts")),
  migrate: entry("Make or complete the tables of a PostgreSQL database", () => import("./commands/migrate.ts")),
  upgrade: entry(
    "Write a ledger of an earlier version again, with personal data apart; or go on with that",
    () => import("./commands/upgrade.ts"),
  ),
  import: entry(
    "Take in the history of another system; run it again after any interruption",
    () => import("./commands/import.ts"),
  ),
  export: entry(
    "Write the events of a project, in the order in which they were recorded",
    () => import("./commands/export.ts"),
  ),
  follow: entry(
    "Write the changes of a project as they come: events, and answers that changed without one",
    () => import("./commands/follow.ts"),
  ),
  verify: entry(
    "Check that a ledger is whole: its log, its heads, and what it is looked up by",
    () => import("./commands/verify.ts"),
  ),
  move: entry(
    "Move a ledger into an empty store: all of it, read back before it counts, or nothing",
    () => import("./commands/move.ts"),
  ),
  keys: entry("Make the key file of a ledger, list its epochs, or begin an epoch", () => import("./commands/keys.ts")),
  metrics: entry("Show what was counted by day, or count afresh and compare", () => import("./commands/metrics.ts")),
  people: entry(
    "Show what is held about a person, select the people of a simulation, release an identifier, or rename accounts",
    () => import("./commands/people.ts"),
  ),
  erase: entry(
    "Erase a person: what names it and its personal data; its events stay as evidence of no one",
    () => import("./commands/erase.ts"),
  ),
  scrub: entry(
    "Remove what erased people have left in the files of a store, as far as it can be done now",
    () => import("./commands/scrub.ts"),
  ),
  requests: entry(
    "List the compliance requests that are due, or show what has happened to one",
    () => import("./commands/requests.ts"),
  ),
  outbox: entry(
    "List the mails of compliance requests, show one, send it again, or cancel it",
    () => import("./commands/outbox.ts"),
  ),
  register: entry(
    "Write the record of processing activities (GDPR, article 30), with what is missing",
    () => import("./commands/register.ts"),
  ),
  "data-systems": entry(
    "Take over the data systems of a manifest of fideslang",
    () => import("./commands/dataSystems.ts"),
  ),
  scan: entry(
    "Visit pages with Chromium, and say what they load and keep before anyone has acted",
    () => import("./commands/scan.ts"),
  ),
  webhooks: entry(
    "Receive webhooks on this machine while you write a receiver, or send one a sample",
    () => import("./commands/webhooks.ts"),
  ),
}

/** The name of the subcommand that an invocation is of; `undefined` if its first word is not one. */
export const nameOf = (args: ReadonlyArray<string>): string | undefined => {
  const word = args.find((arg) => !arg.startsWith("-"))
  return word !== undefined && Object.hasOwn(all, word) ? word : undefined
}
