/**
 * Compares what a page shows with what was printed.
 *
 * Ids, instants, digests and measured figures differ from run to run, so any of the same form is right. `…` stands for
 * any text, and on a line of its own for any lines. JSON is compared by its members; a page that says that its answers
 * are shortened may leave members and items out.
 */

const uuid = String.raw`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`
const instant = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)`
const digest = String.raw`(?:sha256:)?[0-9a-f]{16,64}`
const measured = String.raw`\d[\d,.]*(?= (?:ms|s|MB|kB|rows a second|events a second)\b)`

const forms = [uuid, instant, digest, measured]
const varying = new RegExp(`(${forms.join("|")}|…)`)

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)

/** The expression that a text matches if it has the form of what is shown. */
const formOf = (text: string): string =>
  text
    .split(varying)
    .map((piece, index) => {
      if (index % 2 === 0) return escaped(piece)
      return piece === "…" ? "[^\\n]*" : forms.find((form) => new RegExp(`^${form}`).test(`${piece} ms`))!
    })
    .join("")

const linesOf = (text: string): ReadonlyArray<string> =>
  text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")

/** Whether printed text has the form of what is shown. */
export const isText = (shown: string, printed: string): boolean => {
  const lines = linesOf(shown).map((line) => (line.trim() === "…" ? "(?:.*\\n)*?" : `${formOf(line)}\\n`))
  return new RegExp(`^${lines.join("")}$`).test(
    linesOf(printed)
      .map((line) => `${line}\n`)
      .join(""),
  )
}

/** The JSON values of a text, one after the other: several answers, or one a line. */
const valuesOf = (text: string): ReadonlyArray<unknown> => {
  const values: Array<unknown> = []
  let depth = 0
  let start = 0
  for (const { 0: mark, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (mark === "{" || mark === "[") {
      if (depth++ === 0) start = index
    } else if (mark === "}" || mark === "]") {
      if (--depth === 0) values.push(JSON.parse(text.slice(start, index + 1)))
    }
  }
  return values
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The items of a shortened list that the list has not, in the order that is shown. */
const missing = (shown: ReadonlyArray<unknown>, list: ReadonlyArray<unknown>, path: string): ReadonlyArray<string> => {
  let next = 0
  return shown.flatMap((item, index) => {
    const at = list.findIndex((each, place) => place >= next && differences(item, each, true).length === 0)
    if (at === -1) return [`${path}/${index}: no such item`]
    next = at + 1
    return []
  })
}

/** The paths at which a value is not what is shown. */
const differences = (shown: unknown, value: unknown, isShortened: boolean, path = ""): ReadonlyArray<string> => {
  if (Array.isArray(shown) && Array.isArray(value)) {
    if (isShortened) return missing(shown, value, path)
    const rest = shown.length !== value.length ? [`${path}: ${value.length} items`] : []
    return [
      ...rest,
      ...shown.flatMap((item, index) => differences(item, value[index], isShortened, `${path}/${index}`)),
    ]
  }
  if (isObject(shown) && isObject(value)) {
    const added = Object.keys(value).filter((name) => !isShortened && !(name in shown))
    return [
      ...added.map((name) => `${path}/${name}: not shown`),
      ...Object.entries(shown).flatMap(([name, each]) =>
        differences(each, value[name], isShortened, `${path}/${name}`),
      ),
    ]
  }
  const isSame =
    typeof shown === "string" && typeof value === "string"
      ? new RegExp(`^${formOf(shown)}$`).test(value)
      : Object.is(shown, value)
  return isSame ? [] : [`${path}: ${JSON.stringify(value)} instead of ${JSON.stringify(shown)}`]
}

/** What is wrong with the printed JSON; empty if it is as shown. Of several answers, a page may show one. */
export const jsonDifferences = (shown: string, printed: string, isShortened: boolean): ReadonlyArray<string> => {
  const [values, answers] = [valuesOf(shown), valuesOf(printed)]
  if (values.length > 1) return differences(values, answers, isShortened)
  const found = answers.map((answer) => differences(values[0], answer, isShortened))
  return found.find((each) => each.length === 0) ?? found[0] ?? ["nothing is printed"]
}

/**
 * What a program says that it prints: the comment at the end of each line that prints, or the comment on the line after
 * it.
 */
export const promised = (program: string): ReadonlyArray<string> =>
  [...program.matchAll(/console\.log\(.*\)(?:[ \t]+|\n)\/\/ (.*)$/gm)].map(([, text]) => text!)
