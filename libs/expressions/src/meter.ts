import { LimitExceeded } from './errors.js';
import { LIMITS } from './limits.js';

/**
 * Steps left to the evaluation that is running. Evaluation is synchronous and does not nest, so one
 * number serves all expressions of the process.
 */
let left = 0;
let shared = false;

/** Starts an evaluation with a full budget, or within that of `inOneBudget`. */
export function startMeter(): void {
  if (!shared) left = LIMITS.steps;
}

/**
 * Runs several evaluations on the budget of one: what together takes more than `LIMITS.steps` fails, however
 * small its parts are. Does not nest.
 */
export function inOneBudget<Result>(run: () => Result): Result {
  left = LIMITS.steps;
  shared = true;
  try {
    return run();
  } finally {
    shared = false;
  }
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
