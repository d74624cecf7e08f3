/**
 * The consent types that a new ledger begins with: a types.json (semantics, section 7) whose types have a triple, and
 * may have the texts that people are shown.
 */
import { Schema } from "effect"
import * as Catalog from "../model/Catalog.ts"
import * as ConsentState from "../engine/ConsentState.ts"
import * as Exchange from "./Exchange.ts"
import * as Fields from "./Fields.ts"
import * as Spelling from "./Spelling.ts"

/** The subcategories of every category except `custom`, which allows any. */
export const subcategories = [
  "analytics",
  "do_not_sell",
  "functional",
  "global_privacy_control",
  "limit_pii_use",
  "marketing",
  "strictly_necessary",
  "unclassified",
  "email",
  "phone",
  "privacy_policy",
  "terms_of_service",
  "cookie_policy",
  "data_protection_agreement",
] as const

/** Checks that the category of a type that is made allows its subcategory. */
export const isKnownSubcategory = Schema.makeFilter(
  ({ category, subcategory }: { category?: string | null; subcategory?: unknown }) => {
    const name = Array.isArray(subcategory) ? subcategory[0] : subcategory
    const isKnown = category === "custom" || subcategories.some((known) => known === name)
    return isKnown || { path: ["subcategory"], issue: `expected one of ${subcategories.join(", ")}` }
  },
)

/** The label of a type that is made. */
export const Label = Schema.String.check(
  Schema.isPattern(/^[a-z0-9_*]{1,128}$/, {
    message: "expected 1 to 128 characters: small letters, digits, _ and *",
  }),
)

/** The states that a type accepts. */
export const ValidStates = Schema.Array(Schema.Literals(ConsentState.all)).check(
  Schema.isMinLength(1, { message: "expected at least 1 consent state" }),
  Schema.makeFilter((states) => new Set(states).size === states.length || "names a consent state twice"),
)

/** Checks that the numbers of versions rise with their publication, from 1. */
const areInOrder = Schema.makeFilter((versions: ReadonlyArray<{ version: number; publishedAt: number }>) =>
  versions.every(
    ({ publishedAt, version }, index) =>
      version === index + 1 && (index === 0 || publishedAt > versions[index - 1]!.publishedAt),
  )
    ? undefined
    : "expected versions 1, 2, 3 and so on, each published after the one before it",
)

const fields = {
  id: Fields.orNull(Schema.String),
  category: Fields.Category,
  subcategory: Fields.KeptSubcategory,
  label: Label,
  name: Fields.orNull(Fields.writableText(5, 100)),
  description: Fields.orNull(Fields.writableText(0, 2000)),
  validStates: Fields.orNull(ValidStates),
  consentDuration: Fields.orNull(Exchange.PositivePeriod),
  status: Fields.orNull(Schema.Literals(Catalog.typeStatuses)),
  required: Fields.orNull(Schema.Boolean),
  rules: Fields.orNull(Exchange.Rules),
  versions: Fields.orNull(Schema.Array(Exchange.Version).check(areInOrder)),
}

/** types.json: `{ items: [ … ] }`. An `id` is kept if it is a UUID. A `history` is not read. */
export const NewTypes = Schema.Struct({
  items: Schema.Array(Schema.Struct(fields).check(isKnownSubcategory)),
}).check(
  Schema.makeFilter(({ items }) => {
    const seen = new Set<string>()
    return items.flatMap(({ category, id, label, subcategory }, index) => {
      const triple = Catalog.tripleKey(category, String(subcategory), label)
      const names = [triple, ...(id == null ? [] : [id.toLowerCase()])]
      const isRepeated = names.some((name) => seen.has(name))
      for (const name of names) seen.add(name)
      return isRepeated ? [{ path: ["items", index], issue: "is there twice: by its id, or by its triple" }] : []
    })
  }),
)

/** Members that are not misspelt although they are similar: an exported type may have them. */
const alsoKnown: ReadonlySet<string> = new Set(["version"])

const membersMisspelt = (
  written: unknown,
  known: ReadonlyArray<string>,
  pointer: string,
): ReadonlyArray<Exchange.Violation> =>
  (typeof written === "object" && written !== null ? Object.keys(written) : []).flatMap((name) => {
    if (known.includes(name) || alsoKnown.has(name)) return []
    const meant = Spelling.memberMeant(name, known)
    const detail = `is not known here: do you mean ${meant}?`
    const place = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`
    return meant === undefined ? [] : [{ pointer: place, code: "unknown", detail }]
  })

/**
 * Members of types and versions whose names are nearly those of members that are read. A new ledger refuses them,
 * because a misspelt duration would mean that consent never expires. Other members that are not read are ignored.
 */
export const misspelt = (written: unknown): ReadonlyArray<Exchange.Violation> => {
  const { items } = written as { readonly items: ReadonlyArray<{ readonly versions?: unknown }> }
  return items.flatMap((item, index) => {
    const versions = Array.isArray(item.versions) ? item.versions : []
    return [
      ...membersMisspelt(item, Object.keys(fields), `/items/${index}`),
      ...versions.flatMap((version, number) =>
        membersMisspelt(version, Object.keys(Exchange.Version.fields), `/items/${index}/versions/${number}`),
      ),
    ]
  })
}

/** The types of a file, as a new ledger makes them. A type without a `name` is named for its label. */
export const toNewTypes = ({ items }: typeof NewTypes.Type) =>
  items.map(({ id, subcategory, versions, ...fields }) => ({
    ...Exchange.present(fields),
    category: fields.category,
    label: fields.label,
    name: fields.name ?? fields.label,
    subcategory: typeof subcategory === "string" ? subcategory : subcategory[0],
    ...(id != null && Fields.uuidPattern.test(id) && { id: id.toLowerCase() }),
    ...(versions != null && versions.length > 0 && { versions: Exchange.versionsFromFile(versions) }),
  }))
