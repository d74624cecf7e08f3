/**
 * The lanes of an organization that count changes of who is who, so that positions can tell of them.
 */
import * as Lane from "../model/Lane.ts"
import type { IdentityChange } from "./LedgerStore.ts"

/** The lanes that count a change of who is who, in ascending order: of the people in its facts, and of the hashes it releases. */
export const of = ({ facts, organization, releases }: IdentityChange): ReadonlyArray<number> => {
  const keys = [...facts.flatMap(({ member, survivor }) => [member, survivor]), ...releases]
  return [...new Set(keys.map((key) => Lane.of(organization, key)))].toSorted((a, b) => a - b)
}
