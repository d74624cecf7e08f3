/**
 * Other consent managers, in the versions that the figures name, as a site would serve them. They are installed by npm
 * into a folder that is removed afterwards, because an installation of this repository needs none of them:
 * `BENCH_PEERS=1 npm run bench -- browser`.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bundle } from "./bundle.ts"

/** A product whose banner is measured next to that of Assent. */
export interface Contender {
  readonly name: string
  /** What a page has in its head. */
  readonly head: string
  /** An expression of the button that refuses; undefined or null while there is none. */
  readonly refuse: string
}

/** The files of the peers. */
export interface Peers {
  /** The files of each product that a first view with a banner needs. */
  readonly files: Readonly<Record<string, Uint8Array>>
  /** The names of the files of each product. */
  readonly products: Readonly<Record<string, ReadonlyArray<string>>>
  readonly contenders: ReadonlyArray<Contender>
}

const packages = ["vanilla-cookieconsent@3.1.0", "klaro@0.7.22", "c15t@2.2.1"]

const title = "Your privacy"
const description = "We count visits, to learn which pages are slow. You can change your answer at any time."

const vanillaStart = `CookieConsent.run({
  hideFromBots: false,
  categories: { necessary: { enabled: true, readOnly: true }, analytics: {} },
  language: { default: "en", translations: { en: {
    consentModal: { title: "${title}", description: "${description}", acceptAllBtn: "Accept all",
      acceptNecessaryBtn: "Refuse all", showPreferencesBtn: "Settings" },
    preferencesModal: { title: "Settings", acceptAllBtn: "Accept all", acceptNecessaryBtn: "Refuse all",
      savePreferencesBtn: "Save", sections: [{ title: "Statistics", linkedCategory: "analytics" }] },
  } } },
})`

const klaroStart = `var klaroConfig = {
  version: 1, acceptAll: true, lang: "en",
  translations: { en: { consentNotice: { title: "${title}", description: "${description}" } } },
  services: [{ name: "analytics", title: "Statistics", purposes: ["analytics"] }],
}`

const contenders: ReadonlyArray<Contender> = [
  {
    name: "vanilla-cookieconsent",
    head:
      '<link rel="stylesheet" href="/files/vanilla.css"><script defer src="/files/vanilla.js"></script>' +
      '<script defer src="/files/vanilla-start.js"></script>',
    refuse: 'document.querySelector("#cc-main .cm [data-role=necessary]")',
  },
  {
    name: "klaro",
    head: '<script defer src="/files/klaro-start.js"></script><script defer src="/files/klaro.js"></script>',
    refuse: 'document.querySelector(".klaro .cn-decline")',
  },
]

/** The library without a banner, as a bundler puts it into a page that makes its manager. */
const headless = async (folder: string): Promise<Uint8Array> => {
  const entry = join(folder, "c15t-start.mjs")
  writeFileSync(
    entry,
    'import { getOrCreateConsentRuntime } from "c15t"\nglobalThis.consent = getOrCreateConsentRuntime({ mode: "offline" })\n',
  )
  return bundle(entry)
}

/** Installs the peers and reads their files; `undefined` unless `BENCH_PEERS` is set. */
export const install = async (): Promise<Peers | undefined> => {
  if (process.env["BENCH_PEERS"] === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), "assent-peers-"))
  try {
    const quiet = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    execFileSync("npm", ["install", "--prefix", folder, ...quiet, ...packages], { stdio: "inherit" })
    const file = (path: string) => readFileSync(join(folder, "node_modules", path))
    return {
      files: {
        "vanilla.js": file("vanilla-cookieconsent/dist/cookieconsent.umd.js"),
        "vanilla.css": file("vanilla-cookieconsent/dist/cookieconsent.css"),
        "vanilla-start.js": Buffer.from(vanillaStart),
        "klaro.js": file("klaro/dist/klaro.js"),
        "klaro-start.js": Buffer.from(klaroStart),
        "c15t.js": await headless(folder),
      },
      products: {
        "vanilla-cookieconsent 3.1.0, script and styles": ["vanilla.js", "vanilla.css"],
        "klaro 0.7.22, with its styles": ["klaro.js"],
        "c15t 2.2.1, without a banner": ["c15t.js"],
      },
      contenders,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
