/** The reports of `report.test.ts`, on all screens. */
import "./report.test.ts"
