/**
 * The schema of a manifest of fideslang 3 (https://github.com/ethyca/fideslang), as far as data systems are read from
 * it. What is left out of the schema is reported by an import, and not read.
 */
import { Schema } from "effect"
import * as Exchange from "./Exchange.ts"
import * as Fields from "./Fields.ts"

/** The most data systems of a manifest, and items of a list in one. */
export const maxSystems = 1000
const maxItems = 1000

const Key = Fields.text(1, 256).check(
  Schema.isPattern(/^[a-zA-Z0-9_.<>-]+$/, { message: "expected letters, digits, and any of _ . < > -" }),
)

const optional = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const listOf = <S extends Schema.Constraint>(item: S) =>
  optional(Schema.Array(item).check(Schema.isMaxLength(maxItems, { message: `expected at most ${maxItems} items` })))

const text = optional(Fields.writableText(0, 100_000))

/** Where data comes from or goes. */
export const Flow = Schema.Struct({ fides_key: Key, type: optional(Fields.text(0, 256)) })

/** What a data system does with data for a purpose. */
export const Declaration = Schema.Struct({
  name: text,
  data_use: optional(Key),
  data_categories: listOf(Key),
  data_subjects: listOf(Key),
  legal_basis_for_processing: text,
  special_category_legal_basis: text,
  retention_period: text,
  data_shared_with_third_parties: optional(Schema.Boolean),
  third_parties: text,
})

/** A data system. */
export const System = Schema.Struct({
  fides_key: Key,
  name: text,
  description: text,
  system_type: text,
  administrating_department: text,
  responsibility: listOf(Schema.String),
  joint_controller_info: text,
  does_international_transfers: optional(Schema.Boolean),
  legal_basis_for_transfers: listOf(Schema.String),
  requires_data_protection_assessments: optional(Schema.Boolean),
  dpa_progress: text,
  dpa_location: text,
  data_security_practices: text,
  dpo: text,
  legal_name: text,
  privacy_policy: text,
  ingress: listOf(Flow),
  egress: listOf(Flow),
  privacy_declarations: listOf(Declaration),
})

/** A manifest. */
export const Manifest = Schema.Struct({
  system: optional(
    Schema.Array(System).check(
      Schema.isMaxLength(maxSystems, { message: `expected at most ${maxSystems} data systems` }),
    ),
  ),
})

/** A data system of a manifest. */
export type FidesSystem = typeof System.Type

/** Reads a manifest, and reports every violation. */
export const decode = Exchange.decoder(Manifest)

/** The members of each object that are read. */
export const members = {
  manifest: new Set(Object.keys(Manifest.fields)),
  system: new Set(Object.keys(System.fields)),
  declaration: new Set(Object.keys(Declaration.fields)),
  flow: new Set(Object.keys(Flow.fields)),
}
