/**
 * `assent outbox`: the mails of compliance requests. Only `show` prints what is personal: the address, and the code of
 * a mail that has one.
 */
import { Effect, Option } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import { mailStates } from "../../../core/compliance/MailState.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import * as Mails from "../../../core/outbox/Mails.ts"
import type { ListedMail } from "../../../core/ports/OutboxStore.ts"
import * as Output from "../Output.ts"
import * as ProjectFlag from "../ProjectFlag.ts"
import * as Table from "../Table.ts"

/** The exit code if a mail failed. */
const notDone = 2

/** The most mails that `list` writes. */
const maxListed = 1000

const json = Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write the outcome as JSON"))

const listFlags = {
  ...ProjectFlag.flags,
  state: Flag.Literals("state", mailStates).pipe(
    Flag.optional,
    Flag.withDescription("Only those in this state; left out: all"),
  ),
  request: Flag.String("request").pipe(
    Flag.withMetavar("<id>"),
    Flag.optional,
    Flag.withDescription("Only those of this compliance request"),
  ),
  json,
}

const itemOf = ({ createdAt, dueAt, endedAt, endsAt, id, outcome, request, state, template, tries }: ListedMail) => ({
  id,
  complianceRequestId: request,
  template,
  state,
  ...(outcome !== undefined && { outcome }),
  tries,
  dateCreated: Instant.format(createdAt),
  ...(state === "waiting" && { dueAt: Instant.format(dueAt), endsAt: Instant.format(endsAt) }),
  ...(endedAt !== undefined && { endedAt: Instant.format(endedAt) }),
})

/** An instant to the second, for people. */
const timeOf = (at: Instant.Instant): string => `${Instant.format(at).slice(0, 19).replace("T", " ")}Z`

/** What is next, or what has been: one column. */
const whenOf = ({ dueAt, endedAt, state }: ListedMail): string =>
  state === "waiting" ? `next ${timeOf(dueAt)}` : endedAt === undefined ? "" : timeOf(endedAt)

const listAsText = (mails: ReadonlyArray<ListedMail>): string => {
  if (mails.length === 0) return "no mails"
  const rows = mails.map((mail) => [
    mail.id,
    mail.template,
    mail.state,
    mail.outcome ?? "",
    String(mail.tries),
    whenOf(mail),
  ])
  const more = mails.length === maxListed ? `\n… the newest ${Table.count(maxListed)}` : ""
  return `${Table.write(["mail", "template", "state", "outcome", "tries", "when"], rows)}${more}`
}

const listOf = Effect.fnUntraced(function* (
  { project }: ProjectScope,
  { request, state }: { readonly request: Option.Option<string>; readonly state: Option.Option<ListedMail["state"]> },
) {
  const { mails } = yield* Ledger
  const filter = {
    ...(Option.isSome(state) && { state: state.value }),
    ...(Option.isSome(request) && { request: request.value.toLowerCase() }),
  }
  return yield* mails.list([project], filter, undefined, maxListed)
})

const list = Command.make(
  "list",
  listFlags,
  Effect.fnUntraced(function* (given) {
    const mails = yield* ProjectFlag.withProject(given, (scope) => listOf(scope, given))
    const shown = JSON.stringify({ items: mails.map(itemOf) }, undefined, 2)
    yield* Output.write(`${given.json ? shown : listAsText(mails)}\n`)
    if (mails.some(({ state }) => state === "failed")) {
      yield* Effect.sync(() => {
        process.exitCode = notDone
      })
    }
  }),
).pipe(
  Command.withDescription("List the mails and the tasks of a project, the newest first; ends with 2 if one failed"),
  Command.withExamples([{ command: "assent outbox list --state failed", description: "What to look after" }]),
)

const idFlags = {
  id: Argument.String("id").pipe(Argument.withDescription("The id of the mail")),
  ...ProjectFlag.flags,
  json,
}

const noSuchMail = new CliError.ValidationError({ message: "the project has no such mail" })

const headOf = (mail: ListedMail): string =>
  [mail.id, mail.template, mail.state, mail.outcome ?? "", whenOf(mail)].filter((text) => text !== "").join("  ")

const showAsText = ({ task, words, ...mail }: Mails.ShownMail): string => {
  const head = `${headOf(mail)}\nof request ${mail.request}`
  if (task !== undefined) return [head, `To: data system ${task.dataSystem}`, "", task.body].join("\n")
  if (words === undefined) return `${head}\n\nwhat it said is not kept any more`
  return [head, "", `To: ${words.to}`, `Subject: ${words.subject}`, "", words.text].join("\n")
}

const show = Command.make(
  "show",
  idFlags,
  Effect.fnUntraced(function* (given) {
    const found = yield* ProjectFlag.withProject(given, ({ project }) =>
      Effect.flatMap(Ledger, ({ mails }) => mails.show([project], given.id.toLowerCase())),
    )
    if (Option.isNone(found)) return yield* noSuchMail
    const { task, words, ...mail } = found.value
    const said = words && { to: words.to, subject: words.subject, text: words.text }
    const shown = JSON.stringify({ ...itemOf(mail), ...said, ...task }, undefined, 2)
    yield* Output.write(`${given.json ? shown : showAsText(found.value)}\n`)
  }),
).pipe(
  Command.withDescription(
    "Show a mail with its address and its words, and the code that may be in it; of a task, what is sent",
  ),
)

/** A command that changes one mail. */
const changing = (name: "retry" | "cancel" | "bounced", doneOf: (mail: ListedMail) => string, description: string) =>
  Command.make(
    name,
    idFlags,
    Effect.fnUntraced(function* (given) {
      const id = given.id.toLowerCase()
      const outcome = yield* ProjectFlag.withProject(given, ({ project }) =>
        Effect.flatMap(Ledger, ({ mails }) =>
          name === "retry" ? mails.retry([project], id) : mails[name]([project], id, "engine"),
        ),
      )
      if (outcome._tag === "NotFound") return yield* noSuchMail
      if (outcome._tag === "MailRefused") {
        return yield* new CliError.ValidationError({ message: Mails.refusals[outcome.code] })
      }
      const { mail } = outcome
      const text = given.json ? JSON.stringify(itemOf(mail), undefined, 2) : `${doneOf(mail)}: ${headOf(mail)}`
      yield* Output.write(`${text}\n`)
    }),
  ).pipe(Command.withDescription(description))

/** What the note of a mail that came back has done. */
const bouncedOf = ({ outcome, state }: ListedMail): string =>
  outcome === "bounced"
    ? "noted"
    : `nothing is noted, because the mail ${state === "failed" ? "failed" : "was cancelled"} before`

/** The command. */
export const command = Command.make("outbox").pipe(
  Command.withSubcommands([
    list,
    show,
    changing("retry", () => "waits again", "Have a mail that failed sent again"),
    changing("cancel", () => "cancelled", "Cancel a mail that waits or failed"),
    changing("bounced", bouncedOf, "Note that a mail came back, so that its request shows it"),
  ]),
)
