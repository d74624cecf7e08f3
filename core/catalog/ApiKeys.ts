/**
 * API keys: the secret is told once, only its hash is kept, and a revoked key opens nothing from that moment.
 */
import { Clock, Effect, Option } from "effect"
import type { ApiKey, Catalog, Organization, ProjectRole } from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Role } from "../model/Role.ts"
import * as CatalogChange from "./CatalogChange.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type * as Idempotency from "../ledger/Idempotency.ts"
import * as Secrets from "../people/Secrets.ts"
import * as Sha256 from "../ledger/Sha256.ts"

/** What a key is made with. */
export interface KeyFields {
  readonly name: string
  readonly role: Role
  readonly permissions: ReadonlyArray<ProjectRole>
  readonly expiresAt?: Instant
}

/** A key just made: the only time its secret is told. */
export interface CreatedKey {
  readonly apiKey: ApiKey
  readonly secret: string
}

/** A use within this long of the last noted one is not noted: it spares a write for every request. */
const useGranularityMillis = 60_000

/** A new key of an organization; `by` is whose key the secret of a request that may come again is made with. */
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

/** The secret that a repeated request is answered with, for the key it made. */
export const secretAgain = (
  organization: Organization,
  id: string,
  idempotency: Idempotency.IdempotentRequest,
  context: LedgerContext,
): Effect.Effect<string> =>
  Effect.map(Secrets.make("api key", id, organization, idempotency, context), (secret) => `assent_${secret}`)

/** Why permissions cannot be: a project is another's, or named twice, so that nobody could tell which role it gives. */
const wrongPermissions = (
  catalog: Catalog,
  organization: Organization,
  permissions: ReadonlyArray<ProjectRole> = [],
): CatalogChange.Refusal | undefined => {
  const ids = permissions.map(({ projectId }) => projectId)
  const faults = ids.flatMap((id, index): ReadonlyArray<CatalogChange.CatalogFault> => {
    const field = `permissions/${index}/projectId`
    if (catalog.projects.get(id)?.organization !== organization.id) {
      return [{ field, code: "unknown_project", detail: "the organization has no project with this id" }]
    }
    return ids.indexOf(id) === index
      ? []
      : [{ field, code: "repeated_project", detail: "has a role already; name each project once" }]
  })
  return faults.length === 0 ? undefined : { _tag: "Refused", faults }
}

/** The keys of an organization that are not revoked, in the order they were made. */
export const of = (catalog: Catalog, organization: Organization): ReadonlyArray<ApiKey> =>
  [...catalog.apiKeys.values()].filter((key) => key.organization === organization.id)

/** The key of an id, unless it is revoked. */
const find = (catalog: Catalog, organization: Organization, id: string): ApiKey | undefined =>
  of(catalog, organization).find((key) => key.id === id)

/** Whether the organization still has an owner's key that does not expire, without this one. */
const hasAnotherOwner = (catalog: Catalog, organization: Organization, id: string): boolean =>
  of(catalog, organization).some((key) => key.id !== id && key.role === "owner" && key.expiresAt === undefined)

const lastOwner = CatalogChange.conflict(
  "role",
  "last_owner",
  "the organization would have no key left that is an owner's for good; make another one first",
)

/** Makes a key. */
export const create = Effect.fnUntraced(function* (
  organization: Organization,
  fields: KeyFields,
  request: { readonly idempotency?: Idempotency.IdempotentRequest; readonly answer: (made: CreatedKey) => string },
  context: LedgerContext,
) {
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const refusal = wrongPermissions(catalog, organization, fields.permissions)
    if (refusal !== undefined) return refusal
    const value = yield* newKey(organization, organization.id, fields, request.idempotency, now, context)
    return { _tag: "Prepared", entries: { apiKeys: [value.apiKey] }, value } as CatalogChange.Prepared<CreatedKey>
  })
  return yield* CatalogChange.change({ owner: organization, ...request }, prepare, context)
})

/** A change of a key; `expiresAt: null` lets it last. */
export interface KeyChange extends Partial<Omit<KeyFields, "expiresAt">> {
  readonly expiresAt?: Instant | null
}

const changed = (before: ApiKey, { expiresAt, ...fields }: KeyChange, now: Instant): ApiKey => {
  const { expiresAt: until, ...rest } = before
  const next = expiresAt === undefined ? until : (expiresAt ?? undefined)
  return { ...rest, ...fields, dateUpdated: now, ...(next !== undefined && { expiresAt: next }) }
}

const replace = Effect.fnUntraced(function* (
  organization: Organization,
  id: string,
  next: (before: ApiKey, now: Instant) => ApiKey,
  permissions: ReadonlyArray<ProjectRole> | undefined,
  context: LedgerContext,
) {
  const prepare = (catalog: Catalog, now: Instant) =>
    Effect.sync((): CatalogChange.Prepared<ApiKey> | CatalogChange.Refusal => {
      const before = find(catalog, organization, id)
      if (before === undefined) return { _tag: "NotFound" }
      const refusal = wrongPermissions(catalog, organization, permissions)
      if (refusal !== undefined) return refusal
      const value = next(before, now)
      const isOwner = value.role === "owner" && value.expiresAt === undefined && value.revokedAt === undefined
      if (before.role === "owner" && !isOwner && !hasAnotherOwner(catalog, organization, id)) return lastOwner
      return { _tag: "Prepared", entries: { apiKeys: [value] }, value }
    })
  return yield* CatalogChange.change<ApiKey>({ owner: organization }, prepare, context)
})

/** Changes a key. */
export const update = (organization: Organization, id: string, change: KeyChange, context: LedgerContext) =>
  replace(organization, id, (before, now) => changed(before, change, now), change.permissions, context)

/** Revokes a key: it opens nothing any more. */
export const revoke = (organization: Organization, id: string, context: LedgerContext) =>
  replace(organization, id, (before, now) => ({ ...before, dateUpdated: now, revokedAt: now }), undefined, context)

/** The key of a secret, if it opens anything now; its use is noted. */
export const use = Effect.fnUntraced(function* (
  secret: string,
  noted: Map<string, Instant>,
  { digest, store }: Pick<LedgerContext, "digest" | "store">,
) {
  const hash = yield* Sha256.hex(digest, secret)
  const key = (yield* store.catalog.current).apiKeys.get(hash)
  const now = yield* Clock.currentTimeMillis
  if (key === undefined || (key.expiresAt !== undefined && key.expiresAt <= now)) return Option.none<ApiKey>()
  if ((noted.get(key.id) ?? -Infinity) + useGranularityMillis <= now) {
    noted.set(key.id, now)
    // A use that cannot be noted is no reason to refuse it.
    yield* Effect.ignore(store.catalog.useKey(key.id, now))
  }
  return Option.some(key)
})
