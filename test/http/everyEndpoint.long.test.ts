/** What holds for every endpoint, on the store in memory, too. */
import "./everyEndpoint.test.ts"
