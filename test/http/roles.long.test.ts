/** Every endpoint, with keys of every pair of roles. */
import "./roles.test.ts"
