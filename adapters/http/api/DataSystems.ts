/**
 * The endpoints of data systems and of the attributes that describe them, for servers. Each family of attributes has
 * four endpoints, which follow from the one table of families; four further ones reach all families.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import * as AttributeFamily from "../../../core/data-systems/AttributeFamily.ts"
import { KeyRequired } from "./Credentials.ts"
import * as DataSystemQuery from "./DataSystemQuery.ts"
import * as DataSystemWire from "./DataSystemWire.ts"
import { about, created, idOf, inOrganization, Needs, paths } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"

const systems = `${paths.organization}/data-systems` as const
const attributes = `${paths.organization}/data-system-attributes` as const
const oneSystem = { ...inOrganization, id: idOf("the data system") }
const oneAttribute = { ...inOrganization, id: idOf("the attribute") }

type Family = AttributeFamily.AttributeFamily
type Families = typeof AttributeFamily.families

/** The words of a path in camel case: `DataCategories` for `data-categories`. */
type Words<Path extends string> = Path extends `${infer First}-${infer Rest}`
  ? `${Capitalize<First>}${Words<Rest>}`
  : Capitalize<Path>

const capitalized = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

/** What the endpoints of a family are called: `listDataSystemContacts`, `createDataSystemContact`. */
export const endpointNames = <Of extends Family>(family: Of) => {
  const words = AttributeFamily.of(family).path.split("-").map(capitalized).join("")
  return {
    list: `listDataSystem${words}` as `listDataSystem${Words<Families[Of]["path"]>}`,
    create: `createDataSystem${capitalized(family)}` as `createDataSystem${Capitalize<Of>}`,
    update: `updateDataSystem${capitalized(family)}` as `updateDataSystem${Capitalize<Of>}`,
    remove: `deleteDataSystem${capitalized(family)}` as `deleteDataSystem${Capitalize<Of>}`,
  }
}

const pathOf = (family: Family): `/${string}` => `${paths.organization}/data-system-${AttributeFamily.of(family).path}`

/** What a family is called in prose: `data categories`. */
const inProse = (family: Family): string => AttributeFamily.of(family).path.replaceAll("-", " ")

const list = <Of extends Family>(family: Of) =>
  HttpApiEndpoint.get(endpointNames(family).list, pathOf(family), {
    params: inOrganization,
    query: DataSystemQuery.attributes,
    success: DataSystemWire.AttributePage,
    error: Problem.authenticated,
  })
    .annotate(Needs, "read")
    .annotateMerge(about(`List ${inProse(family)}`, "Those that come with Assent, and your own."))

const create = <Of extends Family>(family: Of) =>
  HttpApiEndpoint.post(endpointNames(family).create, pathOf(family), {
    params: inOrganization,
    payload: DataSystemWire.NewAttribute,
    success: DataSystemWire.Attribute.pipe(created),
    error: Problem.authenticatedWithBody,
  })
    .annotate(Needs, "manage")
    .annotateMerge(about(`Add to the ${inProse(family)}`, "Its name is new in the family."))

const update = <Of extends Family>(family: Of) =>
  HttpApiEndpoint.patch(endpointNames(family).update, `${pathOf(family)}/:id`, {
    params: oneAttribute,
    payload: DataSystemWire.AttributeChange,
    success: DataSystemWire.Attribute,
    error: Problem.authenticatedWithBody,
  })
    .annotate(Needs, "manage")
    .annotateMerge(
      about(`Change one of the ${inProse(family)}`, "Lists replace those before; `null` removes a member."),
    )

const remove = <Of extends Family>(family: Of) =>
  HttpApiEndpoint.delete(endpointNames(family).remove, `${pathOf(family)}/:id`, {
    params: oneAttribute,
    query: DataSystemQuery.removal,
    success: DataSystemWire.Attribute,
    error: Problem.authenticatedWithBody,
  })
    .annotate(Needs, "manage")
    .annotateMerge(
      about(`Delete one of the ${inProse(family)}`, "One that is in use is refused, or unlinked by `detach`."),
    )

/** The endpoints of all families, each with its own name. */
const ofFamilies = AttributeFamily.names.flatMap((family) => [
  list(family),
  create(family),
  update(family),
  remove(family),
  // The names are those of one family each, which the compiler does not see from a list of families.
]) as unknown as readonly [FamilyEndpoint, ...ReadonlyArray<FamilyEndpoint>]

type FamilyEndpoint = {
  readonly [Of in Family]:
    | ReturnType<typeof list<Of>>
    | ReturnType<typeof create<Of>>
    | ReturnType<typeof update<Of>>
    | ReturnType<typeof remove<Of>>
}[Family]

/** The group `dataSystems`. */
export const DataSystems = HttpApiGroup.make("dataSystems")
  .add(
    HttpApiEndpoint.get("listDataSystems", systems, {
      params: inOrganization,
      query: DataSystemQuery.systems,
      success: DataSystemWire.DataSystemPage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List data systems", "The consent ledger, and your own, with what the record lacks.")),
    HttpApiEndpoint.post("createDataSystem", systems, {
      params: inOrganization,
      payload: DataSystemWire.NewDataSystem,
      success: DataSystemWire.DataSystem.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Add a data system", "A place where personal data is kept or used.")),
    HttpApiEndpoint.patch("updateDataSystem", `${systems}/:id`, {
      params: oneSystem,
      payload: DataSystemWire.DataSystemChange,
      success: DataSystemWire.DataSystem,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Change a data system", "Lists replace those before; `null` removes a member.")),
    HttpApiEndpoint.delete("deleteDataSystem", `${systems}/:id`, {
      params: oneSystem,
      success: DataSystemWire.DataSystem,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Delete a data system", "Its attributes stay.")),
    HttpApiEndpoint.get("listDataSystemAttributes", attributes, {
      params: inOrganization,
      query: DataSystemQuery.allAttributes,
      success: DataSystemWire.AttributePage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List attributes", "Of all families, or of some.")),
    HttpApiEndpoint.post("createDataSystemAttribute", attributes, {
      params: inOrganization,
      query: DataSystemQuery.ofFamily,
      payload: DataSystemWire.NewAttribute,
      success: DataSystemWire.Attribute.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Add an attribute", "To the family that `attributeName` says.")),
    HttpApiEndpoint.patch("updateDataSystemAttribute", `${attributes}/:id`, {
      params: oneAttribute,
      payload: DataSystemWire.AttributeChange,
      success: DataSystemWire.Attribute,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Change an attribute", "Of any family.")),
    HttpApiEndpoint.delete("deleteDataSystemAttribute", `${attributes}/:id`, {
      params: oneAttribute,
      query: DataSystemQuery.removal,
      success: DataSystemWire.Attribute,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Delete an attribute", "Of any family.")),
  )
  .add(...ofFamilies)
  .middleware(KeyRequired)
  .annotateMerge(
    OpenApi.annotations({
      title: "Data systems",
      description: "Where personal data is kept, and the attributes that describe that.",
    }),
  )
