/**
 * What the loader tells others of what is permitted: all denied before anything else, then each change.
 */
import * as GoogleConsent from "../../../core/browser/GoogleConsent.ts"
import type { LoaderConfiguration } from "../../../core/browser/LoaderConfiguration.ts"
import type { Parts, SignalSender } from "../Parts.ts"
import * as Google from "./google.ts"
import * as Microsoft from "./microsoft.ts"

/** Says that all is denied, and answers what says more. `subcategories` are those that the project has. */
export const start = (
  settings: LoaderConfiguration["strictest"],
  subcategories: ReadonlyArray<string>,
  isKnownPage: boolean,
  tell: Parts["tell"],
): SignalSender => {
  const { gcm, gcmMap = {}, microsoftUET } = settings
  const hasGoogle = gcm !== "disabled"
  const denied = GoogleConsent.wordsOf(gcmMap, () => false)
  let said: string | undefined

  if (hasGoogle) Google.deny(settings, denied, isKnownPage, tell)
  if (microsoftUET) Microsoft.say("default", denied)

  return {
    update: (permits) => {
      const words = GoogleConsent.wordsOf(gcmMap, permits)
      const state = Object.fromEntries(subcategories.map((name) => [name, permits(name)]))
      const saying = JSON.stringify([words, state])
      if (saying === said) return
      said = saying
      if (hasGoogle) Google.update(words)
      if (microsoftUET) Microsoft.say("update", words)
      Google.layer().push({ event: "consent_updated", consent_state: state })
    },
  }
}
