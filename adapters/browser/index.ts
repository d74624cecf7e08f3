/**
 * `assent/browser`: the client of pages and apps, without anything that is shown.
 *
 * A page that has the loader needs none of it: the loader brings a client of its own. An app, or a site that shows its
 * own banner, makes one over an environment.
 *
 * @example
 *   const client = open({ project: "…", base: "https://example.com/assent/site-v1/…" })
 *   client.when("analytics", startAnalytics)
 */
import * as Snapshot from "../../core/browser/Snapshot.ts"
import * as Client from "./Client.ts"
import type { ConsentClient } from "./ConsentClient.ts"
import type { Environment } from "./Environment.ts"
import { later } from "./Later.ts"
import * as PageEnvironment from "./PageEnvironment.ts"

export type {
  Cause,
  Choice,
  ConsentClient,
  Events,
  HistoryLine,
  Identification,
  Name,
  Recorded,
  Status,
  Surface,
  TypeDecision,
} from "./ConsentClient.ts"
export type { Environment, Happening, KeyStore, Line, Sending, Sent } from "./Environment.ts"

/** How a client is opened. */
export interface OpenOptions {
  /** The id of the project. */
  readonly project: string
  /** The address of the project's Site API, without a slash at its end: `https://…/site-v1/{projectId}`. */
  readonly base: string
  /** A tag of BCP 47. Left out: the languages of the browser. */
  readonly language?: string
  /** The domain of the cookie, where the site's sub-domains share it. Left out: the host of the page alone. */
  readonly cookieDomain?: string
  /** What the client runs in. Left out: this page. */
  readonly environment?: Environment
}

const tell: Environment["tell"] = (event, detail) => {
  document.dispatchEvent(new CustomEvent(`assent:${event}`, { detail }))
}

/** Opens a client. It shows nothing, and blocks nothing; `permits` and `when` say what a page may do. */
export const open = ({ base, cookieDomain, environment, language, project }: OpenOptions): ConsentClient => {
  const env = environment ?? PageEnvironment.make({ cookieDomain, tell })
  const hasSignal =
    environment === undefined &&
    (navigator as { readonly globalPrivacyControl?: boolean }).globalPrivacyControl === true
  return Client.make(env, {
    configuration: { project, revision: 0, types: [], strictest },
    base,
    gpc: hasSignal,
    snapshot: Snapshot.fromCookies(env.cookies(), project),
    isShowing: false,
    later: async () => later,
    isShared: cookieDomain !== undefined,
    ...(language !== undefined && { language }),
  })
}

/** Nothing is permitted before there is a configuration, so no settings matter. */
const strictest = {
  blockingMode: "strict",
  gcm: "disabled",
  urlPassthrough: false,
  microsoftUET: false,
  gpc: true,
  gpcCovers: [],
} as const
