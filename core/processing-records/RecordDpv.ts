/**
 * The record of processing activities as JSON-LD in the terms of the Data Privacy Vocabulary 2.0 (https://w3id.org/dpv)
 * and its extension for the GDPR. It is written for readers that load nothing: its context has prefixes only.
 */
import type { RecordedAttribute, RecordedSystem } from "../data-systems/ProcessingRecords.ts"
import type { RecordContent } from "./RecordContent.ts"

const context = {
  dpv: "https://w3id.org/dpv#",
  pd: "https://w3id.org/dpv/pd#",
  "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
  dct: "http://purl.org/dc/terms/",
  xsd: "http://www.w3.org/2001/XMLSchema#",
}

/** The letters of article 6(1) of the GDPR. */
const legalBases: Readonly<Record<string, string>> = {
  consent: "a",
  contract: "b",
  legal_obligation: "c",
  vital_interests: "d",
  public_task: "e",
  legitimate_interests: "f",
}

const uuid = (id: string) => `urn:uuid:${id}`

/** An attribute: the organization's or the catalogue's own, as one of what the vocabulary has. */
const node = ({ dpv, email, id, name, phoneNumber }: RecordedAttribute, type?: string) => ({
  "@id": uuid(id),
  ...((dpv ?? type) !== undefined && { "@type": dpv ?? type }),
  "dct:title": name,
  ...((email ?? phoneNumber) !== undefined && {
    "dpv:hasContact": [email, phoneNumber].filter((each) => each !== undefined),
  }),
})

const list = (name: string, attributes: ReadonlyArray<RecordedAttribute>, type: string) =>
  attributes.length === 0 ? {} : { [name]: attributes.map((each) => node(each, type)) }

const contacts = ({ attributes: { contact } }: RecordedSystem) => {
  const of = (type: string) => contact.filter(({ contactType }) => contactType?.key === type)
  return {
    ...list("dpv:hasDataProtectionOfficer", of("data-protection-officer"), "dpv:DataProtectionOfficer"),
    ...list("dpv:hasRepresentative", of("representative"), "dpv:Representative"),
  }
}

const roleMember = { controller: "dpv:hasDataController", processor: "dpv:hasDataProcessor" } as const

/** The data system as a process of the vocabulary. */
const processJson = (of: RecordedSystem, { organization, query }: RecordContent) => {
  const { attributes, system } = of
  const other = query.as === "processor" ? "dpv:hasDataController" : "dpv:hasJointDataControllers"
  const controllers = attributes.contact.filter(({ contactType }) => contactType?.key === "controller")
  const { retention, transfers = [] } = system
  return {
    "@id": uuid(system.id),
    "@type": "dpv:Process",
    "dct:title": system.name,
    [roleMember[query.as]]: { "@id": uuid(organization.id) },
    ...list(other, controllers, "dpv:DataController"),
    ...contacts(of),
    ...list("dpv:hasProcess", attributes.processingActivity, "dpv:Process"),
    ...list("dpv:hasPurpose", attributes.processingPurpose, "dpv:Purpose"),
    ...list("dpv:hasDataSubject", attributes.dataSubject, "dpv:DataSubject"),
    ...list("dpv:hasPersonalData", attributes.dataCategory, "dpv:PersonalData"),
    ...list("dpv:hasRecipient", attributes.destination, "dpv:Recipient"),
    ...(transfers.length > 0 && {
      "dpv:hasThirdCountry": transfers.map(({ country, note, safeguard }) => ({
        "@type": "dpv:ThirdCountry",
        "dct:title": country,
        ...(safeguard !== undefined && {
          "dpv:hasTechnicalOrganisationalMeasure": { "@type": "dpv:Safeguard", "dct:title": safeguard },
        }),
        ...(note !== undefined && { "dct:description": note }),
      })),
    }),
    ...(retention !== undefined && {
      "dpv:hasStorageCondition": {
        "@type": "dpv:StorageDuration",
        "dpv:hasDuration": { "@type": "xsd:duration", "@value": retention },
      },
    }),
    ...list("dpv:hasTechnicalOrganisationalMeasure", attributes.securityMeasure, "dpv:TechnicalOrganisationalMeasure"),
    ...(system.legalBases !== undefined && {
      "dpv:hasLegalBasis": system.legalBases.map((basis) =>
        Object.hasOwn(legalBases, basis)
          ? { "@id": `eu-gdpr:A6-1-${legalBases[basis]}` }
          : { "@type": "dpv:LegalBasis", "dct:title": basis },
      ),
    }),
    ...list("dpv:hasDataSource", attributes.origin, "dpv:DataSource"),
    ...(system.impactAssessment?.url !== undefined && {
      "dpv:hasImpactAssessment": { "@id": system.impactAssessment.url, "@type": "dpv:DPIA" },
    }),
    ...(system.reviewedOn !== undefined && {
      "dct:modified": { "@type": "xsd:date", "@value": system.reviewedOn },
    }),
  }
}

/** Writes the graph: the organization, then a data system at a time. */
export function* write(content: RecordContent): Generator<string> {
  const { organization, query, systems } = content
  const { privacyContact, representative } = organization
  const owner = {
    "@id": uuid(organization.id),
    "@type": query.as === "processor" ? "dpv:DataProcessor" : "dpv:DataController",
    "dpv:hasName": organization.name,
    ...(privacyContact !== undefined && { "dpv:hasContact": privacyContact }),
    ...(representative !== undefined && {
      "dpv:hasRepresentative": { "@type": "dpv:Representative", "dct:title": representative },
    }),
    "dpv:hasRecordOfActivity": {
      "@type": "dpv:ROPA",
      "dct:hasPart": systems.map(({ system }) => ({ "@id": uuid(system.id) })),
    },
  }
  yield `{"@context":${JSON.stringify(context)},"@graph":[${JSON.stringify(owner)}`
  for (const system of systems) yield `,${JSON.stringify(processJson(system, content))}`
  yield "]}"
}
