/** The moves of `moved.test.ts`, in all directions. */
import "./moved.test.ts"
