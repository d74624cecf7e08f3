/**
 * The script file of the banner, and of the button that opens the preference centre.
 */
import * as Parts from "../../adapters/browser/Parts.ts"
import * as Banner from "./widget/banner.ts"
import { showButton } from "./widget/settingsButton.ts"

const parts = Parts.ofDocument()
let hide: (() => void) | undefined
let settings: HTMLElement | undefined

/** The button would lie under the banner, which has one that does the same. */
const update = (): void => {
  if (settings !== undefined) settings.hidden = hide !== undefined
}

if (parts !== undefined) {
  parts.banner = {
    show: (client) => {
      const visit = client.visit()
      if (visit === undefined || hide !== undefined) return
      hide = Banner.show(client, visit, () => {
        hide = undefined
        update()
      })
      update()
    },
    hide: () => hide?.(),
    showSettingsButton: (client) => {
      const visit = client.visit()
      if (visit === undefined || settings !== undefined) return
      settings = showButton(client, visit)
      update()
    },
  }
}
