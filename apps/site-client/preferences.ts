/**
 * The script file of the preference centre, with the history and the question whether to load the page again.
 */
import * as Parts from "../../adapters/browser/Parts.ts"
import type { Dialog } from "./widget/dialog.ts"
import * as Preferences from "./widget/preferences.ts"
import * as ReloadQuestion from "./widget/reloadQuestion.ts"

const parts = Parts.ofDocument()
let shown: Dialog | undefined

const onClosed = (): void => {
  shown = undefined
}

if (parts !== undefined) {
  parts.preferences = {
    show: (client, surface) => {
      const visit = client.visit()
      if (visit !== undefined) shown ??= Preferences.show(client, visit, surface, onClosed)
    },
    hide: () => shown?.close(),
    askReload: (client) => {
      const visit = client.visit()
      if (visit !== undefined) shown ??= ReloadQuestion.ask(visit, onClosed)
    },
  }
}
