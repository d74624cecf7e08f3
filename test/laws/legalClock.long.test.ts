import "./legalClock.test.ts"
