/**
 * One event to record, as requests and files hold it.
 */
import { Schema } from "effect"
import * as EvidenceLine from "./EvidenceLine.ts"
import * as Exchange from "./Exchange.ts"
import * as Fields from "./Fields.ts"
import * as People from "../model/People.ts"
import type { Item } from "../model/Admission.ts"

/** The fields that name a consent type: by its id, by its triple, or by both. */
export const typeFields = {
  consentType: Fields.orNull(Fields.Uuid),
  category: Fields.orNull(Fields.Category),
  subcategory: Fields.orNull(Fields.Subcategory),
  label: Fields.orNull(Fields.ShortText),
}

/** The fields that identify the person an event is about; at least one must be given. */
export const identifierFields = {
  projectUserId: Fields.orNull(Schema.String),
  userId: Fields.orNull(Schema.String),
  email: Fields.orNull(Schema.String),
  phoneNumber: Fields.orNull(Schema.String),
  concordId: Fields.orNull(Schema.String),
}

/** The language of the text that a person was shown. */
export const ShownLanguage = Fields.orNull(
  Exchange.Language.annotate({ description: "The language of the text that was shown: a tag of BCP 47, such as `de`" }),
)

/** An event to record about any person, with any date. */
export const ItemLine = Schema.Struct({
  ...identifierFields,
  ...typeFields,
  consentState: Exchange.State,
  consentAction: Exchange.Action,
  consentDate: Fields.orNull(Exchange.Instant),
  allowEarly: Fields.orNull(
    Schema.Boolean.annotate({
      description: "true: `consentDate` may lie in January or February 1970, where other systems put unknown dates",
    }),
  ),
  expirationDate: Fields.orNull(Exchange.Instant),
  version: Fields.orNull(Exchange.VersionNumber),
  language: ShownLanguage,
  evidence: Fields.orNull(EvidenceLine.EvidenceLine),
  externalId: Fields.orNull(
    Fields.writableText(1, 128).annotate({
      description:
        "Your own id of the event, unique for the API key in the project: the same event is not recorded again",
    }),
  ),
})

/**
 * An event of a file. Its date is required, because an old answer would otherwise be treated as an answer given now.
 */
export const DatedItemLine = Schema.Struct({ ...ItemLine.fields, consentDate: Exchange.Instant })

type TypeFields = Pick<typeof ItemLine.Type, keyof typeof typeFields>

/** The consent type that the fields name, with its id in lower case. */
export const typeOf = ({ consentType, category, subcategory, label }: TypeFields) => ({
  ...(consentType != null && { consentType: consentType.toLowerCase() }),
  ...(category != null && { category }),
  ...(subcategory != null && { subcategory: typeof subcategory === "string" ? subcategory : subcategory[0] }),
  ...(label != null && { label }),
})

/** The identifiers that are given; `null` counts as left out. */
export const identifiersOf = (fields: {
  readonly [Kind in People.IdentifierKind]?: string | null | undefined
}): People.Identifiers => {
  const identifiers: { [Kind in People.IdentifierKind]?: string } = {}
  for (const kind of People.identifierKinds) {
    const value = fields[kind]
    if (value != null) identifiers[kind] = value
  }
  return identifiers
}

/** The event in the form that the ledger records. */
export const toItem = (line: typeof ItemLine.Type): Item => {
  const { allowEarly, consentDate, expirationDate, externalId, language, version } = line
  const evidence = EvidenceLine.toEvidence(line.evidence)
  return {
    ...typeOf(line),
    person: identifiersOf(line),
    consentState: line.consentState,
    consentAction: line.consentAction,
    ...(version != null && { version }),
    ...(language != null && { language }),
    ...(evidence !== undefined && { evidence }),
    ...(consentDate != null && { consentDate }),
    ...(allowEarly != null && { allowEarly }),
    ...(expirationDate != null && { expirationDate }),
    ...(externalId != null && { externalId }),
  }
}
