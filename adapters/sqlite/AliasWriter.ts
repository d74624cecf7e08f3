/**
 * Writes which person an alias names.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Instant from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { Claim } from "../../core/model/People.ts"
import type { Release } from "../../core/ports/LedgerStore.ts"
import * as Uuid from "./Uuid.ts"

/** Writes aliases through one connection. */
export interface AliasWriter {
  /** Whether an alias names the person it is claimed for, or none and was not released since it was read. */
  readonly isFree: (organization: Lane.Owner, claim: Claim) => boolean
  /**
   * Keeps claims that are free, or fills in the kind and project of aliases whose kind is not known. A claim of
   * anything but a `contextId` also marks the person as identified, and raises its revision once.
   */
  readonly claim: (organization: Lane.Owner, claims: ReadonlyArray<Claim>) => void
  /** Removes an alias, keeps what it was, and raises the revision of the person it named. */
  readonly release: (organization: Lane.Owner, release: Release) => void
}

/** Prepares the statements. */
export const make = (db: DatabaseSync): AliasWriter => {
  const find = db.prepare("SELECT person FROM alias WHERE lane = ? AND hash = ?")
  const lastRelease = db.prepare("SELECT max(released_at) AS at FROM former_alias WHERE lane = ? AND hash = ?")
  const insert = db.prepare(`
    INSERT INTO alias (lane, hash, person, recorded_at, kind, project, normalization) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (lane, hash) DO UPDATE
      SET kind = excluded.kind, project = excluded.project, normalization = excluded.normalization
      WHERE alias.kind IS NULL`)
  const remove = db.prepare("DELETE FROM alias WHERE lane = ? AND hash = ?")
  const keepFormer = db.prepare(`
    INSERT INTO former_alias (lane, hash, recorded_at, released_at, person, kind, project, is_renamed)
    SELECT lane, hash, recorded_at, ?, person, kind, project, ? FROM alias WHERE lane = ? AND hash = ?`)
  const raiseRevision = db.prepare(`
    INSERT INTO person (lane, person, revision, is_identified) VALUES (?, ?, 1, 0)
    ON CONFLICT (lane, person) DO UPDATE SET revision = revision + 1`)
  const identify = db.prepare(`
    INSERT INTO person (lane, person, revision, is_identified) VALUES (?, ?, 1, 1)
    ON CONFLICT (lane, person) DO UPDATE SET revision = revision + 1, is_identified = 1`)
  return {
    isFree: (organization, { concordId, hash, releasedAt }) => {
      const key = [Lane.of(organization, hash), Uuid.toBytes(hash)] as const
      const row = find.get(...key)
      if (row !== undefined) return Uuid.fromBytes(row["person"] as Uint8Array) === concordId
      return releasedAt === undefined || Number(lastRelease.get(...key)?.["at"] ?? Instant.min) <= releasedAt
    },
    claim: (organization, claims) => {
      const identified = new Set<string>()
      for (const { kind, hash, concordId, dateCreated, normalization, project } of claims) {
        const person = Uuid.toBytes(concordId)
        const scope = project === undefined ? null : Uuid.toBytes(project)
        insert.run(Lane.of(organization, hash), Uuid.toBytes(hash), person, dateCreated, kind, scope, normalization)
        if (kind !== "contextId") identified.add(concordId)
      }
      for (const concordId of identified) identify.run(Lane.of(organization, concordId), Uuid.toBytes(concordId))
    },
    release: (organization, { dateCreated, hash, isRenamed }) => {
      const key = [Lane.of(organization, hash), Uuid.toBytes(hash)] as const
      const row = find.get(...key)
      if (row === undefined) return
      const person = row["person"] as Uint8Array
      if (dateCreated !== undefined) keepFormer.run(dateCreated, isRenamed === true ? 1 : 0, ...key)
      remove.run(...key)
      raiseRevision.run(Lane.of(organization, Uuid.fromBytes(person)), person)
    },
  }
}
