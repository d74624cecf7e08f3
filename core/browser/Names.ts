/**
 * How pages name consent types: by a UUID, by `category/subcategory/label`, or by a subcategory of `privacy_setting`.
 */
import type { LoaderType } from "./LoaderConfiguration.ts"

/** A type that can be named. */
export type NamedInPage = Pick<LoaderType, "id" | "triple">

/** Always permitted, also before anything is known: what a page cannot work without. */
export const strictlyNecessary = "strictly_necessary"

/** The triple of a type. */
export const triple = (type: {
  readonly category: string
  readonly subcategory: readonly [string]
  readonly label: string
}): string => `${type.category}/${type.subcategory[0]}/${type.label}`

/** The types of a name; none: the name is unknown. A subcategory names all its types, each of which must permit. */
export const typesOf = <Type extends NamedInPage>(types: ReadonlyArray<Type>, name: string): ReadonlyArray<Type> => {
  const one = types.filter((type) => type.id === name.toLowerCase() || type.triple === name)
  return one[0] ? one : types.filter((type) => type.triple.startsWith(`privacy_setting/${name}/`))
}

/**
 * Whether a type is permitted without an answer: a privacy setting that is required or strictly necessary. Terms that
 * are required are not, because they must be accepted first.
 */
export const isAlwaysPermitted = ({ required, triple }: Pick<LoaderType, "required" | "triple">): boolean =>
  triple.startsWith(required ? "privacy_setting/" : `privacy_setting/${strictlyNecessary}/`)
