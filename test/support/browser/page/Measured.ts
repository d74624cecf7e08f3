/**
 * What a page answers about itself: see measure.ts.
 */

/** Where an element stands, what is in it, and whether the banner covers it. */
export interface Focused {
  readonly text: string
  readonly isInWidget: boolean
  readonly isCovered: boolean
}

/** How a page was painted. */
export interface Paints {
  readonly shifts: number
  /** Whether the element of the largest paint is in the page itself; `undefined`: there was no paint. */
  readonly isLargestOfPage: boolean | undefined
  readonly focused: string | undefined
}
