/** A person that has logged in daily for ten years, and many more identifications at once. */
import "./joinedCost.test.ts"
