/**
 * API keys: the secret is returned once, only its hash is kept, and a revoked key is refused from the next request on.
 */
import { Clock, Effect, Option } from "effect"
import type { ApiKey, Catalog, Organization, ProjectRole } from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Role } from "../model/Role.ts"
import * as CatalogChange from "./CatalogChange.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type * as Idempotency from "../ledger/Idempotency.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Secrets from "../people/Secrets.ts"
import * as Sha256 from "../ledger/Sha256.ts"

/** The members of a key that a request sets. */
export interface KeyFields {
  readonly name: string
  readonly role: Role
  readonly permissions: ReadonlyArray<ProjectRole>
  readonly expiresAt?: Instant
}

/** A new key; its secret is returned only here. */
export interface CreatedKey {
  readonly apiKey: ApiKey
  readonly secret: string
}

/** A use within this time of the last noted one is not noted, which saves a write for every request. */
const useGranularityMillis = 60_000

/**
 * A new key of an organization, not kept yet. The secret of an idempotent request is derived with the key of the
 * organization `by`.
 */
export const newKey = Effect.fnUntraced(function* (
  by: Organization,
  organizationId: string,
  fields: KeyFields,
  idempotency: Idempotency.IdempotentRequest | undefined,
  now: Instant,
  context: Pick<LedgerContext, "digest" | "hasherOf" | "random">,
) {
  const id = yield* context.random.uuidV7()
  const secret = `assent_${yield* Secrets.make("api key", id, by, idempotency, context)}`
  const apiKey: ApiKey = {
    ...fields,
    id,
    organization: organizationId,
    secretHash: yield* Sha256.hex(context.digest, secret),
    dateCreated: now,
    dateUpdated: now,
  }
  return { apiKey, secret } satisfies CreatedKey
})

/** The secret with which a repeated request to create a key is answered; `id` is the id of the key it created. */
export const secretAgain = (
  organization: Organization,
  id: string,
  idempotency: Idempotency.IdempotentRequest,
  context: LedgerContext,
): Effect.Effect<string, StoreUnavailable> =>
  Effect.map(Secrets.make("api key", id, organization, idempotency, context), (secret) => `assent_${secret}`)

/**
 * The faults of permissions: for a project of another organization, or for one project twice, because its role would
 * be ambiguous.
 */
const permissionFaults = (
  catalog: Catalog,
  organization: Organization,
  permissions: ReadonlyArray<ProjectRole> = [],
): ReadonlyArray<CatalogChange.CatalogFault> => {
  const ids = permissions.map(({ projectId }) => projectId)
  return ids.flatMap((id, index): ReadonlyArray<CatalogChange.CatalogFault> => {
    const field = `permissions/${index}/projectId`
    if (catalog.projects.get(id)?.organization !== organization.id) {
      return [{ field, code: "unknown_project", detail: "the organization has no project with this id" }]
    }
    return ids.indexOf(id) === index
      ? []
      : [{ field, code: "repeated_project", detail: "has a role already; name each project once" }]
  })
}

/** The keys of an organization that are not revoked, in the order in which they were created. */
export const of = (catalog: Catalog, organization: Organization): ReadonlyArray<ApiKey> =>
  [...catalog.apiKeys.values()].filter((key) => key.organization === organization.id)

/** The key of an id, unless it is revoked. */
const find = (catalog: Catalog, organization: Organization, id: string): ApiKey | undefined =>
  of(catalog, organization).find((key) => key.id === id)

/** Whether the organization has another key of the role `owner` that does not expire. */
const hasAnotherOwner = (catalog: Catalog, organization: Organization, id: string): boolean =>
  of(catalog, organization).some((key) => key.id !== id && key.role === "owner" && key.expiresAt === undefined)

const expired: CatalogChange.CatalogFault = {
  field: "expiresAt",
  code: "expires_in_past",
  detail: "must be after now, because nothing could use the key",
}

const lastOwner = CatalogChange.conflict(
  "role",
  "last_owner",
  "the organization would have no key left that is an owner's for good; make another one first",
)

