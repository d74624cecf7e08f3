/**
 * The environment of a page in a browser.
 */
import type { Environment, Happening, KeyStore, Sent } from "./Environment.ts"

/** A request that takes longer is given up, and tried again. */
const requestMillis = 30_000

/** Reading the storage may throw, even to look whether it is there. */
const storage: KeyStore = {
  get: (key) => localStorage.getItem(key),
  set: (key, text) => localStorage.setItem(key, text),
  remove: (key) => localStorage.removeItem(key),
  keys: () => Object.keys(localStorage),
}

/** A random UUID, of version 4; pages without encryption have no `crypto.randomUUID`. */
const uuid = (): string =>
  "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (Number(digit) ^ (crypto.getRandomValues(new Uint8Array(1))[0]! & (15 >> (Number(digit) / 4)))).toString(16),
  )

const isPrerendered = () => (document as { readonly prerendering?: boolean }).prerendering === true

const listen = (happening: Happening, run: () => void): void => {
  switch (happening) {
    case "visibility":
      document.addEventListener("visibilitychange", run)
      return document.addEventListener("resume", run)
    case "leave":
      return addEventListener("pagehide", run)
    case "return":
      return addEventListener("pageshow", ({ persisted }) => persisted && run())
    case "online":
      return addEventListener("online", run)
    case "activate":
      return document.addEventListener("prerenderingchange", run, { once: true })
    case "store":
      return addEventListener("storage", ({ key }) => {
        if (key === null || key.startsWith("assent-")) run()
      })
  }
}

const sentOf = async (response: Response): Promise<Sent> => {
  const retryAfter = Number(response.headers.get("retry-after"))
  const json: unknown = await response.json().catch(() => undefined)
  return { status: response.status, ...(retryAfter > 0 && { retryAfter }), json }
}

/** What a page adds: the domain of its cookie, where its sub-domains share it, and how events are dispatched. */
export interface PageOptions {
  readonly cookieDomain: string | undefined
  readonly tell: Environment["tell"]
}

export const make = ({ cookieDomain, tell }: PageOptions): Environment => ({
  now: () => Date.now(),
  random: () => Math.random(),
  uuid,
  after: (millis, run) => {
    const timer = setTimeout(run, millis)
    return () => clearTimeout(timer)
  },
  storage,
  cookies: () => {
    try {
      return document.cookie
    } catch {
      // In a frame without an origin.
      return ""
    }
  },
  setCookie: (name, value, seconds) => {
    const domain = cookieDomain === undefined ? "" : `;Domain=${cookieDomain}`
    const secure = location.protocol === "https:" ? ";Secure" : ""
    try {
      document.cookie = `${name}=${value};Path=/;SameSite=Lax;Max-Age=${seconds}${domain}${secure}`
    } catch {
      // As above.
    }
  },
  line: (name, onPost) => {
    try {
      const channel = new BroadcastChannel(name)
      channel.addEventListener("message", onPost)
      return { post: () => channel.postMessage(0), close: () => channel.close() }
    } catch {
      return { post: () => {}, close: () => {} }
    }
  },
  lock: (name, run) => {
    try {
      return navigator.locks.request(name, run)
    } catch {
      return run()
    }
  },
  send: async ({ body, headers, method, url }) => {
    const isPost = method === "POST"
    const response = await fetch(url, {
      method,
      // The context of a visitor is a cookie that only the server reads.
      credentials: "include",
      keepalive: isPost,
      ...(headers !== undefined && { headers }),
      ...(body !== undefined && { body }),
      ...(isPost && { cache: "no-store" as const }),
      signal: AbortSignal.timeout(requestMillis),
    })
    return sentOf(response)
  },
  isOnline: () => navigator.onLine,
  isVisible: () => document.visibilityState === "visible",
  isPrerendered,
  listen,
  reload: () => location.reload(),
  tell,
  on: (event, listener) => {
    const name = `assent:${event}`
    const run = (told: Event) => listener((told as CustomEvent).detail)
    document.addEventListener(name, run)
    return () => document.removeEventListener(name, run)
  },
})
