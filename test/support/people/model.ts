/**
 * A second statement of section 5 of the semantics: a log of claims, releases, joins and events, read from its
 * beginning for every question. It shares no code with the ledger. `resolving.ts` adds items, `changing.ts` the rest.
 *
 * People are `person 0`, `person 1`, …; an identifier is a text such as `userId u` or `projectUserId p x`.
 */
import type { ConsentState } from "../../../core/engine/ConsentState.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import * as Oracle from "../oracle.ts"

/** The kinds of identifiers other than `concordId`, the strongest first. */
export const kinds = ["userId", "projectUserId", "email", "phoneNumber"] as const
export type Kind = (typeof kinds)[number]

/** The kind and the value; of a `projectUserId` the project between them. */
export type Identifier = `${Exclude<Kind, "projectUserId">} ${string}` | `projectUserId ${string} ${string}`

export const kindOf = (identifier: Identifier): Kind => identifier.split(" ")[0] as Kind
export const isAccount = (identifier: Identifier): boolean => /^(?:userId|projectUserId) /.test(identifier)

/** The project of a `projectUserId`. */
export const projectOf = (identifier: Identifier): string | undefined =>
  kindOf(identifier) === "projectUserId" ? identifier.split(" ")[1] : undefined

/** Whether a person has at most one of the two: both are of one kind, and of one project where the kind has one. */
export const isOneOf = (one: Identifier, other: Identifier): boolean =>
  kindOf(one) === kindOf(other) && projectOf(one) === projectOf(other)

/** Whether two accounts count in one project: a `userId` counts in each, a `projectUserId` in its own. */
export const countTogether = (one: Identifier, other: Identifier): boolean =>
  projectOf(one) === undefined || projectOf(other) === undefined || projectOf(one) === projectOf(other)

/** Whether an item or a question of a project can have an identifier. */
export const isOf = (project: string, identifier: Identifier): boolean => (projectOf(identifier) ?? project) === project

interface Claimed {
  readonly kind: "claimed"
  readonly identifier: Identifier
  readonly person: string
}

interface Released {
  readonly kind: "released"
  readonly identifier: Identifier
  readonly isRenamed: boolean
}

/** Two people are one from now on. */
export interface Joined {
  readonly kind: "joined"
  readonly id: string
  readonly people: readonly [string, string]
}

interface Undone {
  readonly kind: "undone"
  readonly join: string
}

/** People are erased, and what named them with them. */
interface Erased {
  readonly kind: "erased"
  readonly people: ReadonlyArray<string>
}

/** An event, with the number of the item that it was recorded by. */
export interface ModelEvent {
  readonly kind: "event"
  readonly id: string
  readonly person: string
  readonly project: string
  readonly type: string
  readonly consentState: ConsentState
  readonly consentDate: Instant
  readonly item: number
}

/** Each entry of the log has the instant at which it was recorded. */
export type Entry = { readonly dateCreated: Instant } & (Claimed | Released | Joined | Undone | Erased | ModelEvent)

/** An item that may be sent again by its external id, and what it was recorded as. */
export interface Kept {
  readonly item: Item
  readonly recorded: Recorded
}

export interface Model {
  readonly log: Array<Entry>
  /** By external id. */
  readonly kept: Map<string, Kept>
  people: number
  items: number
  /** The clauses of the section that this model leaves out; only to show that a law needs them. */
  readonly without: ReadonlySet<Clause>
}

/** An item to record. */
export interface Item {
  readonly project: string
  readonly concordId?: string
  /** At most one of each kind, the strongest first. */
  readonly identifiers: ReadonlyArray<Identifier>
  readonly type: string
  readonly consentState: ConsentState
  readonly consentDate?: Instant
  readonly externalId?: string
}

/** The events of an item, that of the strongest identifier first, and the contact points that were left out. */
export interface Recorded {
  readonly events: ReadonlyArray<ModelEvent>
  readonly leftOut: ReadonlyArray<Identifier>
}

/** The clauses that can be left out. */
export type Clause =
  | "two people are a conflict"
  | "another account of the kind is a conflict"
  | "an account that was held is a conflict"
  | "a date before the release is a conflict"
  | "a refusal counts for everyone named"
  | "a refusal counts for those named before the release"
  | "a refusal gives a new account a person of its own"
  | "a refusal claims no identifier released after its date"
  | "two accounts are never joined"
  | "events belong to the member that is named"
  | "a contact point that names another is left out"
  | "everyone joined is erased"
  | "those joined before are not erased"
  | "an erased person is not seen from then on"
  | "what was known before an erasure stays known"
  | "what named an erased person names no one"
  | "an erased concordId names no one"

export const make = (without: ReadonlyArray<Clause> = []): Model => ({
  log: [],
  kept: new Map(),
  people: 0,
  items: 0,
  without: new Set(without),
})

/** A model that had only the first entries of the log. */
export const until = (model: Model, length: number): Model => ({ ...model, log: model.log.slice(0, length) })

export const copy = (model: Model): Model => ({ ...model, log: [...model.log], kept: new Map(model.kept) })

/** Makes a model what another one is. */
export const restore = (model: Model, { items, kept, log, people }: Model): void => {
  model.log.splice(0, model.log.length, ...log)
  model.kept.clear()
  for (const [key, each] of kept) model.kept.set(key, each)
  Object.assign(model, { items, people })
}

