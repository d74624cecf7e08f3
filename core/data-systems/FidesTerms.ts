/**
 * The terms of fideslang 3 (https://github.com/ethyca/fideslang) and what they are here: keys, and the names of legal
 * bases and of responsibility.
 */
import type { DataSystem } from "./DataSystem.ts"
import type { RecordedAttribute } from "./ProcessingRecords.ts"
import type { ProcessingRole } from "./RecordGaps.ts"

/** Written as the use of data where none is linked, because fideslang asks for one; an import passes over it. */
export const anyUse = "unspecified"

/** Written as the type of a data system that has none, because fideslang asks for one. */
export const anyType = "System"

/** The origin that data comes from its people, which fideslang names `user`. */
const userOrigin = "user-submitted-forms"

/** Its name in the catalogue. */
export const userOriginName = "User Submitted Forms"

/** Where data comes from or goes, as fideslang writes it. */
export const flowOf = (of: RecordedAttribute) =>
  of.key === userOrigin ? { fides_key: "user", type: "user" } : { fides_key: keyOf(of), type: "system" }

/** Whether a text names several things in one member of fideslang. */
export const isList = (text: string): boolean => text.includes(";")

/** The things that a text of fideslang names: separated by `;` or on lines of their own. */
export const listed = (text: string): ReadonlyArray<string> =>
  text
    .split(/[;\n]/)
    .map((each) => each.trim())
    .filter((each) => each !== "")

/** A name as a key: fideslang takes letters, digits, `_`, `.`, `<`, `>` and `-`. */
export const slug = (name: string): string =>
  name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")

/** The key of an attribute: its own, or its name as one. */
export const keyOf = ({ fidesKey, id, key, name }: RecordedAttribute): string =>
  fidesKey ?? key?.replaceAll("-", "_") ?? (slug(name) || id)

/** The key of a data system: its own, or one of its id, which an import finds again. */
export const systemKeyOf = ({ fidesKey, id }: Pick<DataSystem, "fidesKey" | "id">): string => fidesKey ?? `assent_${id}`

/** GDPR, article 6(1), as fideslang names it. */
const legalBases: Readonly<Record<string, string>> = {
  consent: "Consent",
  contract: "Contract",
  legal_obligation: "Legal obligations",
  vital_interests: "Vital interests",
  public_task: "Public interest",
  legitimate_interests: "Legitimate interests",
}

/** GDPR, article 9(2), as fideslang names it. */
const specialBases: Readonly<Record<string, string>> = {
  explicit_consent: "Explicit consent",
  employment: "Employment, social security and social protection",
  vital_interests: "Vital interests",
  not_for_profit: "Not-for-profit bodies",
  made_public: "Made public by the data subject",
  legal_claims: "Legal claims or judicial acts",
  substantial_public_interest: "Reasons of substantial public interest (with a basis in law)",
  health_care: "Health or social care (with a basis in law)",
  public_health: "Public health (with a basis in law)",
  research: "Archiving, research and statistics (with a basis in law)",
}

const codeIn = (names: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.keys(names).find((code) => names[code]!.toLowerCase() === name.trim().toLowerCase())

/** The name of a legal basis; `undefined` if fideslang has none. */
export const legalBasisOf = (code: string | undefined) => (code === undefined ? undefined : legalBases[code])
export const specialBasisOf = (code: string | undefined) =>
  code === undefined ? undefined : (specialBases[code] ?? code)

/** The code of a legal basis by its name; `undefined` if it is not one. */
export const legalBasisNamed = (name: string): string | undefined => codeIn(legalBases, name)
export const specialBasisNamed = (name: string): string | undefined => codeIn(specialBases, name)

/** The responsibility that a relationship is, as fideslang names it. Joint controllers are controllers there. */
export const responsibilityOf = (
  relationship: Pick<RecordedAttribute, "key"> | undefined,
  role: ProcessingRole | undefined,
): ReadonlyArray<string> => {
  if (role === undefined) return []
  if (role !== "processor") return ["Controller"]
  return [relationship?.key === "sub-processor" ? "Sub-Processor" : "Processor"]
}
