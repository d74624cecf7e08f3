/** The work of the worst requests over a ledger of the size that the benchmark searches: the numbers are larger. */
import "./worstRequests.test.ts"
