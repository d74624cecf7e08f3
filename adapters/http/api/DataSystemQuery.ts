/**
 * The query parameters of the lists of data systems and of their attributes.
 */
import { Schema } from "effect"
import * as AttributeFamily from "../../../core/data-systems/AttributeFamily.ts"
import * as DataSystemOf from "../../../core/data-systems/DataSystem.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import * as DataSystemWire from "./DataSystemWire.ts"
import * as Parameter from "./Parameter.ts"
import * as Wire from "./Wire.ts"

/** The most values of one filter. */
const maxValues = 64

const several = <S extends Schema.Constraint>(item: S) =>
  Schema.Array(item).check(
    Schema.isMinLength(1, { message: "expected at least 1 value" }),
    Schema.isMaxLength(maxValues, { message: `expected at most ${maxValues} values` }),
  )

const ids = (description: string) => Parameter.optional(several(Fields.Uuid), `${description}; may be repeated`)

const shared = {
  ...Wire.pageParameters,
  sort: Parameter.optional(
    Schema.Literals(["dateCreated", "dateUpdated", "name", "status"]),
    "What the list is ordered by. Left out: `dateCreated`",
  ),
  status: Parameter.optional(several(Schema.Literals(DataSystemOf.statuses)), "Of one of these; may be repeated"),
}

type Families = typeof AttributeFamily.families

/** For each family a filter by the ids of linked attributes. */
const linked = Object.fromEntries(
  AttributeFamily.names.map((name) => [
    AttributeFamily.of(name).member,
    ids(`Data systems that one of these attributes of the family ${name} describes`),
  ]),
  // The compiler does not follow the names through `fromEntries`.
) as { readonly [Family in keyof Families as Families[Family]["member"]]: ReturnType<typeof ids> }

/** The parameters of a list of data systems. */
export const systems = {
  ...shared,
  dataSystemId: ids("The data systems with these ids"),
  projectIds: ids("Data systems that concern one of these projects"),
  ...linked,
}

/** The parameters of a list of the attributes of a family. */
export const attributes = {
  ...shared,
  dataSystemAttributeId: ids("The attributes with these ids"),
  dataSystemId: ids("Attributes that describe one of these data systems"),
  readOnly: Parameter.optional(Schema.Literals(["true", "false"]), "`true`: those that come with Assent"),
}

/** The parameters of a list of the attributes of all families. */
export const allAttributes = {
  ...attributes,
  attributeName: Parameter.optional(several(DataSystemWire.ListedFamily), "Of these families; may be repeated"),
}

/** The family of a new attribute. */
export const ofFamily = {
  attributeName: DataSystemWire.Family.pipe(
    Schema.annotateEncoded({ description: "The family that the attribute is added to" }),
  ),
}

/** How an attribute is deleted. */
export const removal = {
  detach: Parameter.optional(
    Schema.Literals(["true", "false"]),
    "`true`: an attribute that is in use is unlinked first. Left out: it is refused",
  ),
}

/** The types of the queries. */
export const Systems = Schema.Struct(systems)
export const Attributes = Schema.Struct(attributes)
