/**
 * The lanes of an organization that count identity changes, so that a version vector covers them.
 */
import * as Lane from "../model/Lane.ts"
import type { IdentityChange } from "./PeopleStore.ts"

/**
 * The lanes that count an identity change, in ascending order: of the people in its facts, and of the hashes it
 * releases.
 */
export const of = ({ facts, organization, releases }: IdentityChange): ReadonlyArray<number> => {
  const keys = [...facts.flatMap(({ member, survivor }) => [member, survivor]), ...releases]
  return [...new Set(keys.map((key) => Lane.of(organization, key)))].toSorted((a, b) => a - b)
}
