import "./compliance.test.ts"
