/** Floods that last longer. */
import "./waiting.test.ts"
