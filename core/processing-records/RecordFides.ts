/**
 * The record of processing activities as a manifest of fideslang 3 in YAML: a `system` for each data system. An import
 * of it changes nothing.
 *
 * All texts are JSON strings, which YAML 1.2 reads alike, so that none is read as anything else.
 */
import type { RecordedAttribute, RecordedSystem } from "../data-systems/ProcessingRecords.ts"
import * as FidesTerms from "../data-systems/FidesTerms.ts"
import type { RecordContent } from "./RecordContent.ts"

/** A member that is not written if it has no value. */
const member = (indent: string, name: string, value: string | boolean | ReadonlyArray<string> | undefined): string => {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return ""
  return `${indent}${name}: ${JSON.stringify(value)}\n`
}

const keys = (attributes: ReadonlyArray<RecordedAttribute>): ReadonlyArray<string> => attributes.map(FidesTerms.keyOf)

/** The names of contacts of a type; nothing else of them, because a manifest is kept with source code. */
const contactName = ({ attributes: { contact } }: RecordedSystem, type: string): string | undefined =>
  contact.find(({ contactType }) => contactType?.key === type)?.name

/** Names in one text; one that would be read as several is left out. */
const text = (attributes: ReadonlyArray<RecordedAttribute>): string | undefined => {
  const all = attributes.map(({ name }) => name).filter((name) => !FidesTerms.isList(name))
  return all.length === 0 ? undefined : all.join("; ")
}

/** A declaration for each purpose of a system: all of its activities serve all of them. */
function* declarations({ attributes, system }: RecordedSystem): Generator<string> {
  const { dataCategory, dataSubject, destination, processingActivity, processingPurpose } = attributes
  const others = [processingActivity, dataCategory, dataSubject, destination]
  const isDeclared = others.some(({ length }) => length > 0) || system.retention !== undefined
  const uses = processingPurpose.length > 0 ? keys(processingPurpose) : isDeclared ? [FidesTerms.anyUse] : []
  const { legalBases = [], retention, specialCategoryBasis } = system
  yield uses.length === 0 ? "    privacy_declarations: []\n" : "    privacy_declarations:\n"
  for (const use of uses) {
    const line = (name: string, value: Parameters<typeof member>[2]) => member("        ", name, value)
    yield `      - data_use: ${JSON.stringify(use)}\n`
    yield line("name", text(processingActivity))
    yield `        data_categories: ${JSON.stringify(keys(dataCategory))}\n`
    yield line("data_subjects", keys(dataSubject))
    // A declaration has one legal basis. Which of several it is is not known, so that none is written.
    yield line(
      "legal_basis_for_processing",
      legalBases.length === 1 ? FidesTerms.legalBasisOf(legalBases[0]) : undefined,
    )
    yield line("special_category_legal_basis", FidesTerms.specialBasisOf(specialCategoryBasis))
    yield line("retention_period", retention)
    yield line("data_shared_with_third_parties", destination.length > 0 ? true : undefined)
    yield line("third_parties", text(destination))
  }
}

/** Where data comes from or goes. */
const flows = (name: "egress" | "ingress", attributes: ReadonlyArray<RecordedAttribute>): string =>
  attributes.length === 0
    ? ""
    : `    ${name}:\n${attributes.map((each) => `      - ${JSON.stringify(FidesTerms.flowOf(each))}\n`).join("")}`

/** A data system. */
function* systemText(of: RecordedSystem): Generator<string> {
  const { attributes, role, system } = of
  const line = (name: string, value: Parameters<typeof member>[2]) => member("    ", name, value)
  yield `  - fides_key: ${JSON.stringify(FidesTerms.systemKeyOf(system))}\n`
  yield line("name", system.name)
  yield line("description", system.additionalNotes)
  yield `    system_type: ${JSON.stringify(system.dataSystemTypeId ?? FidesTerms.anyType)}\n`
  yield line("administrating_department", system.owner)
  yield line("responsibility", FidesTerms.responsibilityOf(attributes.relationship[0], role))
  yield line("does_international_transfers", system.crossBorder ? true : undefined)
  const safeguards = system.transfers?.flatMap(({ safeguard }) => safeguard ?? []) ?? []
  yield line("legal_basis_for_transfers", [...new Set(safeguards)])
  yield line("requires_data_protection_assessments", system.impactAssessment?.required)
  yield line("dpa_progress", system.impactAssessment?.status)
  yield line("dpa_location", system.impactAssessment?.url)
  yield line("data_security_practices", text(attributes.securityMeasure))
  yield line("dpo", contactName(of, "data-protection-officer"))
  yield line(
    "joint_controller_info",
    role === "joint_controller" ? (contactName(of, "controller") ?? "not named") : undefined,
  )
  yield line("legal_name", system.vendor?.name)
  yield line("privacy_policy", system.vendor?.url)
  yield flows("ingress", attributes.origin)
  yield flows(
    "egress",
    attributes.destination.filter(({ name }) => FidesTerms.isList(name)),
  )
  yield* declarations(of)
}

/** Writes the manifest, a data system at a time. */
export function* write({ systems }: RecordContent): Generator<string> {
  yield systems.length === 0 ? "system: []\n" : "system:\n"
  for (const system of systems) yield [...systemText(system)].join("")
}
