/**
 * The loader of a page: the one script that runs before all others. It reads the snapshot of the page before, blocks
 * what is not permitted, tells Google and Microsoft so, and adds the client.
 *
 * It needs no engine, because a snapshot is right until its end, and nothing becomes permitted by time alone (semantics,
 * section 6).
 */
import type { LoaderConfiguration, LoaderType } from "../../core/browser/LoaderConfiguration.ts"
import * as Names from "../../core/browser/Names.ts"
import * as Snapshot from "../../core/browser/Snapshot.ts"
import type { ScriptFiles } from "../../core/browser/VisitAnswer.ts"
import * as Blocker from "./Blocker.ts"
import * as Parts from "./Parts.ts"
import * as Google from "./signals/google.ts"
import * as Microsoft from "./signals/microsoft.ts"
import * as ScriptAddress from "./ScriptAddress.ts"

/** The function that a site calls before the client is there; it keeps the calls in `q`. */
type Assent = ((...call: Parts.QueuedCall) => unknown) & { q?: Array<Parts.QueuedCall> }

const tell: Parts.Parts["tell"] = (event, detail) =>
  void document.dispatchEvent(new CustomEvent(`assent:${event}`, { detail }))

/** The element that this script is in. */
const ownScript = (): HTMLScriptElement | null =>
  document.currentScript instanceof HTMLScriptElement
    ? document.currentScript
    : document.querySelector('script[src*="/site-client"]')

const attributesOf = (script: HTMLScriptElement | null): Parts.LoaderAttributes => {
  const { concord, frame = "", language = "auto", region = "", widget = "" } = script?.dataset ?? {}
  return { concord: concord !== undefined, frame, language, region, widget }
}

/** What the signal of the browser covers: until the client knows of a confirmed acceptance, it is not permitted. */
const isCovered = ({ strictest: { gpc, gpcCovers } }: LoaderConfiguration, { triple }: LoaderType): boolean =>
  gpc && ["do_not_sell", "global_privacy_control", ...gpcCovers].includes(triple.split("/")[1]!)

/** Adds script files, each once; one that could not be had may be tried again. */
const loaderOf = (files: ScriptFiles, base: string, nonce: string | undefined): Parts.Parts["load"] => {
  const address = ScriptAddress.make(base)
  const loading = new Map<keyof ScriptFiles, Promise<void>>()
  const add = (name: keyof ScriptFiles) =>
    new Promise<void>((resolve, reject) => {
      const script = document.createElement("script")
      script.integrity = files[name].integrity
      script.crossOrigin = "anonymous"
      if (nonce !== undefined) script.nonce = nonce
      script.addEventListener("load", () => resolve())
      script.addEventListener("error", () => {
        loading.delete(name)
        script.remove()
        reject(new Error(`the script file ${name} could not be loaded`))
      })
      script.src = address(files[name].src)
      ;(document.head ?? document.documentElement).append(script)
    })
  return (name) => {
    const started = loading.get(name) ?? add(name)
    loading.set(name, started)
    return started
  }
}

/** Runs the loader, once in a document. */
export const start = (configuration: LoaderConfiguration): void => {
  if (Parts.ofDocument() !== undefined)
    return tell("error", { code: "loader_twice", detail: "the loader is in this document already" })
  const script = ownScript()
  const base = (script?.src ?? "").replace(/\/site-client(\/\w+\.js)?([?#].*)?$/, "")
  const nonce = script?.nonce || undefined
  const gpc = (navigator as { readonly globalPrivacyControl?: unknown }).globalPrivacyControl === true
  const { files, isArchived, project, types } = configuration
  const snapshot = isArchived ? undefined : Snapshot.fromCookies(document.cookie, project)

  const permits = (name: string): boolean => {
    const named = Names.typesOf(types, name)
    return (
      named.length > 0 &&
      named.every((type) => !(gpc && isCovered(configuration, type)) && Snapshot.permits(snapshot, type, Date.now()))
    )
  }

  const senders = [Google.start(configuration, snapshot !== undefined, tell), Microsoft.start(configuration)]
  const signals: Parts.SignalSender = {
    update: (given) => {
      for (const sender of senders) sender.update(given)
    },
  }
  if (snapshot !== undefined) signals.update(permits)

  const isKnown = (name: string) => Names.typesOf(types, name).length > 0
  const blocker = Blocker.make({ document, nonce, isKnown, tell })
  void blocker.release(permits)

  const page = window as unknown as { assent?: Assent }
  const queue = page.assent?.q ?? []
  page.assent ??= Object.assign((...call: Parts.QueuedCall) => queue.push(call), { q: queue })

  const load = loaderOf(files, base, nonce)
  const attributes = attributesOf(script)
  const parts = { configuration, base, nonce, attributes, gpc, snapshot, blocker, signals, queue, load, tell }
  Object.defineProperty(document, Parts.key, { value: parts satisfies Parts.Parts })
  if (!isArchived) load("client").catch((error: Error) => tell("error", { code: "not_loaded", detail: error.message }))
}
