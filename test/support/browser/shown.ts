/** What a page shows and keeps, as expressions that tests evaluate in it. */
import * as Texts from "../../../core/browser/texts/index.ts"
import { control, deep, type Tab, until } from "./browsers.ts"

/** Our texts in the language of the test pages. */
export const english = Texts.of("en")

const { acceptButton, customizeButton, denyButton } = english.consentBanner

/** Whether the banner can be used. */
export const visibleBanner = `(${control(denyButton)}) !== undefined`

/** Whether no banner is shown. */
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

/** The client of a page, which the loader's parts hold. */
export const client = `document[Symbol.for("assent.parts")]?.client`

/** Waits until the client of a page has the server's answer. */
export const fresh = (tab: Tab): Promise<void> => until(tab, `${client}?.status().phase === "fresh"`)

/** Waits until the server has every choice of a page. */
export const sent = (tab: Tab): Promise<void> => until(tab, `${client}?.status().pending === 0`)

/** Whether a type is permitted in a page. */
export const permits = (tab: Tab, name: string): Promise<boolean> =>
  tab.evaluate(`${client}.permits(${JSON.stringify(name)})`)

/** Answers for one type from the page, and does not wait for the server. */
export const record = (tab: Tab, consentType: string, consentState: "accepted" | "declined"): Promise<void> =>
  tab.evaluate(`void ${client}.record([${JSON.stringify({ consentType, consentState })}])`)

/** Clicks the switch of a type in the preference centre. */
export const toggle = async (tab: Tab, name: string): Promise<void> => {
  const found = `${deep("input[role=switch]")}.find((each) => [...each.labels].some((label) => label.textContent.includes(${JSON.stringify(name)})))`
  await until(tab, `${found} !== undefined`)
  await tab.evaluate(`${found}.click()`)
}

/** The triple of the demonstration's type. */
export const analytics = "privacy_setting/analytics/analytics"