export const newPerson = (model: Model): string => `person ${model.people++}`

const known = ({ log }: Model, knownAt: Instant): ReadonlyArray<Entry> =>
  log.filter(({ dateCreated }) => dateCreated <= knownAt)

/** The people that are erased. */
export const erased = (model: Model, knownAt: Instant = Infinity): ReadonlySet<string> =>
  new Set(known(model, knownAt).flatMap((entry) => (entry.kind === "erased" ? entry.people : [])))

/** The people that no identifier names, whatever the instant of the question. */
const unnamed = (model: Model): ReadonlySet<string> =>
  model.without.has("what named an erased person names no one") ? new Set() : erased(model)

/** The person that an identifier names. */
export const named = (model: Model, identifier: Identifier, knownAt: Instant = Infinity): string | undefined => {
  const gone = unnamed(model)
  let person: string | undefined
  for (const entry of known(model, knownAt)) {
    if (entry.kind === "claimed" && entry.identifier === identifier) {
      person = gone.has(entry.person) ? undefined : entry.person
    }
    if (entry.kind === "released" && entry.identifier === identifier) person = undefined
  }
  return person
}

/** Everyone that is one with a person. */
export const group = (model: Model, person: string, knownAt: Instant = Infinity): ReadonlySet<string> => {
  const entries = known(model, knownAt)
  const undone = new Set(entries.flatMap((entry) => (entry.kind === "undone" ? [entry.join] : [])))
  const everyone = new Set([person])
  for (const each of everyone) {
    for (const entry of entries) {
      if (entry.kind !== "joined" || undone.has(entry.id) || !entry.people.includes(each)) continue
      for (const other of entry.people) everyone.add(other)
    }
  }
  return everyone
}

/** A person that an identifier named for a while. `end`: the instant of the release, `Infinity` while it does. */
export interface Holding {
  readonly identifier: Identifier
  readonly person: string
  readonly end: Instant
  readonly isRenamed: boolean
}

/** The people that each identifier named, and until when. */
export const holdings = (model: Model): ReadonlyArray<Holding> => {
  const { log } = model
  const gone = unnamed(model)
  return log.flatMap((entry, index) => {
    if (entry.kind !== "claimed" || gone.has(entry.person)) return []
    const { identifier, person } = entry
    const end = log.slice(index).find((later) => later.kind === "released" && later.identifier === identifier)
    const isRenamed = end?.kind === "released" && end.isRenamed
    return [{ identifier, person, end: end?.dateCreated ?? Infinity, isRenamed }]
  })
}

/** The accounts that someone of a group has or had; a renamed one does not count. */
export const accountsOf = (model: Model, people: ReadonlySet<string>): ReadonlyArray<Identifier> =>
  holdings(model)
    .filter(({ identifier, isRenamed, person }) => isAccount(identifier) && !isRenamed && people.has(person))
    .map(({ identifier }) => identifier)

/** The instant of the last release of an identifier; a rename releases the old one. */
export const lastRelease = (model: Model, identifier: Identifier): Instant | undefined =>
  holdings(model).findLast((each) => each.identifier === identifier && each.end < Infinity)?.end

export const eventsIn = ({ log }: Model): ReadonlyArray<ModelEvent & Entry> =>
  log.filter((entry) => entry.kind === "event")

/** A question: an identifier or a person, the project and the type. Instants default to the end of time. */
export interface Question {
  readonly by: { readonly identifier: Identifier } | { readonly person: string }
  readonly project: string
  readonly type: string
  readonly at?: Instant
  readonly knownAt?: Instant
}

/** Whether a person is erased, as known at an instant. */
const isErased = (model: Model, person: string, knownAt: Instant): boolean => {
  if (model.without.has("an erased person is not seen from then on")) return false
  const isAlways = model.without.has("what was known before an erasure stays known")
  return erased(model, isAlways ? Infinity : knownAt).has(person)
}

/** The events of a type of a person and everyone that it is one with, whatever their date, erased or not. */
const heldOf = (model: Model, person: string, { knownAt = Infinity, project, type }: Omit<Question, "by">) => {
  const members = group(model, person, knownAt)
  return eventsIn(model).filter(
    (event) =>
      members.has(event.person) && event.dateCreated <= knownAt && event.project === project && event.type === type,
  )
}

/** The events that count for a question, whatever their date. */
export const eventsOf = (model: Model, question: Question) => {
  const { by, knownAt = Infinity, project } = question
  const person = "person" in by ? by.person : named(model, by.identifier, knownAt)
  if (person === undefined || ("identifier" in by && !isOf(project, by.identifier))) return []
  return heldOf(model, person, question).filter((event) => !isErased(model, event.person, knownAt))
}

/** The events that are listed of a person: an erasure keeps them. */
export const listed = (model: Model, person: string, question: Omit<Question, "by">) => heldOf(model, person, question)

/** The answer, for a type without versions and rules of its own. */
export const answer = (model: Model, question: Question): Oracle.Answer => {
  const { at = Infinity, knownAt = Infinity, type } = question
  const events = eventsOf(model, question).map((event): Oracle.Draft => ({
    ...event,
    concordId: event.person,
    consentType: type,
    version: 1,
    consentAction: "import",
  }))
  return Oracle.answer({ events, type: { id: type, rules: {}, versions: [] }, rules: {}, at, knownAt })
}
