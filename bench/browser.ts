/**
 * Measures what a web site that embeds Assent pays for it, in a real Chromium over the real service:
 * `npm run bench -- browser 9`, with the number of repetitions. With `BENCH_PEERS=1`, vanilla-cookieconsent, klaro and
 * c15t are installed and measured in the same run. The chart is written to `docs/benchmarks/browser.svg`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Build from "../apps/site-client/build.ts"
import * as Bytes from "./browser/bytes.ts"
import * as Chart from "./browser/chart.ts"
import * as Chromium from "./browser/chromium.ts"
import * as Enforcement from "./browser/enforcement.ts"
import * as Flood from "./browser/flood.ts"
import * as Painting from "./browser/painting.ts"
import * as Peers from "./browser/peers.ts"
import * as Serving from "./browser/serving.ts"
import * as Site from "./browser/site.ts"
import * as Working from "./browser/working.ts"
import * as Http from "./http.ts"

const plot = fileURLToPath(new URL("../docs/benchmarks/browser.svg", import.meta.url))

/** Measures, prints and draws. The size is the number of repetitions, whose median is printed. */
export const run = async ([times = 9]: ReadonlyArray<number>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
  await Build.buildAll()
  const peers = await Peers.install()
  const demo = await Http.start(folder, { ASSENT_RATE_LIMIT_VISIT: "off", ASSENT_LOG_LEVEL: "error" })
  try {
    const site = await Site.start(demo, peers?.files ?? {})
    const browser = await Chromium.start()
    try {
      console.log(`\nChromium ${browser.version()}, median of ${times}; load ${loadavg()[0]?.toFixed(2)}`)
      Bytes.run(new Uint8Array(await (await fetch(site.loader)).arrayBuffer()), peers)
      const waited = await Painting.run(browser, site, peers?.contenders ?? [], times)
      await Working.run(browser, site, times)
      await Enforcement.run(browser, site)
      writeFileSync(plot, Chart.svg(waited))
    } finally {
      await browser.close()
      await site.stop()
    }
    await Serving.run(demo)
  } catch (error) {
    console.error(demo.log())
    throw error
  } finally {
    await demo.stop()
    rmSync(folder, { recursive: true })
  }
  await Flood.run()
}
