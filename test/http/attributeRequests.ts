/**
 * The endpoints of data systems and of their attributes, as tests ask them: those of families follow from the table of
 * families.
 */
import * as AttributeFamily from "../../core/data-systems/AttributeFamily.ts"
import * as AttributeCatalogue from "../../rule-packs/attributes/AttributeCatalogue.ts"

/** The family of an endpoint, its path below the organization, and the query of a request that adds an attribute. */
export interface Door {
  readonly family: AttributeFamily.AttributeFamily
  readonly path: string
  readonly query?: string
}

/** The doors of all families, and the one that reaches all. */
export const doors: ReadonlyArray<Door> = [
  ...AttributeFamily.names.map((family) => ({
    family,
    path: `data-system-${AttributeFamily.of(family).path}`,
  })),
  { family: "contact", path: "data-system-attributes", query: "attributeName=contact" },
]

/** The id of a kind of contact. */
export const contactType = AttributeCatalogue.of("contactType")[0]!.id

/** A new attribute of a family. */
export const newAttribute = (family: AttributeFamily.AttributeFamily, name: string) => ({
  name,
  status: "active",
  ...(family === "contact" && { email: "privacy@example.com", contactType }),
})
