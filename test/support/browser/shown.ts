/** What a page shows and keeps, as expressions that tests evaluate in it. */
import * as Texts from "../../../core/browser/texts/index.ts"
import { control, type Tab, until } from "./browsers.ts"

/** Our texts in the language of the test pages. */
export const english = Texts.of("en")

const { acceptButton, customizeButton, denyButton } = english.consentBanner

/** Whether the banner can be used. */
export const visibleBanner = `(${control(denyButton)}) !== undefined`

/** Whether no banner and no preference centre is shown, once the client has decided. */
export const nothingShown = `(${control(denyButton)}) === undefined`

/** Clicks on the banner. */
export const accept = (tab: Tab): Promise<void> => tab.press(acceptButton)
export const refuse = (tab: Tab): Promise<void> => tab.press(denyButton)
export const choose = (tab: Tab): Promise<void> => tab.press(customizeButton)

/** What a page keeps in its browser. */
export interface Stored {
  readonly cookies: string
  readonly local: ReadonlyArray<string>
  readonly session: ReadonlyArray<string>
  readonly databases: ReadonlyArray<string>
  readonly caches: ReadonlyArray<string>
}

/** Everything that scripts of a page can find in its browser's storage. */
export const storedIn = (tab: Tab): Promise<Stored> =>
  tab.evaluate(`(async () => ({
    cookies: document.cookie,
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: await caches.keys(),
  }))()`)

/** Waits until the client of a page has the server's answer. */
export const fresh = (tab: Tab): Promise<void> => until(tab, `window.assent?.status?.().phase === "fresh"`)

/** Waits until the server has every choice of a page. */
export const sent = (tab: Tab): Promise<void> => until(tab, `window.assent?.status?.().pending === 0`)

/** Whether a type is permitted in a page. */
export const permits = (tab: Tab, name: string): Promise<boolean> =>
  tab.evaluate(`window.assent.permits(${JSON.stringify(name)})`)
