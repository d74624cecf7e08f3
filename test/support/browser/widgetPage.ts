/**
 * Pages with the banner and the preference centre, in a real Chromium: one server that gives each scene a page.
 */
import { build } from "esbuild"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { executablePath } from "../chromium.ts"
import type { Scene } from "./page/Scene.ts"

const root = join(import.meta.dirname, "../../..")

/** A script that is bundled as the script files of a page are. */
export const bundled = async (entryPoint: string): Promise<string> => {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entryPoint],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    write: false,
  })
  return outputFiles[0]!.text
}

const style = `
*{box-sizing:border-box}body{margin:0;font:18px/1.6 Georgia,serif;color:#222;background:#fff}
header{display:flex;flex-wrap:wrap;gap:24px;padding:20px 5vw;border-bottom:1px solid #ddd}a{color:#0b5394}
main{max-width:44em;margin:0 auto;padding:32px 5vw}h1{font-size:clamp(1.6em,5vw,2.6em);line-height:1.2}footer{padding:32px 5vw;background:#f4f4f4}
@media(prefers-color-scheme:dark){body{background:#101214;color:#ddd}header{border-color:#333}footer{background:#181b1e}a{color:#8ab4f8}}`

const paragraph =
  "The river comes down from the hills in the north, and for two hundred years the town has lived from it. " +
  "Mills stood where the café is now; the weir that fed them is still there, and in May the salmon jump it."

const markup = (scene: Scene): string => `<!doctype html>
<html lang="${scene.visit.texts.language}" dir="${scene.visit.texts.dir}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>A walk along the river</title>
<link rel="stylesheet" href="/site.css">
<script type="application/json" id="scene" nonce="page">${JSON.stringify(scene).replaceAll("<", "\\u003c")}</script></head>
<body><header><a href="#top">Home</a><a href="#walks">Walks</a><a href="#shop">Shop</a></header>
<main id="top"><h1>A walk along the river, from the old bridge to the sea</h1>
${`<p>${paragraph} <a href="#map">See the map</a>.</p>`.repeat(9)}<form><label>Your e-mail <input type="email"></label></form></main>
<footer><a id="last" href="#imprint">Imprint</a></footer>
<script nonce="page" src="/page.js"></script></body></html>`

const policy =
  "default-src 'none'; script-src 'nonce-page' 'strict-dynamic'; style-src 'self'; img-src https://logo.example; " +
  "require-trusted-types-for 'script'; trusted-types assent"

/** Pages of scenes. */
export interface WidgetPages {
  readonly browser: Browser
  /** Opens the page of a scene in a context of its own, once what the scene shows by itself is shown. */
  readonly open: (scene: Scene, options?: BrowserContextOptions) => Promise<Page>
  readonly close: () => Promise<void>
}

/** Starts the server and the browser. Any error of a page, also a violation of its policy, is in `errors`. */
export const start = async (errors: Array<string>): Promise<WidgetPages> => {
  const [page, banner, preferences] = await Promise.all(
    ["test/support/browser/page/page.ts", "apps/site-client/banner.ts", "apps/site-client/preferences.ts"].map(bundled),
  )
  const scripts = new Map([
    ["/page.js", page],
    ["/banner.js", banner],
    ["/preferences.js", preferences],
  ])
  const scenes: Array<Scene> = []
  const server = createServer(({ url = "" }, response) => {
    const script = scripts.get(url)
    const scene = scenes[Number(/^\/scenes\/(\d+)/.exec(url)?.[1] ?? -1)]
    if (script !== undefined) response.setHeader("content-type", "text/javascript; charset=utf-8").end(script)
    else if (url === "/site.css") response.setHeader("content-type", "text/css").end(style)
    else if (scene === undefined) response.writeHead(404).end()
    else {
      response.setHeader("content-type", "text/html; charset=utf-8")
      response.setHeader("content-security-policy", policy).end(markup(scene))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] })

  const open: WidgetPages["open"] = async (scene, options) => {
    const context = await browser.newContext({ reducedMotion: "reduce", bypassCSP: false, ...options })
    const page = await context.newPage()
    page.on("pageerror", (error) => errors.push(error.message))
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()))
    await page.goto(`${base}/scenes/${scenes.push(scene) - 1}`)
    await page.waitForLoadState("networkidle")
    return page
  }

  const close = async (): Promise<void> => {
    await browser.close()
    await new Promise((resolve) => server.close(resolve))
  }
  return { browser, open, close }
}
