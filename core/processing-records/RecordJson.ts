/**
 * The record of processing activities as JSON: the organization, and a list of records with names and ids.
 */
import * as Instant from "../engine/Instant.ts"
import type { ProcessingRecord, RecordedAttribute, RecordedOrganization } from "../data-systems/ProcessingRecords.ts"
import * as RecordContent from "./RecordContent.ts"

/** An attribute: only names and keys, and of a contact where it is reached. */
const attributeJson = ({ contactType, email, fidesKey, id, name, phoneNumber }: RecordedAttribute) => ({
  id,
  name,
  ...(fidesKey !== undefined && { fidesKey }),
  ...(contactType !== undefined && { contactType: contactType.name }),
  ...(email !== undefined && { email }),
  ...(phoneNumber !== undefined && { phoneNumber }),
})

const list = (attributes: ReadonlyArray<RecordedAttribute>) => attributes.map(attributeJson)

/** A row. Members follow the order of article 30. */
export const recordJson = ({ activity, attributes, gaps, role, system }: ProcessingRecord) => ({
  ...(activity !== undefined && { activity: attributeJson(activity) }),
  dataSystem: {
    id: system.id,
    name: system.name,
    ...(system.fidesKey !== undefined && { fidesKey: system.fidesKey }),
  },
  ...(role !== undefined && { role }),
  ...(activity === undefined && { activities: list(attributes.processingActivity) }),
  contacts: list(attributes.contact),
  purposes: list(attributes.processingPurpose),
  dataSubjects: list(attributes.dataSubject),
  dataCategories: list(attributes.dataCategory),
  recipients: list(attributes.destination),
  crossBorder: system.crossBorder,
  transfers: system.transfers ?? [],
  ...(system.retention !== undefined && { retention: system.retention }),
  securityMeasures: list(attributes.securityMeasure),
  legalBases: system.legalBases ?? [],
  ...(system.specialCategoryBasis !== undefined && { specialCategoryBasis: system.specialCategoryBasis }),
  origins: list(attributes.origin),
  ...(system.impactAssessment !== undefined && { impactAssessment: system.impactAssessment }),
  ...(system.vendor !== undefined && { vendor: system.vendor }),
  ...(system.owner !== undefined && { owner: system.owner }),
  ...(system.reviewedOn !== undefined && { reviewedOn: system.reviewedOn }),
  gaps,
})

/** The organization, in the order of article 30(1)(a). */
export const organizationJson = (organization: RecordedOrganization) => ({
  id: organization.id,
  name: organization.name,
  privacyPolicyUrl: organization.privacyPolicyUrl,
  ...(organization.privacyContact !== undefined && { privacyContact: organization.privacyContact }),
  ...(organization.representative !== undefined && { representative: organization.representative }),
})

/** Writes the record, an item at a time. */
export function* write(content: RecordContent.RecordContent): Generator<string> {
  const { asOf, organization, query, rows } = content
  const head = {
    article: RecordContent.paragraphOf(content),
    ...query,
    asOf: Instant.format(asOf),
    organization: organizationJson(organization),
    total: rows.length,
  }
  yield `${JSON.stringify(head).slice(0, -1)},"items":[`
  let separator = ""
  for (const row of rows) {
    yield separator + JSON.stringify(recordJson(row))
    separator = ","
  }
  yield "]}"
}
