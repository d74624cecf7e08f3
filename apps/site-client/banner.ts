/**
 * The script file of the banner, and of the button that opens the preference centre.
 */
import * as Parts from "../../adapters/browser/Parts.ts"
import * as Banner from "./widget/banner.ts"
import { showButton } from "./widget/settingsButton.ts"
import { bannerStyle } from "./widget/bannerStyle.ts"
import { start } from "./widget/host.ts"

const parts = Parts.ofDocument()
let hide: (() => void) | undefined
let settings: HTMLElement | undefined

/** The button would lie under the banner, which has one that does the same. */
const update = (): void => {
  if (settings) settings.hidden = !!hide
}

if (parts) {
  start(bannerStyle)
  parts.banner = {
    show: (client) => {
      const visit = client.visit()
      if (!visit || hide) return
      hide = Banner.show(parts, client, visit, () => {
        hide = undefined
        update()
      })
      update()
    },
    hide: () => hide?.(),
    showSettingsButton: (client) => {
      const visit = client.visit()
      if (!visit || settings) return
      settings = showButton(client, visit)
      update()
    },
  }
}
