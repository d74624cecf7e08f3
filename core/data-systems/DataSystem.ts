/**
 * Data systems: the places where an organization keeps or uses personal data, and the attributes that describe them.
 *
 * A link between a system and an attribute is kept on the system alone.
 */
import type { CivilDate } from "../compliance/CivilDate.ts"
import type { RequestKind } from "../compliance/ClockPack.ts"
import type { Instant } from "../engine/Instant.ts"
import type { AttributeFamily } from "./AttributeFamily.ts"

/** Every status of a data system, and of an attribute. */
export const statuses = ["active", "archived", "test"] as const

/** The status of a data system, and of an attribute. */
export type SystemStatus = (typeof statuses)[number]

/** A transfer to a country outside the European Economic Area (GDPR, article 30(1)(e)). */
export interface Transfer {
  /** ISO 3166-1, two letters. */
  readonly country: string
  /** What makes it lawful: an adequacy decision, standard clauses. */
  readonly safeguard?: string
  readonly note?: string
}

/** Where a data system takes tasks of compliance requests automatically. */
export interface Connector {
  /** An `https` URL. */
  readonly url: string
  readonly profile: "assent" | "opendsr"
  /** What it gets to know of the person, as far as it is known and shown: the value itself, or SHA-256 of it. */
  readonly identities: ReadonlyArray<{ readonly type: "email" | "phone"; readonly format: "raw" | "sha256" }>
  readonly isActive: boolean
  /** The generation of its secret, from 1. */
  readonly generation: number
  /** Until when the secret of the generation before signs as well. */
  readonly overlapUntil?: Instant
  /** A certificate in PEM. A callback must then be signed with its key, as OpenDSR says. */
  readonly certificate?: string
}

/** A data system of an organization. */
export interface DataSystem {
  readonly id: string
  readonly organization: string
  readonly dateCreated: Instant
  readonly dateUpdated: Instant
  readonly name: string
  readonly status: SystemStatus
  /** Whether it passes personal data to other countries. */
  readonly crossBorder: boolean
  /** How long it keeps personal data: an ISO 8601 duration, such as `P2Y`. */
  readonly retention?: string
  readonly additionalNotes?: string
  readonly icon?: string
  readonly globalDataSystemId?: string
  readonly dataSystemTypeId?: string
  /** The ids of the attributes that describe it, by family. A family that is left out has none. */
  readonly attributes: { readonly [Family in AttributeFamily]?: ReadonlyArray<string> }
  /** The projects whose compliance requests concern it. Empty: all of the organization. */
  readonly projectIds: ReadonlyArray<string>
  /** The kinds of compliance requests that it gets tasks for. Left out: all. */
  readonly handles?: ReadonlyArray<RequestKind>
  readonly connector?: Connector
  /** How many secrets its connectors had. Left out: none. */
  readonly secretsMade?: number
  /**
   * GDPR, article 6(1): `consent`, `contract`, `legal_obligation`, `vital_interests`, `public_task`,
   * `legitimate_interests`.
   */
  readonly legalBases?: ReadonlyArray<string>
  /** GDPR, article 9(2). */
  readonly specialCategoryBasis?: string
  readonly transfers?: ReadonlyArray<Transfer>
  readonly impactAssessment?: { readonly required?: boolean; readonly status?: string; readonly url?: string }
  readonly vendor?: { readonly name: string; readonly url?: string; readonly agreementUrl?: string }
  /** The team or role inside the organization that is responsible for it. */
  readonly owner?: string
  readonly reviewedOn?: CivilDate
  /** Its key in a fideslang manifest, by which an import finds it again. */
  readonly fidesKey?: string
  /** It was deleted: it is not listed, and its name is free. */
  readonly isRemoved?: true
}

/** An attribute that an organization has added to a family. Those that come with Assent are in `AttributeCatalogue`. */
export interface DataSystemAttribute {
  readonly id: string
  readonly organization: string
  readonly dateCreated: Instant
  readonly dateUpdated: Instant
  readonly family: AttributeFamily
  readonly name: string
  readonly status: SystemStatus
  readonly description?: string
  readonly globalDataSystemAttributeId?: string
  /** Of a data category. */
  readonly pIIType?: "none" | "standard" | "sensitive"
  /** Of a contact: the id of a contact type of the catalogue. Its address and number are kept apart, to be erasable. */
  readonly contactType?: string
  /** Its key in fideslang, by which an import finds it again. */
  readonly fidesKey?: string
  readonly isRemoved?: true
}

/** The most data systems and attributes of an organization, and the most links of a system in one family. */
export const maxSystems = 1000
export const maxAttributes = 5000
export const maxLinks = 200
