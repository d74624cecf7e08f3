/**
 * The consent type of an answer, as files and HTTP name it (semantics, section 7): its id, and the three parts of its
 * name as an event has them. A part that is not known is left out.
 */
import type { ConsentType } from "../engine/ConsentType.ts"

/** The members of an answer that name its type, in the order in which they are written. */
export interface TypeLine {
  readonly consentType: string
  readonly category?: string
  readonly subcategory?: readonly [string]
  readonly label?: string
}

/** The parts of a type that name it. */
export type NamedType = Pick<ConsentType, "id" | "category" | "subcategory" | "label">

/** Converts the name of a type. */
export const of = ({ category, id, label, subcategory }: NamedType): TypeLine => ({
  consentType: id,
  ...(category !== undefined && { category }),
  ...(subcategory !== undefined && { subcategory: [subcategory] as const }),
  ...(label !== undefined && { label }),
})

const texts = new WeakMap<NamedType, string>()

/**
 * The members as JSON, without the braces around them. They are written once for each type, which never changes,
 * because many decisions are about the same types.
 */
export const text = (type: NamedType): string => {
  const known = texts.get(type)
  if (known !== undefined) return known
  const written = JSON.stringify(of(type)).slice(1, -1)
  texts.set(type, written)
  return written
}
