/**
 * The shape of a pair's differences as a number, so that examples can be chosen that do not look alike.
 *
 * Pairs have the same shape if they have the same consent type, and their differences the same answers and begin in the
 * same part of the window. It is a hash: two shapes are alike by chance only. Which shapes are least says nothing
 * about people.
 */
import type { Window } from "../engine/Comparison.ts"

/** Into how many parts the window is divided: on a strip as wide as a phone, each is about a centimetre. */
const windowParts = 12

/** The parts of a window for each millisecond. */
export const partsPerMilli = ({ from, until }: Window): number => windowParts / (until - from)

/** One step of FNV-1a over 32 bits (draft-eastlake-fnv), with a number in place of a byte. */
export const mix = (hash: number, value: number): number => Math.imul(hash ^ value, 0x01000193)

/** The hash of a pair without a difference: that of its consent type. */
export const ofType = (consentType: string): number => {
  let hash = 0x811c9dc5 | 0
  for (let index = 0; index < consentType.length; index++) hash = mix(hash, consentType.charCodeAt(index))
  return hash
}

/** The greatest shape that there can be. */
export const greatest = 0x7fff_ffff

/**
 * The shape of a hash, from 0 to 2³¹ − 1, so that engines keep it without allocating. It is spread over all bits (the
 * end of MurmurHash3), because the order of shapes must not follow the order of instants.
 */
export const ofHash = (hash: number): number => {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return (twice ^ (twice >>> 16)) >>> 1
}

/**
 * Adds a shape to the least `maximum` shapes, in ascending order, and removes the greatest if there are more. Returns
 * `false` if it is there already or is not among them.
 */
export const keep = (least: Array<number>, shape: number, maximum: number): boolean => {
  if (least.length >= maximum && shape > least[least.length - 1]!) return false
  let place = 0
  while (place < least.length && least[place]! < shape) place++
  if (least[place] === shape) return false
  least.splice(place, 0, shape)
  if (least.length > maximum) least.length = maximum
  return true
}
