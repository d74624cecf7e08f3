/**
 * Writes tables of text for a terminal.
 */

/** The cells of a row. */
export type Row = ReadonlyArray<string>

/** A number with separators between thousands. */
export const count = (value: number): string => value.toLocaleString("en-US")

/**
 * Writes a table. A column is as wide as its widest cell. The first is aligned to the left, the others to the right.
 */
export const write = (head: Row, rows: ReadonlyArray<Row>): string => {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)))
  const line = (row: Row): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd()
  return [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n")
}

/** Breaks a text into lines of at most `width` characters; a longer word has a line of its own. */
export const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/**
 * A text as a terminal may print it: control characters but for the end of a line, and those that change the direction
 * of text, are shown as U+FFFD, because they could run a command of the terminal or hide what stands there.
 */
export const printable = (text: string): string => text.replace(/[^\P{Cc}\n]|\p{Bidi_Control}/gu, "\uFFFD")
