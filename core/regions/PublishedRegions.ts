/**
 * The published configuration of a project's site client: its regions, by numbered revisions.
 *
 * A publication is never changed, so the configuration as known at any instant can be read (semantics, section 3).
 */
import type { Region, RegionSettings } from "../browser/Region.ts"
import * as Instant from "../engine/Instant.ts"
import type { Catalog, Project } from "../model/Catalog.ts"

/** A revision of the configuration. */
export interface Publication {
  /** From 1; 0: nothing was published, and every visitor is treated by the template `gdpr`. */
  readonly revision: number
  readonly publishedAt: Instant.Instant
  /** At least one, of which one is the default. */
  readonly regions: ReadonlyArray<Region>
}

/** The settings of the template `gdpr`. */
export const gdpr: RegionSettings = {
  consentMode: "express",
  blockingMode: "permissive",
  consentDuration: 6,
  impliedConsentDelay: 0,
  gpc: true,
  gpcCovers: ["marketing"],
  doNotSell: false,
  limitPii: false,
  gcm: "basic",
  urlPassthrough: false,
  microsoftUET: false,
  afterWithdrawal: "reload",
  floatingButton: true,
  consentHistory: true,
  banner: {
    enabled: true,
    layout: "bar",
    position: "bottom",
    theme: "auto",
    closeButton: "none",
    denyButton: true,
    customizeButton: true,
  },
  branding: {},
}

const unpublished = (project: Project): Publication => ({
  revision: 0,
  publishedAt: project.dateCreated,
  regions: [{ id: project.id, name: "default", regions: "default", settings: gdpr, texts: {}, defaultLanguage: "en" }],
})

/** The publication in force, as known at an instant. */
export const asOf = (_catalog: Catalog, project: Project, _knownAt: Instant.Instant): Publication =>
  unpublished(project)

/** The publication in force. */
export const current = (catalog: Catalog, project: Project): Publication => asOf(catalog, project, Instant.max)

/** The region of an id. */
export const byId = ({ regions }: Publication, id: string): Region | undefined => regions.find((each) => each.id === id)

/**
 * The region of a geography (ISO 3166-2): the one that names it, else the one that names its country, else the default
 * one, also where the geography is not known.
 */
export const ofGeography = ({ regions }: Publication, geography: string | undefined): Region => {
  const named = (code: string | undefined) =>
    code === undefined ? undefined : regions.find((each) => each.regions !== "default" && each.regions.includes(code))
  return named(geography) ?? named(geography?.slice(0, 2)) ?? regions.find((each) => each.regions === "default")!
}
