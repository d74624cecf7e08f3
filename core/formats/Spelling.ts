/**
 * Finds the word that a misspelt word probably means.
 */

/** The number of letters to change, add or remove to make one word the other (Levenshtein distance). */
export const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [line, letter] of [...a].entries()) {
    const next = [line + 1]
    for (const [column, other] of [...b].entries()) {
      next.push(Math.min(next[column]! + 1, row[column + 1]! + 1, row[column]! + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}

const simplified = (word: string): string => word.toLowerCase().replaceAll(/[^a-z0-9]/g, "")

/** Letters that a member may differ by: one in five, at most two. Longer texts are no spelling of a member. */
const allowed = (member: string): number => Math.min(2, Math.floor(member.length / 5))

/** The known member that a member of JSON probably means; `undefined` if none is similar. */
export const memberMeant = (given: string, known: ReadonlyArray<string>): string | undefined =>
  known.find(
    (member) =>
      given.length <= 2 * member.length + 2 && distance(simplified(given), simplified(member)) <= allowed(member),
  )
