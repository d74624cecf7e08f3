/**
 * The catalog of a ledger that is upgraded: the owners of lanes, and the keys of organizations, which are wrapped from
 * then on.
 */
import { Effect, Result } from "effect"
import { Mac } from "effect/crypto"
import { Base64Url, Hex } from "effect/encoding"
import * as Catalog from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import type { RowBefore } from "../ports/TablesBefore.ts"
import type { UpgradeContext } from "./UpgradedParts.ts"

type Entry = RowBefore<"catalog_entry">

/** The owners of lanes, and how external ids are hashed. */
export interface UpgradeCatalog {
  /** The organization in whose lanes the people of a lane are: of a project's events, or of the organization itself. */
  readonly organizationOf: (lane: number) => Catalog.Organization
  readonly projectOf: (lane: number) => Catalog.Project
  readonly organizationOfProject: (id: string) => Catalog.Organization
  /** The hash of an external id of an event in a lane, and the lane of the hash. */
  readonly externalId: (
    lane: number,
    submitter: string,
    text: string,
  ) => Effect.Effect<{ readonly hash: string; readonly lane: number }>
}

const keyOf = (identifierKey: string): Uint8Array => Result.getOrThrow(Base64Url.decode(identifierKey))

const encoder = new TextEncoder()

/** Reads the entries of the earlier ledger. */
export const read = (entries: ReadonlyArray<Entry>, { mac }: Pick<UpgradeContext, "mac">): UpgradeCatalog => {
  const collector = Catalog.collector()
  for (const { body, kind } of entries) collector.add(kind as keyof Catalog.Entries, JSON.parse(body))
  const { organizations, projects } = collector.all()
  const byId = new Map(organizations.map((each) => [each.id, each]))
  const byNumber = new Map([
    ...organizations.map((each) => [each.number, each] as const),
    ...projects.map((each) => [each.number, byId.get(each.organization)!] as const),
  ])
  const projectsByNumber = new Map(projects.map((each) => [each.number, each]))
  const projectsById = new Map(projects.map((each) => [each.id, each]))
  const keys = new Map<string, Mac.Key>()
  const numberOf = (lane: number): number => Math.floor(lane / Lane.maxCount)
  const organizationOf = (lane: number) => byNumber.get(numberOf(lane))!
  const projectOf = (lane: number) => projectsByNumber.get(numberOf(lane))!
  const macKeyOf = Effect.fnUntraced(function* ({ id, identifierKey }: Catalog.Organization) {
    const known = keys.get(id)
    if (known !== undefined) return known
    const made = yield* Effect.orDie(Mac.key(Mac.hmacSha256, keyOf(identifierKey)))
    keys.set(id, made)
    return made
  })
  return {
    organizationOf,
    projectOf,
    organizationOfProject: (id) => byId.get(projectsById.get(id)!.organization)!,
    externalId: Effect.fnUntraced(function* (lane, submitter, text) {
      const key = yield* macKeyOf(organizationOf(lane))
      const signed = encoder.encode(["external id", submitter, text].join("\0"))
      const hash = Hex.encode(yield* Effect.orDie(mac.sign(key, signed)))
      return { hash, lane: Lane.of(projectOf(lane), hash) }
    }),
  }
}

const isOrganization = ({ kind }: Pick<Entry, "kind">): boolean =>
  kind === ("organizations" satisfies keyof Catalog.Entries)

/** Replaces the key of an organization in its entry; any other entry stays as it is. */
const withKey = <E>(entry: Entry, next: (key: Uint8Array) => Effect.Effect<Uint8Array, E>): Effect.Effect<Entry, E> =>
  isOrganization(entry)
    ? Effect.suspend(() => {
        const organization: Catalog.Organization = JSON.parse(entry.body)
        return Effect.map(next(keyOf(organization.identifierKey)), (key) => ({
          ...entry,
          body: JSON.stringify({ ...organization, identifierKey: Base64Url.encode(key) }),
        }))
      })
    : Effect.succeed(entry)

/** An entry of the earlier ledger as it is stored from then on. */
export const wrapped = (entry: Entry, { keys }: Pick<UpgradeContext, "keys">) =>
  withKey(entry, (key) => keys.wrap("root", key))

/** An entry of the new ledger as it was stored before. A key that does not open becomes an empty one. */
export const unwrapped = (entry: Entry, { keys }: Pick<UpgradeContext, "keys">) =>
  withKey(entry, (key) => Effect.map(keys.unwrap("root", key), (opened) => opened ?? new Uint8Array()))
