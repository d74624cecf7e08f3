/**
 * The script file of the banner, and of the button that opens the preference centre.
 */
import * as Parts from "../../adapters/browser/Parts.ts"
import * as Banner from "./widget/banner.ts"
import { bannerStyle } from "./widget/bannerStyle.ts"
import { host, start } from "./widget/host.ts"
import { showButton } from "./widget/settingsButton.ts"

const parts = Parts.ofDocument()
let hide: () => void

if (parts) {
  start(bannerStyle)
  parts.banner = {
    show: (client) => {
      const visit = client.visit()
      if (visit && !host.className) hide = Banner.show(parts, client, visit)
    },
    hide: () => host.className && hide(),
    showSettingsButton: (client) => {
      const visit = client.visit()
      if (visit) showButton(client, visit)
    },
  }
}
