/**
 * Assent, the engine: `events + types + rules + instant → answer`.
 *
 * Plain data and pure, total functions: no clock, no randomness, no input or output, no dependency.
 */
export * as Because from "./Because.ts"
export * as ConsentEvent from "./ConsentEvent.ts"
export * as ConsentState from "./ConsentState.ts"
export * as ConsentType from "./ConsentType.ts"
export * as Decision from "./Decision.ts"
export * as Heads from "./Heads.ts"
export * as Instant from "./Instant.ts"
export * as Lapse from "./Lapse.ts"
export * as Order from "./Order.ts"
export * as Outcome from "./Outcome.ts"
export * as Period from "./Period.ts"
export * as Rules from "./Rules.ts"
export * as Simulation from "./Simulation.ts"
export * as Terms from "./Terms.ts"
export * as Timeline from "./Timeline.ts"
