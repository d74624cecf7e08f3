/**
 * The script file of the preference centre, with the history and the question whether to load the page again.
 */
import * as Parts from "../../adapters/browser/Parts.ts"
import * as Preferences from "./widget/preferences.ts"
import * as ReloadQuestion from "./widget/reloadQuestion.ts"
import { preferencesStyle } from "./widget/preferencesStyle.ts"
import { start } from "./widget/host.ts"

const parts = Parts.ofDocument()
let close: (() => void) | undefined

const onClosed = (): void => {
  close = undefined
}

if (parts) {
  start(preferencesStyle)
  parts.preferences = {
    show: (client, surface) => {
      const visit = client.visit()
      if (visit) close ??= Preferences.show(parts, client, visit, surface, onClosed)
    },
    hide: () => close?.(),
    askReload: (client) => {
      const visit = client.visit()
      if (visit) ReloadQuestion.ask(visit)
    },
  }
}
