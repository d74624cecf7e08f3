/**
 * The loader of a page: the one script that runs before all others. It reads the snapshot of the page before, blocks
 * what is not permitted, tells Google and Microsoft so, and adds the client.
 *
 * It needs no engine, because a snapshot is right until its end, and nothing becomes permitted by time alone
 * (semantics, section 6).
 */
import * as GlobalPrivacyControl from "../../core/browser/GlobalPrivacyControl.ts"
import type { LoaderConfiguration, LoaderType } from "../../core/browser/LoaderConfiguration.ts"
import * as Names from "../../core/browser/Names.ts"
import * as Snapshot from "../../core/browser/Snapshot.ts"
import type { ScriptFiles } from "../../core/browser/VisitAnswer.ts"
import * as Blocker from "./Blocker.ts"
import * as Parts from "./Parts.ts"
import * as ScriptAddress from "./ScriptAddress.ts"
import * as Signals from "./signals/index.ts"

/** The function that a site calls before the client is there; it keeps the calls in `q`. */
type Assent = ((...call: Parts.QueuedCall) => unknown) & { q?: Array<Parts.QueuedCall> }

const tell: Parts.Parts["tell"] = (event, detail) =>
  void document.dispatchEvent(new CustomEvent(`assent:${event}`, { detail }))

/** Adds script files, each once; one that could not be had may be tried again. */
const loaderOf = (files: ScriptFiles, base: string, nonce: string): Parts.Parts["load"] => {
  const address = ScriptAddress.make(base)
  const loading: { -readonly [name in keyof ScriptFiles]?: Promise<void> } = {}
  const add = (name: keyof ScriptFiles) =>
    new Promise<void>((resolve, reject) => {
      const { integrity, src } = files[name]
      const script = Object.assign(document.createElement("script"), {
        integrity,
        crossOrigin: "anonymous",
        nonce,
        onload: resolve,
        onerror: () => {
          delete loading[name]
          tell("error", { code: "not_loaded", detail: src })
          reject(new Error(src))
        },
        src: address(src),
      })
      document.head.append(script)
    })
  return (name) => (loading[name] ??= add(name))
}

/** Runs the loader, once in a document. */
export const start = (configuration: LoaderConfiguration): void => {
  if (Parts.ofDocument()) return tell("error", { code: "loader_twice", detail: "" })
  const script = document.currentScript as HTMLScriptElement
  const { dataset, nonce, src } = script
  const base = src.slice(0, src.lastIndexOf("/site-client"))
  const gpc = (navigator as { readonly globalPrivacyControl?: unknown }).globalPrivacyControl === true
  const { files, isArchived, project, strictest, types } = configuration
  const snapshot = isArchived ? undefined : Snapshot.fromCookies(document.cookie, project)
  // What was permitted before the signal came is not, until the client has decided.
  const counts = (type: LoaderType): boolean => !gpc || !!snapshot?.gpc || !GlobalPrivacyControl.covers(strictest, type)
  const areAll = (name: string, test: (type: LoaderType) => boolean): boolean => {
    const named = Names.typesOf(types, name)
    return named.length > 0 && named.every(test)
  }
  const isKnown = (name: string): boolean => areAll(name, () => true)
  const permits = (name: string): boolean =>
    areAll(name, (type) => counts(type) && Snapshot.permits(snapshot, type, Date.now()))

  // Names in snapshots that are no subcategory name nothing in a page.
  const subcategories = types.map(({ name }) => name).filter(isKnown)
  const signals = Signals.start(strictest, subcategories, !!snapshot, tell)
  if (snapshot) signals.update(permits)

  const blocker = Blocker.make({ nonce, isKnown, tell })
  void blocker.release(permits)

  const page = window as unknown as { assent?: Assent }
  const queue = page.assent?.q ?? []
  page.assent ??= Object.assign((...call: Parts.QueuedCall) => queue.push(call), { q: queue })

  const parts = {
    configuration,
    base,
    attributes: dataset,
    gpc,
    snapshot,
    blocker,
    signals,
    queue,
    load: loaderOf(files, base, nonce),
    tell,
  } satisfies Parts.Parts
  Object.assign(document, { [Parts.key]: parts })
  if (!isArchived) parts.load("client").catch(() => undefined)
}
