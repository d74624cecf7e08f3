/**
 * API keys as JSON, as answers hold them.
 */
import type { ApiKey } from "../../../core/model/Catalog.ts"
import * as Instant from "../../../core/engine/Instant.ts"

/** A key without its secret. `lastUsedAt` is omitted for a key that was never used. */
export const json = (key: ApiKey, lastUsedAt: Instant.Instant | undefined) => ({
  id: key.id,
  organization: key.organization,
  name: key.name,
  role: key.role,
  permissions: key.permissions,
  ...(key.expiresAt !== undefined && { expiresAt: Instant.format(key.expiresAt) }),
  ...(lastUsedAt !== undefined && { lastUsedAt: Instant.format(lastUsedAt) }),
  dateCreated: Instant.format(key.dateCreated),
  dateUpdated: Instant.format(key.dateUpdated),
})
