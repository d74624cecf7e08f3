/**
 * Which person each identifier names, computed a second time from the changes that the store kept, in their order.
 */
import { Effect } from "effect"
import type { Instant } from "../../../core/engine/Instant.ts"
import type { Alias, Fact, Identifiers } from "../../../core/model/People.ts"
import type { Played } from "./history.ts"

/** A time during which an identifier named a person. */
export interface Named extends Pick<Alias, "hash" | "kind"> {
  readonly concordId: string
  /** The turn and the request of the claim, and its instant. */
  readonly from: number
  readonly request: string
  readonly claimedAt: Instant
  /** The turn and the instant of the release; infinite while there is none. */
  to: number
  releasedAt: Instant
  isRenamed: boolean
}

/** Everything that identifiers ever named, in the order of the claims. */
export const ever = ({ commits }: Pick<Played, "commits">): ReadonlyArray<Named> => {
  const all: Array<Named> = []
  const open = new Map<string, Named>()
  for (const commit of commits) {
    if (commit.kind === "catalog.change") continue
    const { request, turn } = commit
    for (const { dateCreated = -Infinity, hash, isRenamed } of commit.kind === "people.change"
      ? commit.change.releases
      : []) {
      const released = open.get(hash)
      if (released !== undefined) Object.assign(released, { to: turn, releasedAt: dateCreated, isRenamed })
      open.delete(hash)
    }
    for (const { concordId, dateCreated, hash, kind } of commit.change.claims) {
      if (open.get(hash)?.concordId === concordId) continue
      const claimed = { hash, kind, concordId, from: turn, request, claimedAt: dateCreated }
      const named = { ...claimed, to: Infinity, releasedAt: Infinity, isRenamed: false }
      all.push(named)
      open.set(hash, named)
    }
  }
  return all
}

/** Whether it was so at the end of a turn. */
export const isAt = ({ from, to }: Named, turn: number): boolean => from <= turn && turn < to

/** Whether it was so as known at an instant. */
export const isKnownAt = ({ claimedAt, releasedAt }: Named, knownAt: Instant): boolean =>
  claimedAt <= knownAt && knownAt < releasedAt

/** An identifier of a request: a `concordId` has no hash, and names itself. */
export interface Mention {
  readonly kind: keyof Identifiers
  readonly hash: string | undefined
  readonly concordId: string | undefined
}

/** The identifiers of a request, the strongest first. */
export const mentionsOf = ({ ledger, site }: Played, identifiers: Identifiers): ReadonlyArray<Mention> =>
  (["concordId", "userId", "projectUserId", "email"] as const).flatMap((kind): ReadonlyArray<Mention> => {
    const value = identifiers[kind]
    if (value === undefined) return []
    if (kind === "concordId") return [{ kind, hash: undefined, concordId: value }]
    const found = Effect.runSync(ledger.find(site, { [kind]: value }))
    return [{ kind, hash: found._tag === "Found" ? found.alias : undefined, concordId: undefined }]
  })

/** The facts that were kept until the end of a turn. */
export const factsUntil = ({ commits }: Pick<Played, "commits">, until: number): ReadonlyArray<Fact> =>
  commits.flatMap((commit) =>
    commit.kind === "catalog.change" || commit.turn > until ? [] : (commit.change.facts ?? []),
  )
