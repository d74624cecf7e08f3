/**
 * The lanes that an identity change concerns: those of the organization that count it, so that a version vector covers
 * it, and those of the projects that its people live in.
 */
import * as Lane from "../model/Lane.ts"
import type { Append } from "./EventStore.ts"
import type { IdentityChange, Joining } from "./PeopleStore.ts"

/**
 * The lanes that count an identity change, in ascending order: of the people in its facts, of the survivors whose
 * groups it changes, and of the hashes it releases.
 */
export const of = ({ facts, joining, organization, releases }: IdentityChange): ReadonlyArray<number> => {
  const keys = [
    ...facts.flatMap(({ member, survivor }) => [member, survivor]),
    ...(joining === undefined ? [] : survivorsOf(joining)),
    ...releases.map(({ hash }) => hash),
  ]
  return [...new Set(keys.map((key) => Lane.of(organization, key)))].toSorted((a, b) => a - b)
}

/** The lanes that count the facts of appends, in ascending order. */
export const ofAppends = (appends: ReadonlyArray<Pick<Append, "facts" | "organization">>): ReadonlyArray<number> => {
  const lanes = appends.flatMap(({ facts = [], organization }) =>
    facts.map(({ survivor }) => Lane.of(organization, survivor)),
  )
  return [...new Set(lanes)].toSorted((a, b) => a - b)
}

/** The survivors whose groups change, each once. */
export const survivorsOf = ({ dissolved, groups }: Joining): ReadonlyArray<string> => [
  ...new Set([...dissolved, ...groups.map(({ survivor }) => survivor)]),
]

/** The lanes that people live in, in each of the projects, in ascending order. */
export const inProjects = (projects: ReadonlyArray<Lane.Owner>, people: Iterable<string>): ReadonlyArray<number> => {
  const lanes = new Set<number>()
  for (const person of people) for (const project of projects) lanes.add(Lane.of(project, person))
  return [...lanes].toSorted((a, b) => a - b)
}
