/** Answers under regions, in all their runs. */
import "./answersByRegion.test.ts"
