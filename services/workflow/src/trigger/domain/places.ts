import { AppError, invalid, rule } from '@countersign/kernel';

/** @throws AppError `expression.invalid` that names the member of the trigger, as `/mapping/tradeId`. */
export function compiledAt<T>(at: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, details } = error;
    const problems = [{ at, problem: message }];
    throw invalid(code, `${at}: ${message}`, { details: { ...details, problems }, cause: error });
  }
}

/** @throws AppError `trigger.mapping-failed` that names the member whose expression has no value. */
export function evaluatedAt<T>(at: string, evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw rule('trigger.mapping-failed', `${at}: ${reason}`, { cause: error });
  }
}

/** A member that does not do. */
export function wrongAt(at: string, code: string, problem: string): AppError {
  return invalid(code, `${at}: ${problem}`, { details: { problems: [{ at, problem }] } });
}
