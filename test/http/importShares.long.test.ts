/** Imports that share a server, with more blocks each, and servers that share PostgreSQL. */
import "./importShares.test.ts"
