/** Reading metrics in the text form of Prometheus. */

/** The sum of the series of a name with some labels; 0 if there are no such series. */
export const valueIn = (text: string, name: string, ...labels: ReadonlyArray<string>): number =>
  text
    .split("\n")
    .filter((line) => line.split(/[{ ]/, 1)[0] === name && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0)

/** The increase of series between two readings. */
export const grown =
  (before: string, after: string) =>
  (name: string, ...labels: ReadonlyArray<string>): number =>
    valueIn(after, name, ...labels) - valueIn(before, name, ...labels)

/** The names of all series, each with the labels that it has anywhere. */
export const labelsIn = (text: string): ReadonlyMap<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>()
  for (const [, name, labels = ""] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const known = found.get(name!) ?? new Set()
    for (const [, label] of labels.matchAll(/(\w+)="/g)) known.add(label!)
    found.set(name!, known)
  }
  return found
}
