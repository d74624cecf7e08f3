/**
 * Blocks the elements of a page that are marked with the consent types they need, and releases them: scripts with
 * `type="text/plain" data-consent="…"`, and frames, images and other elements with `data-consent="…" data-src`.
 *
 * A marked element is inert by HTML itself, so nothing of it loads before it is released. A script is released by
 * moving the same element, with its type restored, out of its place and back: no text is copied, so Trusted Types refuse
 * nothing, and it keeps its nonce.
 */
import * as Names from "../../core/browser/Names.ts"
import type { Name } from "./ConsentClient.ts"
import type { Blocker, Parts } from "./Parts.ts"

/** What a blocker needs of its page. */
export interface BlockerOptions {
  readonly document: Document
  /** The nonce of the loader. Where there is one, a script without it is never released: an attacker may have added it. */
  readonly nonce: string | undefined
  /** Whether a name is that of a consent type. */
  readonly isKnown: (name: Name) => boolean
  readonly tell: Parts["tell"]
}

type Permits = (name: Name) => boolean

const marked = 'script[type="text/plain"][data-consent],[data-consent][data-src]:not(script)'

const needsOf = (element: Element): ReadonlyArray<Name> =>
  (element.getAttribute("data-consent") ?? "").split(/\s+/).filter((name) => name !== "")

/** Names that stand for no consent type: what is never blocked, and what always is. */
const free: ReadonlyArray<Name> = [Names.strictlyNecessary, "ignored"]
const malicious = "malicious"

const arePermitted = (needs: ReadonlyArray<Name>, permits: Permits): boolean =>
  needs.length > 0 && needs.every((name) => free.includes(name) || (name !== malicious && permits(name)))

/** Takes an element out of its place and puts it back, so that the browser prepares a script, or empties a frame. */
const move = (element: Element): void => {
  const { nextSibling, parentNode } = element
  element.remove()
  parentNode?.insertBefore(element, nextSibling)
}

/** Whether the parser has come past an element: before, the text of an inline script may be half of it. */
const isWhole = (element: Element): boolean => {
  if (element.ownerDocument.readyState !== "loading") return true
  let node: Node | null = element
  while (node !== null && node.nextSibling === null) node = node.parentNode
  return node !== null
}

/** Whether the browser tells when a script has run, or could not be had. */
const tellsItsEnd = (script: HTMLScriptElement): boolean =>
  script.hasAttribute("src") && !script.noModule && /^(|module|(text|application)\/(java|ecma)script)$/i.test(script.type)

/** Starts a script. Resolves when the next one of the page may start: one with `async` is not waited for. */
const startScript = (script: HTMLScriptElement): Promise<unknown> => {
  const type = script.getAttribute("data-type")
  if (type === null) script.removeAttribute("type")
  else script.setAttribute("type", type)
  // Otherwise the browser treats a moved script as one with `async`.
  const isAsync = script.hasAttribute("async")
  script.async = isAsync
  const end =
    isAsync || !tellsItsEnd(script)
      ? Promise.resolve()
      : new Promise((resolve) => {
          script.addEventListener("load", resolve, { once: true })
          script.addEventListener("error", resolve, { once: true })
        })
  move(script)
  return end
}

/** A task of its own, which no timer delays in a hidden page. */
const nextTask = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })

/** After the next frame is painted, such as that of a banner that was closed; a hidden page paints none. */
const painted = (document: Document): Promise<void> =>
  document.hidden
    ? nextTask()
    : new Promise((resolve) => {
        const soon = () => void nextTask().then(resolve)
        requestAnimationFrame(soon)
        setTimeout(soon, 100)
      })

/** Makes the blocker of a page. Nothing is permitted until it is told otherwise. */
export const make = ({ document, isKnown, nonce, tell }: BlockerOptions): Blocker => {
  let permits: Permits = () => false
  const noted = new WeakSet<Element>()
  const done = new WeakSet<Element>()
  /** The addresses of frames that were released. */
  const frames = new WeakMap<Element, string>()

  const blocked = () => [...document.querySelectorAll(marked)].filter((element) => !done.has(element))

  const note = (element: Element): void => {
    if (noted.has(element)) return
    noted.add(element)
    const needs = needsOf(element)
    const unknown = needs.filter((name) => !free.includes(name) && name !== malicious && !isKnown(name))
    if (unknown.length > 0 || needs.length === 0)
      tell("error", { code: "unknown_name", detail: `data-consent="${needs.join(" ")}" names no consent type` })
    if (!arePermitted(needs, permits)) tell("held", { needs })
  }

  /** Whether an element may be released by its nonce. One that may not be is reported once, and never asked for again. */
  const mayRun = (element: Element): boolean => {
    if (nonce === undefined || !(element instanceof HTMLScriptElement) || element.nonce === nonce) return true
    done.add(element)
    tell("error", { code: "nonce_missing", detail: "a blocked script without the nonce of the page is never run" })
    return false
  }

  /** The first element of the document that may be released now. */
  const next = (): Element | undefined =>
    blocked().find((element) => arePermitted(needsOf(element), permits) && isWhole(element) && mayRun(element))

  const start = (element: Element): Promise<unknown> => {
    done.add(element)
    const needs = needsOf(element)
    tell("released", { needs })
    if (element instanceof HTMLScriptElement) return startScript(element)
    const address = element.getAttribute("data-src")!
    element.removeAttribute("data-src")
    if (element instanceof HTMLIFrameElement) frames.set(element, address)
    element.setAttribute("src", address)
    return Promise.resolve()
  }

  let running: Promise<void> | undefined

  const releaseAll = async (): Promise<void> => {
    if (document.readyState !== "loading") await painted(document)
    // Asked again before each, because a withdrawal may come while a script loads.
    for (let element = next(); element !== undefined; element = next()) {
      await start(element)
      await nextTask()
    }
    running = undefined
  }

  /** A prerendered page loads nothing that needs consent, because its visitor may never see it. */
  const run = (): Promise<void> => {
    const isPrerendering = (document as { readonly prerendering?: boolean }).prerendering === true
    if (isPrerendering) return Promise.resolve()
    return (running ??= next() === undefined ? undefined : releaseAll()) ?? Promise.resolve()
  }

  const check = (): void => {
    for (const element of blocked()) note(element)
    void run()
  }

  /** Puts back a frame that was released; a script that ran cannot be undone. */
  const blockAgain = (frame: Element): void => {
    frame.setAttribute("data-src", frames.get(frame)!)
    frame.removeAttribute("src")
    frames.delete(frame)
    done.delete(frame)
    noted.delete(frame)
    move(frame)
    note(frame)
  }

  new MutationObserver(check).observe(document, { childList: true, subtree: true })
  document.addEventListener("readystatechange", check)
  document.addEventListener("prerenderingchange", check)

  return {
    release: (given) => {
      permits = given
      return run()
    },
    block: (given) => {
      permits = given
      for (const frame of document.querySelectorAll("iframe[data-consent]"))
        if (frames.has(frame) && !arePermitted(needsOf(frame), permits)) blockAgain(frame)
    },
    count: () => blocked().length,
  }
}
