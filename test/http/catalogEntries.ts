/** For tests of organizations, projects and keys: their stored entries, members that cannot be set, and secrets. */
import type { DatabaseSync } from "node:sqlite"
import { expect } from "vitest"
import type { Answer } from "../support/server.ts"
import { other } from "./world.ts"

/** Patterns of ids and instants in answers. */
export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
export const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** Members of an entry that no body may set. */
export const notTheirs = {
  id: "0197a000-0000-7000-8000-00000000dead",
  organization: other.id,
  organizationId: other.id,
  identifierKey: "A".repeat(43),
  secretHash: "0".repeat(64),
  secret: "assent_mine",
  number: 1,
  lanes: 1,
  publicKeys: [{ kty: "EC" }],
  dateCreated: "2001-01-01T00:00:00.000Z",
  dateUpdated: "2001-01-01T00:00:00.000Z",
  lastUsedAt: "2001-01-01T00:00:00.000Z",
  revokedAt: 1,
}

type Entry = Readonly<Record<string, unknown>>

const all = (database: DatabaseSync): ReadonlyArray<Entry> =>
  database
    .prepare("SELECT body FROM catalog_entry ORDER BY revision, ordinal")
    .all()
    .map(({ body }) => JSON.parse(String(body)))

/** An entry as it is stored now. */
export const stored = (database: DatabaseSync, id: string): Entry =>
  all(database).findLast((entry) => entry["id"] === id)!

/** Expects that nothing of {@link notTheirs} was set. */
export const expectNotSet = (entry: Entry): void => {
  for (const [member, value] of Object.entries(notTheirs)) expect([member, entry[member]]).not.toEqual([member, value])
}

/** Expects that an answer holds no secret of the catalog. */
export const expectNoSecrets = (database: DatabaseSync, answer: Answer): void => {
  expect(answer.text).not.toMatch(/identifierKey|secretHash|"lanes"|"number"/)
  for (const { identifierKey, secretHash } of all(database)) {
    for (const secret of [identifierKey, secretHash])
      if (secret !== undefined) expect(answer.text).not.toContain(secret)
  }
}
