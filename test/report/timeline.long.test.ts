/** The pages of `timeline.test.ts`, all of them on all screens. */
import "./timeline.test.ts"
