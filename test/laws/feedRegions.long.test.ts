/** The laws of the feed in worlds with regions, in all their runs. */
import "./feedRegions.test.ts"
