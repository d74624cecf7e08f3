/**
 * The thread that reads a manifest: YAML 1.2 by its core schema, without tags, and with few aliases.
 */
import { parentPort, workerData } from "node:worker_threads"
import { isAlias, isMap, isNode, isScalar, LineCounter, type Node, parseAllDocuments, visit } from "yaml"
import type { ThreadAnswer } from "./ManifestText.ts"

/** The most aliases. Each may repeat much of the text. */
const maxAliases = 100

/** The most values, each counted as often as aliases repeat it, because those of a manifest are checked in one turn. */
const maxValues = 250_000

/** The number of values in a value. One that contains itself has no end. */
const valuesIn = (value: unknown, known: Map<object, number>): number => {
  if (typeof value !== "object" || value === null) return 1
  const before = known.get(value)
  if (before !== undefined) return before
  known.set(value, Infinity)
  let count = 1
  for (const each of Object.values(value)) count += valuesIn(each, known)
  known.set(value, count)
  return count
}

/** Something that manifests do not have. */
interface Unwanted {
  readonly reason: string
  readonly offset: number
}

const unwantedIn = (document: Parameters<typeof visit>[0]): Unwanted | undefined => {
  let found: Unwanted | undefined
  let aliases = 0
  const stop = (reason: string, { range }: Pick<Node, "range">) => {
    found = { reason, offset: range?.[0] ?? 0 }
    return visit.BREAK
  }
  visit(document, (_, node) => {
    if (!isNode(node)) return undefined
    if (node.tag !== undefined) return stop("has a tag: write plain values", node)
    if (isAlias(node) && ++aliases > maxAliases) return stop(`has more than ${maxAliases} aliases`, node)
    if (!isMap(node)) return undefined
    const keys = new Set<unknown>()
    for (const { key } of node.items) {
      if (!isScalar(key)) return stop("has a key that is not a text", node)
      if (keys.has(key.value)) return stop("has a key twice", key)
      keys.add(key.value)
    }
    return undefined
  })
  return found
}

const ofYaml = (text: string): ThreadAnswer => {
  const lines = new LineCounter()
  const lineOf = (offset: number) => lines.linePos(offset).line
  // Equal keys are looked for below, because the library compares each key with all others.
  const options = { lineCounter: lines, merge: false, schema: "core", uniqueKeys: false, version: "1.2" } as const
  const documents = parseAllDocuments(text, { ...options, logLevel: "error" })
  const [document, second] = documents
  if (document === undefined) return { value: null }
  const [error] = document.errors
  if (error !== undefined) return { reason: `is not YAML 1.2 (${error.code})`, line: lineOf(error.pos[0]) }
  if (second !== undefined) return { reason: "has more than one document", line: lineOf(second.range?.[0] ?? 0) }
  const unwanted = unwantedIn(document)
  if (unwanted !== undefined) return { reason: unwanted.reason, line: lineOf(unwanted.offset) }
  try {
    return { value: document.toJS({ maxAliasCount: maxAliases }) }
  } catch {
    return { reason: "has aliases that repeat too much" }
  }
}

const ofText = (text: string): ThreadAnswer => {
  try {
    // JSON is YAML as well, but is read much faster as what it is.
    return { value: JSON.parse(text) }
  } catch {
    return ofYaml(text)
  }
}

const answer = (): ThreadAnswer => {
  try {
    const read = ofText(workerData)
    const isTooMuch = "value" in read && valuesIn(read.value, new Map()) > maxValues
    return isTooMuch ? { reason: `has more than ${maxValues} values: import a part of it at a time` } : read
  } catch {
    return { reason: "is nested too deeply" }
  }
}

parentPort!.postMessage(answer())
