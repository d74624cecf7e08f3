/**
 * The script file of the client: makes it from the parts that the loader left, and runs the calls that were made
 * before it was there.
 */
import * as Client from "../../adapters/browser/Client.ts"
import type { ConsentClient } from "../../adapters/browser/ConsentClient.ts"
import * as PageEnvironment from "../../adapters/browser/PageEnvironment.ts"
import * as Parts from "../../adapters/browser/Parts.ts"

/** The commands of `assent(command, …)`: the members of the client. */
const runOn =
  (client: ConsentClient, tell: Parts.Parts["tell"]) =>
  (...[command, ...args]: Parts.QueuedCall): unknown => {
    const run: unknown = Object.hasOwn(client, command) ? client[command as keyof ConsentClient] : undefined
    if (typeof run === "function") {
      try {
        return run(...args)
      } catch (error) {
        tell("error", { code: "call_failed", detail: `${command}: ${String(error)}` })
      }
    } else tell("error", { code: "unknown_command", detail: String(command) })
    return undefined
  }

/** The language of the loader's attribute; `auto`: that of the page, else those that the browser sends. */
const languageOf = ({ language }: Parts.LoaderAttributes): string | undefined =>
  (!language || language === "auto" ? document.documentElement.lang : language) || undefined

const start = (parts: Parts.Parts): void => {
  const { attributes, configuration, tell } = parts
  const language = languageOf(attributes)
  const isShown = attributes.widget !== "none" && (window === window.top || attributes.frame === "own")
  const client = Client.make(PageEnvironment.make({ cookieDomain: configuration.cookieDomain, tell }), {
    configuration,
    base: parts.base,
    gpc: parts.gpc,
    snapshot: parts.snapshot,
    isShowing: isShown && !configuration.isArchived,
    isShared: configuration.cookieDomain !== undefined,
    blocker: parts.blocker,
    signals: parts.signals,
    load: parts.load,
    later: () => parts.load("later").then(() => parts.later!),
    shown: () => parts,
    ...(language !== undefined && { language }),
  })
  parts.client = client
  const run = runOn(client, tell)
  Object.assign(window, { assent: Object.assign(run, client) })
  for (const call of parts.queue.splice(0)) run(...call)
}

const parts = Parts.ofDocument()
if (parts !== undefined && parts.client === undefined) start(parts)
