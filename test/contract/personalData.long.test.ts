/** The tests of `personalData.test.ts`, over all stores. */
import "./personalData.test.ts"
