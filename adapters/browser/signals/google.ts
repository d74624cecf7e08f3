/**
 * Tells Google's scripts what is permitted (Consent Mode v2), by the `dataLayer` of the page: one default before any
 * other script, and an update for each change.
 */
import type * as GoogleConsent from "../../../core/browser/GoogleConsent.ts"
import type { LoaderConfiguration } from "../../../core/browser/LoaderConfiguration.ts"
import type { Parts } from "../Parts.ts"

/** The queue that Google's scripts read. */
export const layer = (): Array<unknown> => ((window as unknown as { dataLayer?: Array<unknown> }).dataLayer ??= [])

/** How long Google's scripts wait for the client, in milliseconds. */
const waitMillis = 500

/** Google's scripts read `arguments`, and pass over arrays. */
const gtag: (...words: ReadonlyArray<unknown>) => void = function () {
  // oxlint-disable-next-line prefer-rest-params
  layer().push(arguments)
}

const isDefault = (words: { readonly 0?: unknown; readonly 1?: unknown } | null): boolean =>
  words?.[0] === "consent" && words[1] === "default"

/** Says that all is denied. `isKnownPage`: an update follows at once, so nothing waits for the client. */
export const deny = (
  { urlPassthrough }: LoaderConfiguration["strictest"],
  denied: GoogleConsent.Words,
  isKnownPage: boolean,
  tell: Parts["tell"],
): void => {
  if ((layer() as Array<Parameters<typeof isDefault>[0]>).some(isDefault))
    tell("error", { code: "consent_default_found", detail: "dataLayer" })
  // Security needs no consent.
  gtag("consent", "default", {
    ...denied,
    security_storage: "granted",
    ...(!isKnownPage && { wait_for_update: waitMillis }),
  })
  gtag("set", "ads_data_redaction", true)
  if (urlPassthrough) gtag("set", "url_passthrough", true)
}

/** Says what is granted now. */
export const update = (words: GoogleConsent.Words): void => {
  gtag("consent", "update", words)
  gtag("set", "ads_data_redaction", words.ad_storage === "denied")
}
