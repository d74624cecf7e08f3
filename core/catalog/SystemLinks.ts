/**
 * The rules of links between data systems and attributes.
 */
import * as AttributeFamily from "../data-systems/AttributeFamily.ts"
import { type DataSystem, maxLinks } from "../data-systems/DataSystem.ts"
import type { CatalogFault } from "./CatalogChange.ts"
import type { AttributeIndex } from "./Attributes.ts"

/** The links of a data system that a request sets, by family. A family that is left out stays as it is. */
export type GivenLinks = { readonly [Family in AttributeFamily.AttributeFamily]?: ReadonlyArray<string> }

/** Whether the member of a family is an id and not a list. */
const isSingle = (family: AttributeFamily.AttributeFamily): boolean => AttributeFamily.of(family).isSingle === true

/** The member of a data system that names a link. */
const fieldOf = (family: AttributeFamily.AttributeFamily, index: number): string => {
  const { member } = AttributeFamily.families[family]
  return isSingle(family) ? member : `${member}/${index}`
}

/** What is wrong with linking an attribute; an attribute that is linked already stays linked, also if archived. */
const faultOf = (
  id: string,
  family: AttributeFamily.AttributeFamily,
  before: ReadonlyArray<string>,
  { find }: AttributeIndex,
): Omit<CatalogFault, "field"> | undefined => {
  const attribute = find(id)
  if (attribute === undefined) return { code: "unknown_attribute", detail: "is no attribute of the organization" }
  if (attribute.family !== family) return { code: "wrong_family", detail: `is no attribute of the family ${family}` }
  if (attribute.status !== "archived" || before.includes(id)) return undefined
  return { code: "unknown_attribute", detail: "is archived: make it active first, or link another one" }
}

/** The most links of a family. */
export const mostOf = (family: AttributeFamily.AttributeFamily): number => (isSingle(family) ? 1 : maxLinks)

/** What is wrong with the links that a request sets on a data system. */
export const faultsOf = (
  given: GivenLinks,
  before: DataSystem["attributes"],
  index: AttributeIndex,
): ReadonlyArray<CatalogFault> =>
  AttributeFamily.names.flatMap((family) => {
    const ids = given[family] ?? []
    const { member } = AttributeFamily.families[family]
    const most = mostOf(family)
    if (new Set(ids).size > most) return [{ field: member, code: "too_many", detail: `takes at most ${most}` }]
    return ids.flatMap((id, at) => {
      const fault = faultOf(id, family, before[family] ?? [], index)
      return fault === undefined ? [] : [{ field: fieldOf(family, at), ...fault }]
    })
  })

/** Links with those that a request sets: each once, and no family without any. */
export const merged = (before: DataSystem["attributes"], given: GivenLinks): DataSystem["attributes"] =>
  Object.fromEntries(
    AttributeFamily.names.flatMap((family) => {
      const ids = given[family] ?? before[family] ?? []
      return ids.length === 0 ? [] : [[family, [...new Set(ids)]]]
    }),
  )
