/** The upgrades of `upgraded.test.ts`, cut off at every write, over both stores. */
import "./upgraded.test.ts"
