/**
 * What the loader is given: a part of the published configuration that is the same for every visitor. The server writes
 * it into the loader as JSON.
 */
import type { GoogleMap } from "./GoogleConsent.ts"
import type { RegionSettings } from "./Region.ts"
import type { ScriptFiles } from "./VisitAnswer.ts"

/** A consent type, as the loader knows it. */
export interface LoaderType {
  readonly id: string
  /** `category/subcategory/label`. */
  readonly triple: string
  /** The name under which snapshots hold its answer: see Snapshot.ts. Types may share one. */
  readonly name: string
  readonly required: boolean
  /** Answers of snapshots that were made under an earlier revision do not count. */
  readonly since: number
}

/** The configuration of the loader of a project. */
export interface LoaderConfiguration {
  /** The id of the project. */
  readonly project: string
  readonly revision: number
  /** Shared by its sub-domains; left out: the host of the page alone. */
  readonly cookieDomain?: string
  readonly types: ReadonlyArray<LoaderType>
  /** The strictest settings of all regions: in force until the visit or a snapshot tells the region. */
  readonly strictest: Pick<
    RegionSettings,
    "blockingMode" | "gcm" | "urlPassthrough" | "microsoftUET" | "gpc" | "gpcCovers"
  > & {
    /** Left out where Google and Microsoft get no signals. */
    readonly gcmMap?: GoogleMap
  }
  /** Whether the project is archived: markup is held, and nothing is shown. */
  readonly isArchived: boolean
  readonly files: ScriptFiles
}
