/**
 * Shortens what pages report of trackers, so that nothing of a visitor is kept: whatever can tell one visitor from
 * another becomes `*`. The result is also the pattern by which the tracker is found again.
 */
import { isLoaded, type SeenTracker, type TrackerType } from "./TrackerRules.ts"

/** The most characters that are kept of a name or a path. */
export const maxReducedLength = 256

/** Whether a part stands for one visitor, one request or one build: addresses, and encoded and long parts. */
const isVarying = (part: string): boolean =>
  part.includes("@") ||
  part.includes("%") ||
  (part.length >= 6 && /^[0-9a-f]+$/i.test(part) && /\d/.test(part)) ||
  (part.length >= 12 && /\d/.test(part) && /[a-z]/i.test(part)) ||
  (part.length >= 16 && /[a-z]/.test(part) && /[A-Z]/.test(part) && /^[A-Za-z0-9+=]+$/.test(part)) ||
  part.length >= 40

/** What can be an e-mail address, a number, or a token: each becomes `*`, and so does a run of them. */
const shorten = (text: string): string =>
  text
    .split(/([^A-Za-z0-9+=%@]+)/)
    .map((part, index) => (index % 2 === 0 && isVarying(part) ? "*" : part))
    .join("")
    .replaceAll(/\d+/g, "*")
    .replaceAll(/(?:\*[-_.:]?)*\*/g, "*")

/** Cuts a text, so that what was cut off may be anything. */
const cut = (text: string): string =>
  text.length <= maxReducedLength ? text : `${text.slice(0, maxReducedLength - 1).replace(/\*$/, "")}*`

/** The name of a cookie or of a stored entry. */
export const reducedName = (name: string): string => cut(shorten(name))

/**
 * A path without its query, each of its segments shortened. What follows a semicolon is left out, and a segment with
 * `@` is an address, which becomes `*` as a whole.
 */
export const reducedPath = (path: string): string => {
  const [bare = ""] = path.split(/[?#]/)
  const segments = bare
    .split("/")
    .map((segment) => segment.replace(/;.*/, "*"))
    .map((segment) => (segment.includes("@") ? "*" : shorten(segment)))
  const joined = segments.join("/")
  return cut(joined.startsWith("/") ? joined : `/${joined}`)
}

/** A host name, whose labels can be tokens as well. The last two stay, because they name the company. */
export const reducedDomain = (host: string): string => {
  const labels = host.toLowerCase().replace(/\.$/, "").split(".")
  return labels
    .map((label, index) => (index < labels.length - 2 && label.length >= 16 && /\d/.test(label) ? "*" : label))
    .join(".")
}

/** A load, a cookie or a stored entry as it is kept. */
export const reduced = ({ domain, name, type }: SeenTracker): SeenTracker => ({
  type,
  domain: reducedDomain(domain),
  name: isLoaded(type) ? reducedPath(name) : reducedName(name),
})

/** The pattern by which something that was reduced is found again. */
export const patternOf = ({ domain, name, type }: { type: TrackerType; domain: string; name: string }): string =>
  isLoaded(type) ? cut(`${domain}${name}`) : name
