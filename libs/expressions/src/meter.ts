import { LimitExceeded } from './errors.js';
import { LIMITS } from './limits.js';

/**
 * Steps left to the evaluation that is running. Evaluation is synchronous and does not nest, so one
 * number serves all expressions of the process.
 */
let left = 0;

/** Starts an evaluation with a full budget. */
export function startMeter(): void {
  left = LIMITS.steps;
}

/**
 * Takes steps from the budget.
 *
 * @throws LimitExceeded once it is used up, and every time after that
 */
export function spend(steps: number): void {
  left -= steps;
  if (left < 0) throw new LimitExceeded(`more than ${LIMITS.steps} steps`);
}
