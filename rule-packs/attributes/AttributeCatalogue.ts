/**
 * The attributes of data systems that come with Assent, read only and alike in every installation.
 *
 * The file never changes: a correction is a new file with a new version, whose entries keep their ids. The id of an
 * entry is the UUIDv5 (RFC 9562) of its family and key, `family/key`, under {@link namespace}. `SHA256SUMS` holds the
 * digest of every file ever published. `NOTICE` names the origin of the keys and terms.
 */
import type { AttributeFamily } from "../../core/data-systems/AttributeFamily.ts"
import type { DataSystemAttribute } from "../../core/data-systems/DataSystem.ts"
import catalogue from "./attributes@2026-12.json" with { type: "json" }

/** A kind of contact is an entry of the catalogue that contacts name. It is not linked to data systems itself. */
export type CatalogueFamily = AttributeFamily | "contactType"

/** An attribute that comes with Assent. */
export interface CatalogueEntry {
  /** UUIDv5 of family and key. */
  readonly id: string
  readonly family: CatalogueFamily
  /** Unique in its family. */
  readonly key: string
  readonly name: string
  readonly description?: string
  /** Of a data category. */
  readonly pIIType?: NonNullable<DataSystemAttribute["pIIType"]>
  /** The key of the same thing in the taxonomy of fideslang, where it has one. */
  readonly fidesKey?: string
  /** The term of the Data Privacy Vocabulary: `dpv:…` of https://w3id.org/dpv, `pd:…` of https://w3id.org/dpv/pd. */
  readonly dpv?: string
}

/** The namespace of the ids. */
export const namespace = "c5b8a3de-7d1f-4c1b-9f4e-2f6f0d1c7a90"

/** The version of the file: the month in which it was made. */
export const version = catalogue.version

/** The first instant of that month, which is the date of all entries. */
export const date = Date.parse(`${version}-01`)

// TypeScript reads the texts of JSON as `string`: the tests compare them with the type.
/** Every entry, in the order of the file: by family, then as they are best shown. */
export const all = catalogue.attributes as ReadonlyArray<CatalogueEntry>

const byId = new Map(all.map((entry) => [entry.id, entry]))
const byFamily = Map.groupBy(all, ({ family }) => family)
const byFidesKey = new Map(
  all.flatMap((entry) => (entry.fidesKey === undefined ? [] : [[`${entry.family}/${entry.fidesKey}`, entry] as const])),
)

/** The entry with an id. */
export const find = (id: string): CatalogueEntry | undefined => byId.get(id)

/** The entries of a family. */
export const of = (family: CatalogueFamily): ReadonlyArray<CatalogueEntry> => byFamily.get(family) ?? []

/** The entry of a family that has a key of fideslang. */
export const findFidesKey = (family: CatalogueFamily, fidesKey: string): CatalogueEntry | undefined =>
  byFidesKey.get(`${family}/${fidesKey}`)
