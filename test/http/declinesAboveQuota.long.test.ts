/** Quotas that refuse no decline, with all runs of the random requests. */
import "./declinesAboveQuota.test.ts"
