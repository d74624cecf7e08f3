/**
 * A fact of a compliance request in words, for a person that looks after requests.
 */
import type { Actor, ComplianceFact, FactKind } from "../../core/compliance/ComplianceFact.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Table from "./Table.ts"

/** The number of things, with their name. */
const counted = (count: number, one: string): string => `${Table.count(count)} ${one}${count === 1 ? "" : "s"}`

const words = (name: string): string => name.replaceAll("_", " ")

/** An instant to the second, in UTC. */
export const time = (at: Instant.Instant): string => `${Instant.format(at).slice(0, 19).replace("T", " ")}Z`

/** What API keys and data systems are called, by their ids. What is not there is shown by its id. */
export type Names = ReadonlyMap<string, string>

/** What caused a fact. */
export const actor = (by: Actor, names: Names): string => {
  const [kind = "", id = ""] = by.split(":", 2)
  if (kind === "key" || kind === "connector") return `${kind} ${names.get(id) ?? id}`
  return kind === "engine" ? "Assent" : kind
}

const identities = {
  needed: "identity is to be shown",
  not_needed: "identity is not needed",
  preverified: "identity was shown before",
} as const

const failures = {
  wrong: "the code was wrong",
  expired: "the code had expired",
  spent: "the code was used or replaced before",
  shared: "the address is that of several accounts",
} as const

const methods = {
  email: "by the code or link of a mail",
  token: "by an identity token",
  staff: "by staff",
  preverified: "before the request was made",
} as const

const outcomes = {
  sent: "was sent",
  failed: "failed",
  bounced: "came back",
  cancelled: "was cancelled",
} as const

const sendings = {
  sent: "was handed to its connector",
  failed: "could not be handed to its connector",
  cancelled: "is not handed to its connector any more",
} as const

type Fact<Kind extends FactKind> = Extract<ComplianceFact, { readonly kind: Kind }>

const opened = ({ channel, clock, domain, identity, language, receivedOn, request }: Fact<"opened">): string => {
  const where = channel === "site" ? `on ${domain ?? "a site"}` : "by a server"
  return `opened ${where}: ${words(request)}, received ${receivedOn}, ${clock}, language ${language}; ${identities[identity]}`
}

const attached = ({ file, origin, size, type }: Fact<"file_attached">): string =>
  `attached ${origin === "package" ? "the access package" : "a file"}: ${counted(size, "byte")}, ${type}, file ${file}`

const erased = ({ erasure, ground, remaining, scope }: Fact<"erased">): string => {
  if (scope === "held") {
    const why = ground === undefined ? "" : `, on the ground ${words(ground)}`
    return `erased the person but for its identifiers${why} (erasure ${erasure})`
  }
  const stays = "what is personal of its requests stays until they and their mails have ended"
  const left =
    remaining.length === 0 ? "nothing is left" : `${stays} (--json names ${counted(remaining.length, "column")})`
  return `erased the person (erasure ${erasure}); ${left}`
}

const noted = ({ by }: Fact<"noted">): string =>
  by.startsWith("connector:") ? "said how far its task is (--personal shows it)" : "wrote a note"

type NameOf = (id: string) => string

const sayings: { readonly [Kind in FactKind]: (fact: Fact<Kind>, nameOf: NameOf) => string } = {
  opened,
  verification_sent: ({ expiresAt }) => `had a code sent, which counts until ${time(expiresAt)}`,
  verification_failed: ({ why }) => `did not show identity: ${failures[why]}`,
  verified: ({ method }) => `identity was shown ${methods[method]}`,
  acknowledged: () => "took the request on",
  clarification_asked: () => "asked the requester a question",
  clarified: ({ by }) => (by === "requester" ? "answered the question" : "noted that the question is answered"),
  extended: () => "extended the time for the answer",
  task_added: ({ dataSystem }, nameOf) => `added a task for the data system ${nameOf(dataSystem)}`,
  task_done: ({ dataSystem, result }, nameOf) =>
    `the task of the data system ${nameOf(dataSystem)} is done: ${words(result)}`,
  task_undone: ({ dataSystem }, nameOf) => `the task of the data system ${nameOf(dataSystem)} is open again`,
  task_sent: ({ dataSystem, outcome }, nameOf) =>
    `the task of the data system ${nameOf(dataSystem)} ${sendings[outcome]}`,
  file_attached: attached,
  file_removed: ({ file }) => `removed the file ${file}`,
  file_downloaded: ({ file }) => `downloaded the file ${file}`,
  files_purged: () => "removed all files, because their time is over",
  opted_out: ({ events, types }) =>
    `recorded the opt-out: ${counted(types, "consent type")}, ${counted(events, "event")}`,
  packaged: ({ file }) => `built the access package, file ${file}`,
  corrected: ({ fields }) => `corrected the profile: ${fields.join(", ")}`,
  erased,
  noted,
  mailed: ({ mail, outcome, text }) => `the mail ${text} ${outcomes[outcome]} (mail ${mail})`,
  resolved: ({ denialGround, resolutionStatus }) =>
    `resolved the request: ${words(resolutionStatus)}${denialGround === undefined ? "" : `, ${words(denialGround)}`}`,
  reopened: () => "opened the request again",
  reminded: ({ dueOn, of }) => `reminded staff: the answer ${of === "overdue" ? "was" : "is"} due on ${dueOn}`,
  lapsed: () => "the request lapsed, because identity was not shown in time",
  purged: ({ scope }) => (scope === "files" ? "removed the files" : "removed everything personal of the request"),
}

/** What a fact says. */
export const said = (fact: ComplianceFact, names: Names): string =>
  // Each kind has the saying of its own facts.
  (sayings[fact.kind] as (of: ComplianceFact, nameOf: NameOf) => string)(fact, (id) => names.get(id) ?? id)
