/**
 * Who is who, kept in memory: aliases, facts, profiles, and the proofs that were used.
 */
import * as Lane from "../../core/model/Lane.ts"
import type { Claim, Named } from "../../core/model/People.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { Kept, IdentityChange, Person, Positions } from "../../core/ports/LedgerStore.ts"

/** A person, but for how far its lane is. */
type Known = Omit<Person, "position">

const unchanged: Known = { revision: 0, isIdentified: false, facts: [] }
const key = (owner: Lane.Owner, id: string): string => `${Lane.of(owner, id)} ${id}`

/** Nobody is known yet. */
export const make = () => {
  const aliases = new Map<string, Named>()
  const people = new Map<string, Known>()
  const ends = new Map<number, number>()
  const profiles = new Map<string, string>()
  const proofs = new Set<string>()

  const known = (organization: Lane.Owner, concordId: string): Known =>
    people.get(key(organization, concordId)) ?? unchanged
  const endOf = (lane: number): number => ends.get(lane) ?? 0
  const get = (organization: Lane.Owner, concordId: string): Person => {
    const person = known(organization, concordId)
    return { ...person, position: person.facts.length === 0 ? 0 : endOf(Lane.of(organization, concordId)) }
  }
  const touch = (organization: Lane.Owner, concordId: string, over: Partial<Known>): void => {
    const before = known(organization, concordId)
    people.set(key(organization, concordId), { ...before, ...over, revision: before.revision + 1 })
  }
  const named = (organization: Lane.Owner, hash: string) => aliases.get(key(organization, hash))
  const isFree = (organization: Lane.Owner, { hash, concordId }: Claim): boolean =>
    (named(organization, hash)?.concordId ?? concordId) === concordId
  const claim = (organization: Lane.Owner, { kind, hash, concordId, dateCreated }: Claim): void => {
    if (named(organization, hash) === undefined) aliases.set(key(organization, hash), { concordId, dateCreated })
    if (kind !== "contextId") touch(organization, concordId, { isIdentified: true })
  }

  const release = (organization: Lane.Owner, hash: string): void => {
    const before = named(organization, hash)
    if (before === undefined) return
    aliases.delete(key(organization, hash))
    touch(organization, before.concordId, {})
  }

  const change = (change: IdentityChange): Kept | "used" => {
    const { organization, seen, claims, releases, facts, identityToken: proof } = change
    if (proof !== undefined && proofs.has(proof.hash)) return "used"
    const isStale = seen.some(({ concordId, revision }) => get(organization, concordId).revision !== revision)
    if (isStale || !claims.every((each) => isFree(organization, each))) return "stale"
    for (const hash of releases) release(organization, hash)
    for (const each of claims) claim(organization, each)
    for (const fact of facts) {
      for (const person of new Set([fact.member, fact.survivor])) {
        touch(organization, person, { facts: [...get(organization, person).facts, fact] })
      }
    }
    for (const lane of PeopleLanes.of(change)) ends.set(lane, endOf(lane) + 1)
    if (proof !== undefined) proofs.add(proof.hash)
    return "kept"
  }

  return {
    get,
    named,
    isFree,
    claim,
    change,
    ends: (lanes: ReadonlyArray<number>): Positions => new Map(lanes.map((lane) => [lane, endOf(lane)])),
    profile: (organization: Lane.Owner, concordId: string) => profiles.get(key(organization, concordId)),
    keepProfile: (organization: Lane.Owner, concordId: string, profile: string) =>
      void profiles.set(key(organization, concordId), profile),
  }
}
