/** Changes of identity (semantics, section 5), stated a second time: releases, renames, identifications, undoing. */
import type { Instant } from "../../../core/engine/Instant.ts"
import { accountsOf, erased, group, type Identifier, type Joined, type Model, named, newPerson } from "./model.ts"

/** From now on the identifier names no one. */
export const release = (model: Model, identifier: Identifier, dateCreated: Instant): boolean => {
  if (named(model, identifier) === undefined) return false
  model.log.push({ kind: "released", identifier, isRenamed: false, dateCreated })
  return true
}

/** Gives an account another identifier. */
export const rename = (model: Model, from: Identifier, to: Identifier, dateCreated: Instant): boolean => {
  const person = named(model, from)
  if (person === undefined || named(model, to) !== undefined || from === to) return false
  model.log.push({ kind: "released", identifier: from, isRenamed: true, dateCreated })
  model.log.push({ kind: "claimed", identifier: to, person, dateCreated })
  return true
}

/** What became of an identification. */
export interface Identified {
  /** The person that the session goes on as. */
  readonly person: string
  readonly join: Joined | undefined
}

/** Identifies the person of a session by a proven identifier. */
export const identify = (model: Model, session: string, proven: Identifier, dateCreated: Instant): Identified => {
  const person = named(model, proven) ?? newPerson(model)
  if (named(model, proven) === undefined) model.log.push({ kind: "claimed", identifier: proven, person, dateCreated })
  const [own, other] = [group(model, session), group(model, person)]
  if (own.has(person)) return { person, join: undefined }
  const bothHave = [own, other].every((people) => accountsOf(model, people).length > 0)
  if (bothHave && !model.without.has("two accounts are never joined")) return { person, join: undefined }
  const join = { kind: "joined", id: `join ${model.log.length}`, people: [session, person] } as const
  model.log.push({ ...join, dateCreated })
  return { person, join }
}

/** Everyone that a person is or was one with. */
const everJoined = (model: Model, person: string): ReadonlySet<string> =>
  group({ ...model, log: model.log.filter(({ kind }) => kind !== "undone") }, person)

/** Erases a person with everyone that it is one with; nothing happens if it was erased before. */
export const erase = (model: Model, person: string, dateCreated: Instant): ReadonlyArray<string> => {
  if (erased(model).has(person)) return []
  const isAlone = model.without.has("everyone joined is erased")
  const isWide = model.without.has("those joined before are not erased")
  const people = isAlone ? [person] : [...(isWide ? everJoined(model, person) : group(model, person))]
  model.log.push({ kind: "erased", people, dateCreated })
  return people
}

/** Undoes a join. */
export const undo = (model: Model, { id }: Joined, dateCreated: Instant): void => {
  model.log.push({ kind: "undone", join: id, dateCreated })
}
