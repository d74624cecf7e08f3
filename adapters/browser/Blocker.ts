/**
 * Blocks the elements of a page that are marked with the consent types they need, and releases them: scripts with
 * `type="text/plain" data-consent="…"`, and frames, images and other elements with `data-consent="…" data-src`.
 *
 * A marked element is inert by HTML itself, so nothing of it loads before it is released. A script is released by
 * moving the same element, with its type restored, out of its place and back: no text is copied, so Trusted Types
 * refuse nothing, and it keeps its nonce.
 */
import * as Names from "../../core/browser/Names.ts"
import type { Name } from "./ConsentClient.ts"
import type { Blocker, Parts } from "./Parts.ts"

/** What a blocker needs of its page. */
export interface BlockerOptions {
  /**
   * The nonce of the loader, or empty. Where there is one, a script without it is never released, because an attacker
   * may have added it.
   */
  readonly nonce: string
  /** Whether a name is that of a consent type. */
  readonly isKnown: (name: Name) => boolean
  readonly tell: Parts["tell"]
}

type Permits = (name: Name) => boolean

const marked = 'script[type="text/plain"][data-consent],[data-consent][data-src]:not(script)'

const needsOf = (element: Element): ReadonlyArray<Name> => element.getAttribute("data-consent")?.match(/\S+/g) ?? []

/** Names that stand for no consent type, and are never blocked. */
const isFree = (name: Name): boolean => name === Names.strictlyNecessary || name === "ignored"

const arePermitted = (needs: ReadonlyArray<Name>, permits: Permits): boolean =>
  needs.length > 0 && needs.every((name) => isFree(name) || permits(name))

/** Takes an element out of its place and puts it back, so that the browser prepares a script, or empties a frame. */
const move = (element: Element): void => {
  const { nextSibling, parentNode } = element
  parentNode?.insertBefore(element, nextSibling)
}

/** Whether the parser has come past an element: before, the text of an inline script may be half of it. */
const isWhole = (node: Node | null): boolean =>
  document.readyState !== "loading" || (!!node && (!!node.nextSibling || isWhole(node.parentNode)))

/** The types of scripts that run: not `text/typescript`, of which no event comes. */
const isScript = /^$|module|[aj]script$/i

/** Starts a script. Resolves when the next one of the page may start: one with `async` is not waited for. */
const startScript = (script: HTMLScriptElement): Promise<unknown> => {
  script.type = script.dataset["type"] ?? ""
  // Otherwise the browser treats a moved script as one with `async`.
  script.async = script.hasAttribute("async")
  return new Promise((resolve) => {
    // No event comes of an inline script, which has run when it is moved, nor of one that does not run.
    if (script.async || !script.src || script.noModule || !isScript.test(script.type)) resolve(0)
    for (const type of ["load", "error"]) script.addEventListener(type, resolve)
    move(script)
  })
}

/** A task of its own, which no timer delays in a hidden page. */
const nextTask = (): Promise<unknown> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it starts the port as well
    port1.onmessage = resolve
    port2.postMessage(0)
  })

/** After the next frame is painted, such as that of a banner that was closed; a hidden page paints none. */
const painted = (): Promise<void> =>
  new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve))
    setTimeout(resolve, 100)
  })

/** Makes the blocker of a page. Nothing is permitted before the first `release` or `block`. */
export const make = ({ isKnown, nonce, tell }: BlockerOptions): Blocker => {
  let permits: Permits = () => false
  /** The elements that were found; true for those that were released, or never may be. */
  const found = new WeakMap<Element, boolean>()
  const blocked = () => [...document.querySelectorAll(marked)].filter((element) => !found.get(element))

  const fail = (code: string, needs: ReadonlyArray<Name>) => tell("error", { code, detail: needs.join(" ") })

  const note = (element: Element): void => {
    if (found.has(element)) return
    found.set(element, false)
    const needs = needsOf(element)
    if (!arePermitted(needs, isKnown)) fail("unknown_name", needs)
    if (!arePermitted(needs, permits)) tell("held", { needs })
  }

  /** Whether an element may be released by its nonce. One that may not be is reported once, and never asked for. */
  const mayRun = (element: Element): boolean => {
    if (!nonce || !(element instanceof HTMLScriptElement) || element.nonce === nonce) return true
    found.set(element, true)
    fail("nonce_missing", needsOf(element))
    return false
  }

  /** The first element of the document that may be released now. */
  const next = (): Element | undefined =>
    blocked().find((element) => arePermitted(needsOf(element), permits) && isWhole(element) && mayRun(element))

  const start = (element: Element): unknown => {
    found.set(element, true)
    tell("released", { needs: needsOf(element) })
    return element instanceof HTMLScriptElement
      ? startScript(element)
      : element.setAttribute("src", element.getAttribute("data-src")!)
  }

  let running: Promise<void> | undefined

  const releaseAll = async (): Promise<void> => {
    await (next() && document.readyState !== "loading" && painted())
    // Asked again before each, because a withdrawal may come while a script loads.
    for (let element; (element = next());) {
      await start(element)
      await nextTask()
    }
    running = undefined
  }

  /** A prerendered page loads nothing that needs consent, because its visitor may never see it. */
  const run = async (): Promise<void> => {
    if (!(document as { readonly prerendering?: boolean }).prerendering) await (running ??= releaseAll())
  }

  const check = (): void => {
    for (const element of blocked()) note(element)
    void run()
  }

  /** Puts back a frame that was released; a script that ran cannot be undone. */
  const blockAgain = (frame: Element): void => {
    frame.removeAttribute("src")
    found.delete(frame)
    move(frame)
    note(frame)
  }

  new MutationObserver(check).observe(document, { childList: true, subtree: true })
  for (const type of ["readystatechange", "prerenderingchange"]) document.addEventListener(type, check)

  return {
    release: (given) => {
      permits = given
      return run()
    },
    block: (given) => {
      permits = given
      for (const frame of document.querySelectorAll("iframe[data-consent][data-src]"))
        if (found.get(frame) && !arePermitted(needsOf(frame), permits)) blockAgain(frame)
    },
    count: () => blocked().length,
  }
}
