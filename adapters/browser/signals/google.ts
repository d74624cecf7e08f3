/**
 * Tells Google's scripts what is permitted (Consent Mode v2), by the `dataLayer` of the page: one default before any
 * other script, and an update for each change.
 */
import * as GoogleConsent from "../../../core/browser/GoogleConsent.ts"
import type { LoaderConfiguration } from "../../../core/browser/LoaderConfiguration.ts"
import * as Names from "../../../core/browser/Names.ts"
import type { Parts, SignalSender } from "../Parts.ts"

/** How long Google's scripts wait for the client, in milliseconds. */
const waitMillis = 500

const isDefault = (entry: unknown): boolean =>
  typeof entry === "object" && (entry as Record<number, unknown>)?.[0] === "consent" && Reflect.get(entry!, 1) === "default"

/** Pushes the default, and answers how to push updates. Begins with an update if the page is known from a snapshot. */
export const start = (
  { strictest: { gcm, gcmMap, urlPassthrough }, types }: LoaderConfiguration,
  isKnownPage: boolean,
  tell: Parts["tell"],
): SignalSender => {
  const page = window as unknown as { dataLayer?: Array<unknown> }
  const layer = (page.dataLayer ??= [])
  // Google's scripts read `arguments`, and pass over arrays.
  const gtag: (...words: ReadonlyArray<unknown>) => void = function () {
    // oxlint-disable-next-line prefer-rest-params
    layer.push(arguments)
  }
  const subcategories = [
    ...new Set(types.flatMap(({ triple }) => (triple.startsWith("privacy_setting/") ? [triple.split("/")[1]!] : []))),
  ]
  const has = (name: string) => Names.typesOf(types, name).length > 0
  let said = ""

  if (gcm !== "disabled") {
    if (layer.some(isDefault))
      tell("error", { code: "consent_default_found", detail: "another script has set a default of consent mode" })
    gtag("consent", "default", { ...GoogleConsent.denied, ...(!isKnownPage && { wait_for_update: waitMillis }) })
    gtag("set", "ads_data_redaction", true)
    if (urlPassthrough) gtag("set", "url_passthrough", true)
  }

  return {
    update: (permits) => {
      const grants = GoogleConsent.grants({ has, permits }, gcmMap)
      const state = Object.fromEntries(subcategories.map((name) => [name, permits(name)]))
      const saying = JSON.stringify([grants, state])
      if (saying === said) return
      said = saying
      if (gcm !== "disabled") {
        gtag("consent", "update", GoogleConsent.words(grants))
        gtag("set", "ads_data_redaction", !grants.ad_storage)
      }
      layer.push({ event: "consent_updated", consent_state: state })
    },
  }
}
