/**
 * Names of columns that resemble another name: for suggestions, and for warnings about columns that are not read.
 */
import { withoutSeparators } from "../support/Spelling.ts"
import * as Mapping from "./Mapping.ts"

const ofMembers = new Map(Mapping.members.map((member) => [withoutSeparators(member), member]))
const memberNames: ReadonlySet<string> = new Set(Mapping.members)

/** Whether a name is exactly that of a member. */
export const isMember = (name: string): boolean => memberNames.has(name)

/** The member that a name is another spelling of; itself, if it is the name of a member. */
export const memberOf = (name: string): string | undefined => ofMembers.get(withoutSeparators(name))

/**
 * The number of letters that are inserted, removed, replaced, or swapped with their neighbour to make one text of
 * another (optimal string alignment distance), for texts of at most {@link maxCompared} characters.
 */
const distance = (one: string, other: string): number => {
  const rows: Array<Array<number>> = [Array.from({ length: other.length + 1 }, (_, index) => index)]
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1]
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      row[j] = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + (isSame ? 0 : 1),
        isSwapped ? rows[i - 2]![j - 2]! + 1 : Infinity,
      )
    }
    rows.push(row)
  }
  return rows[one.length]![other.length]!
}

/** Longer names are not compared, because each comparison takes their product. */
const maxCompared = 64

/** The name among `candidates` that differs least from `name`, by at most a third of its letters. */
export const nearest = (name: string, candidates: Iterable<string>): string | undefined => {
  const sought = withoutSeparators(name)
  let found: string | undefined
  let least = Math.max(1, Math.floor(sought.length / 3)) + 1
  for (const candidate of candidates) {
    const compared = withoutSeparators(candidate)
    if (compared === "" || compared.length > maxCompared || sought.length > maxCompared) continue
    // A text cannot differ by less than its length does.
    if (Math.abs(compared.length - sought.length) >= least) continue
    const differs = distance(sought, compared)
    if (differs < least) [found, least] = [candidate, differs]
  }
  return found
}

/** Words for the end of something, in the languages in which columns are often named. */
const expiry =
  /expir|expiry|validun?til|validto|validthru|untildate|enddate|endsat|gültigbis|gueltigbis|ablauf|caduc|vencim|scaden|geldigtot|validade|périm/

/** The member that a column seems to hold, because their names are alike but not equal; `undefined`: no member. */
export const resembled = (name: string): string | undefined => {
  const plain = withoutSeparators(name)
  if (plain.length > maxCompared) return undefined
  if (expiry.test(plain)) return "expirationDate"
  return Mapping.members.find((member) => distance(plain, member.toLowerCase()) <= Math.floor(member.length / 5))
}

/** Words for the withdrawal of a consent, in the languages in which columns are often named. */
const withdrawal =
  /unsub|optout|optedout|revo[kc]|withdr|kündig|kuendig|abgemeldet|abmeld|abbestell|widerruf|austrag|désins|desins|désabonn|desabonn|résili|baja|disiscri|uitgeschreven|afgemeld/

/** Whether a column seems to say that a consent was withdrawn. */
export const isWithdrawal = (name: string): boolean => withdrawal.test(withoutSeparators(name))

/** Whether a name can be shown. A file without a header has data in its place, such as an address. */
export const isShown = (name: string): boolean => /^[\p{L}\p{N}_ ./()-]{1,64}$/u.test(name)