/** Creates a key. */
export const create = Effect.fnUntraced(function* (
  organization: Organization,
  fields: KeyFields,
  answering: CatalogChange.Answering<CreatedKey>,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<CreatedKey>, StoreUnavailable> {
  const isExpired = fields.expiresAt !== undefined && fields.expiresAt <= (yield* Clock.currentTimeMillis)
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const faults = [...permissionFaults(catalog, organization, fields.permissions), ...(isExpired ? [expired] : [])]
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    const value = yield* newKey(organization, organization.id, fields, answering.idempotency, now, context)
    return { _tag: "Prepared", entries: { apiKeys: [value.apiKey] }, value } as CatalogChange.Prepared<CreatedKey>
  })
  return yield* CatalogChange.change({ owner: organization, ...answering }, prepare, context)
})

/** Changed members of a key; `expiresAt: null` means that it does not expire any more. */
export interface KeyChange extends Partial<Omit<KeyFields, "expiresAt">> {
  readonly expiresAt?: Instant | null
}

const changed = (before: ApiKey, { expiresAt, ...fields }: KeyChange, now: Instant): ApiKey => {
  const { expiresAt: until, ...rest } = before
  const next = expiresAt === undefined ? until : (expiresAt ?? undefined)
  return { ...rest, ...fields, dateUpdated: now, ...(next !== undefined && { expiresAt: next }) }
}

/** A key that was changed or revoked, and when it was last used. */
export interface UsedKey {
  readonly apiKey: ApiKey
  readonly lastUsedAt: Instant | undefined
}

/** Replaces a key by its next state, unless no key of an owner would be left. */
const replace = Effect.fnUntraced(function* (
  organization: Organization,
  id: string,
  next: (before: ApiKey, now: Instant) => ApiKey,
  permissions: ReadonlyArray<ProjectRole> | undefined,
  answering: CatalogChange.Answering<UsedKey>,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<UsedKey>, StoreUnavailable> {
  const lastUsedAt = (yield* context.store.catalog.keyUses).get(id)
  const prepare = (catalog: Catalog, now: Instant) =>
    Effect.sync((): CatalogChange.Prepared<UsedKey> | CatalogChange.RefusedChange => {
      const before = find(catalog, organization, id)
      if (before === undefined) return CatalogChange.notFound
      const faults = permissionFaults(catalog, organization, permissions)
      if (faults.length > 0) return CatalogChange.refusedFor(faults)
      const apiKey = next(before, now)
      const isOwner = apiKey.role === "owner" && apiKey.expiresAt === undefined && apiKey.revokedAt === undefined
      if (before.role === "owner" && !isOwner && !hasAnotherOwner(catalog, organization, id)) return lastOwner
      return CatalogChange.prepared({ apiKeys: [apiKey] }, { apiKey, lastUsedAt })
    })
  return yield* CatalogChange.change<UsedKey>({ owner: organization, ...answering }, prepare, context)
})

/**
 * Changes members of a key; an `expiresAt` that is not after now ends it at once. The last owner's key that does not
 * expire stays one.
 */
export const update = (
  organization: Organization,
  id: string,
  change: KeyChange,
  answering: CatalogChange.Answering<UsedKey>,
  context: LedgerContext,
) => replace(organization, id, (before, now) => changed(before, change, now), change.permissions, answering, context)

/** Revokes a key: it is refused from the next request on. */
export const revoke = (
  organization: Organization,
  id: string,
  answering: CatalogChange.Answering<UsedKey>,
  context: LedgerContext,
) =>
  replace(
    organization,
    id,
    (before, now) => ({ ...before, dateUpdated: now, revokedAt: now }),
    undefined,
    answering,
    context,
  )

/** The key of a secret, unless it has expired or is revoked. Notes its use. */
export const use = Effect.fnUntraced(function* (
  secret: string,
  { digest, notedKeyUses, store }: Pick<LedgerContext, "digest" | "notedKeyUses" | "store">,
): Effect.fn.Return<Option.Option<ApiKey>, StoreUnavailable> {
  const hash = yield* Sha256.hex(digest, secret)
  const key = (yield* store.catalog.current).apiKeys.get(hash)
  const now = yield* Clock.currentTimeMillis
  if (key === undefined || (key.expiresAt !== undefined && key.expiresAt <= now)) return Option.none()
  if ((notedKeyUses.get(key.id) ?? -Infinity) + useGranularityMillis <= now) {
    notedKeyUses.set(key.id, now)
    // A request is answered even if the use of its key cannot be noted.
    yield* Effect.ignore(store.catalog.useKey(key.id, now))
  }
  return Option.some(key)
})
