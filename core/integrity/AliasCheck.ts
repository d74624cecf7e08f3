/**
 * Counts the identifiers that were recorded before kinds were kept, and not since, and finds the people that a
 * placeholder names. They are no findings: each identifier names its person as it did. One of unknown kind may be
 * another spelling of what normalization 2 makes of it; when it is recorded again, it is kept as now. A placeholder is
 * not recorded again, so it has to be released.
 */
import { Effect, Option } from "effect"
import type { Digest, Mac } from "effect/crypto"
import * as Identifiers from "../ledger/Identifiers.ts"
import * as OrganizationKey from "../ledger/OrganizationKey.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import * as AccountId from "../model/AccountId.ts"
import type { Organization, Project } from "../model/Catalog.ts"
import type { Keys } from "../ports/Keys.ts"
import type { Next } from "../ports/LedgerRows.ts"
import * as TableReader from "../transfer/TableReader.ts"
import type { Owners } from "./CatalogCheck.ts"

/** A person that is named by a placeholder, such as the `userId` `undefined`, or by the hash of one. */
export interface Placeholder {
  readonly organization: string
  readonly concordId: string
  readonly kind: (typeof organizationKinds | typeof projectKinds)[number]
  /** The placeholder; it identifies no one. */
  readonly value: string
  /** Only for a kind that is unique in a project. */
  readonly project?: string
}

/** What an earlier version kept in another way. */
export interface AliasReport {
  /**
   * The number of identifiers that were recorded before kinds were kept, and not since: their kind is not known, and
   * they are kept as normalization 1 spelled them.
   */
  readonly unknownKinds: number
  /** The people that are named by a placeholder: the first ones, up to a limit. */
  readonly placeholders: ReadonlyArray<Placeholder>
}

/** The hashers of identifiers are made of these. */
export interface Hashing {
  readonly digest: Digest.Digest["Service"]
  readonly mac: Mac.Mac["Service"]
  /** Without them placeholders are not looked for, because they are kept as hashes only. */
  readonly keys: Keys["Service"] | undefined
}

/** The most projects of an organization whose placeholders are looked for, because each has hashes of its own. */
const maxProjects = 1_000

/** The kinds that a placeholder, or the hash of one, was accepted as. */
const organizationKinds = ["userId", "email"] as const
const projectKinds = ["projectUserId", "contextId"] as const

type Hashes = ReadonlyMap<string, Omit<Placeholder, "concordId">>

const isOrganization = (owner: Organization | Project): owner is Organization => "identifierKey" in owner

/** The placeholders of the organizations whose first identifiers normalization 1 has hashed, by their hashes. */
export const placeholderHashes = Effect.fnUntraced(function* (
  { byNumber, projects }: Owners,
  { digest, keys, mac }: Hashing,
) {
  const hashes = new Map<string, Omit<Placeholder, "concordId">>()
  for (const owner of byNumber.values()) {
    if (!isOrganization(owner) || (owner.normalization ?? 1) >= Identifiers.normalizationVersion) continue
    const key = keys === undefined ? Option.none() : yield* Effect.option(OrganizationKey.open(owner, keys))
    if (Option.isNone(key)) continue
    const hasher = yield* Identifiers.hasher(mac, digest, owner, key.value)
    const own = [...projects.values()].filter(({ organization }) => organization === owner.id).slice(0, maxProjects)
    for (const value of AccountId.placeholders) {
      const sha256 = yield* Sha256.hex(digest, value)
      const note = Effect.fnUntraced(function* (kind: Placeholder["kind"], project: Pick<Project, "id">) {
        const { hash, project: scope } = yield* hasher.hashed(kind, sha256, project)
        hashes.set(hash, { organization: owner.id, kind, value, ...(scope !== undefined && { project: scope }) })
      })
      for (const kind of organizationKinds) yield* note(kind, { id: "" })
      for (const project of own) for (const kind of projectKinds) yield* note(kind, project)
    }
  }
  return hashes as Hashes
})

/** Reads the aliases. At most `maxListed` placeholders are listed. */
export const check = Effect.fnUntraced(function* (
  next: Next<"alias">,
  owners: Owners,
  hashing: Hashing,
  maxListed: number,
) {
  const hashes = yield* placeholderHashes(owners, hashing)
  const placeholders: Array<Placeholder> = []
  let unknownKinds = 0
  yield* TableReader.forEach(next, (rows) =>
    Effect.sync(() => {
      for (const { hash, kind, person } of rows) {
        if (kind === null) unknownKinds++
        const placeholder = hashes.get(hash)
        if (placeholder !== undefined && placeholders.length < maxListed) {
          placeholders.push({ ...placeholder, concordId: person })
        }
      }
    }),
  )
  return { unknownKinds, placeholders } satisfies AliasReport as AliasReport
})
