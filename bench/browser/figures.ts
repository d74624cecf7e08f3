/**
 * Medians of repeated measurements, and how they are printed.
 */

/** The middle one of several figures. */
export const median = (figures: ReadonlyArray<number>): number => {
  const sorted = figures.toSorted((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** A whole number. */
export const whole = (figure: number): string => Math.round(figure).toLocaleString("en")

/** A duration. */
export const millis = (figure: number): string => `${figure < 10 ? figure.toFixed(1) : whole(figure)} ms`

/** Prints a heading. */
export const title = (text: string): void => console.log(`\n${text}`)

/** Prints a row: a name and its figures. */
export const row = (name: string, ...figures: ReadonlyArray<string>): void =>
  console.log(`  ${name.padEnd(48)}${figures.map((figure) => figure.padStart(15)).join("")}`)
