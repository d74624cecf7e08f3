/**
 * The families of attributes that describe data systems: one table, from which paths, members and rules follow.
 */

/** The name of a family. */
export type AttributeFamily =
  | "contact"
  | "dataCategory"
  | "dataSubject"
  | "destination"
  | "origin"
  | "processingActivity"
  | "processingPurpose"
  | "relationship"
  | "securityMeasure"

/** What differs between families. */
export interface FamilyDetails {
  /** The end of the path of its endpoints: `contacts` in `…/data-system-contacts`. */
  readonly path: string
  /** The member of a data system that names its linked attributes. */
  readonly member: string
  /** Whether a data system has at most one attribute of the family, so that the member is an id and not a list. */
  readonly isSingle?: true
}

/** Every family. */
export const families = {
  contact: { path: "contacts", member: "dataSystemContacts" },
  dataCategory: { path: "data-categories", member: "dataSystemDataCategories" },
  dataSubject: { path: "data-subjects", member: "dataSystemDataSubjects" },
  destination: { path: "destinations", member: "dataSystemDestinations" },
  origin: { path: "origins", member: "dataSystemOrigins" },
  processingActivity: { path: "processing-activities", member: "dataSystemProcessingActivities" },
  processingPurpose: { path: "processing-purposes", member: "dataSystemProcessingPurposes" },
  relationship: { path: "relationships", member: "dataSystemRelationship", isSingle: true },
  securityMeasure: { path: "security-measures", member: "dataSystemSecurityMeasures" },
} as const satisfies { readonly [Family in AttributeFamily]: FamilyDetails }

/** The names of all families. */
export const names = Object.keys(families) as ReadonlyArray<AttributeFamily>

/** What a family differs by. */
export const of = (family: AttributeFamily): FamilyDetails => families[family]
