/**
 * What article 30 of the GDPR asks of a record of processing activities, and a data system does not say.
 *
 * Only the article itself counts. What an authority recommends beyond it, such as a legal basis, is a column of the
 * record, and no gap.
 */
import type { AttributeFamily } from "./AttributeFamily.ts"
import * as Families from "./AttributeFamily.ts"
import type { DataSystem } from "./DataSystem.ts"

/**
 * What the organization is in what a data system does: it decides on purposes and means, does so together with others,
 * or acts on behalf of others.
 */
export type ProcessingRole = "controller" | "joint_controller" | "processor"

/** The members of a data system that the article asks for. */
export type Described = Pick<DataSystem, "attributes" | "crossBorder" | "retention" | "transfers" | "vendor">

/** Where the article asks for something, and when it is missing. */
interface Asked {
  /** The paragraph that asks a controller for it, and the one that asks a processor. Left out: it is not asked. */
  readonly controller?: string
  readonly processor?: string
  /** The member of the data system that would say it. */
  readonly field: string
  /** What to add, as a sentence. */
  readonly detail: string
  readonly isMissing: (system: Described, role: ProcessingRole | undefined) => boolean
}

const unlinked =
  (family: AttributeFamily) =>
  ({ attributes }: Described): boolean =>
    (attributes[family]?.length ?? 0) === 0

const linked = (family: AttributeFamily) => ({ field: Families.families[family].member, isMissing: unlinked(family) })

/** What the article asks for, by the code of the gap, in the order of its paragraphs. */
const asked = {
  relationship_missing: {
    controller: "30(1)",
    field: Families.families.relationship.member,
    detail: "say whether the organization is controller, joint controller or processor",
    isMissing: (_, role) => role === undefined,
  },
  activity_missing: {
    ...linked("processingActivity"),
    controller: "30(1)",
    processor: "30(2)(b)",
    detail: "link the processing activities that the system is used for",
  },
  controller_missing: {
    controller: "30(1)(a)",
    processor: "30(2)(a)",
    field: Families.families.contact.member,
    detail: "link a contact of each other controller",
    isMissing: (system, role) => (role === "joint_controller" || role === "processor") && unlinked("contact")(system),
  },
  purpose_missing: {
    ...linked("processingPurpose"),
    controller: "30(1)(b)",
    detail: "link the purposes of the processing",
  },
  data_subject_missing: {
    ...linked("dataSubject"),
    controller: "30(1)(c)",
    detail: "link the categories of people that the data is about",
  },
  data_category_missing: {
    ...linked("dataCategory"),
    controller: "30(1)(c)",
    detail: "link the categories of personal data",
  },
  recipient_missing: {
    controller: "30(1)(d)",
    field: Families.families.destination.member,
    detail: "link the categories of recipients, or name the vendor",
    isMissing: (system) => unlinked("destination")(system) && system.vendor === undefined,
  },
  transfer_missing: {
    controller: "30(1)(e)",
    processor: "30(2)(c)",
    field: "transfers",
    detail: "name the countries that personal data is passed to",
    isMissing: ({ crossBorder, transfers = [] }) => crossBorder && transfers.length === 0,
  },
  safeguard_missing: {
    controller: "30(1)(e)",
    processor: "30(2)(c)",
    field: "transfers",
    detail: "name the safeguard of each transfer, such as an adequacy decision or standard contractual clauses",
    isMissing: ({ transfers = [] }) => transfers.some(({ safeguard = "" }) => safeguard.trim() === ""),
  },
  retention_missing: {
    controller: "30(1)(f)",
    field: "retention",
    detail: "say how long the data is kept, such as P2Y",
    isMissing: ({ retention }) => retention === undefined,
  },
  security_measure_missing: {
    ...linked("securityMeasure"),
    controller: "30(1)(g)",
    processor: "30(2)(d)",
    detail: "link the technical and organizational measures",
  },
} as const satisfies Readonly<Record<string, Asked>>

/** The code of a gap. */
export type GapCode = keyof typeof asked

/** Every code of a gap. */
export const codes = Object.keys(asked) as ReadonlyArray<GapCode>

/** One thing that is asked for and missing. */
export interface RecordGap {
  readonly code: GapCode
  /** The paragraph of article 30 that asks for it: `30(1)(b)`. */
  readonly article: string
  readonly field: string
  readonly detail: string
}

/**
 * What is missing in the record of a data system, in the order of the article. Without a role it is recorded as a
 * controller's, which asks for more.
 */
export const of = (system: Described, role: ProcessingRole | undefined): ReadonlyArray<RecordGap> =>
  codes.flatMap((code) => {
    const { detail, field, isMissing, ...paragraphs }: Asked = asked[code]
    const article = paragraphs[role === "processor" ? "processor" : "controller"]
    return article !== undefined && isMissing(system, role) ? [{ code, article, field, detail }] : []
  })
