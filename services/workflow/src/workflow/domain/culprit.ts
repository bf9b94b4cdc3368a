import { ExpressionError } from '@countersign/expressions';
import { messageOf, rule } from '@countersign/kernel';
import { type CompiledDefinition, placeOfExpression } from '@countersign/state-machine';

/** What went wrong, and by which expression in which place of the definition, for whoever has to mend it. */
export function textOf({ definition }: CompiledDefinition, error: unknown): string {
  if (!(error instanceof ExpressionError)) return messageOf(error);
  const source = error.details?.['expression'];
  const place = typeof source === 'string' ? placeOfExpression(definition, source) : '';
  return `${place}: ${error.message}`;
}

/**
 * An expression that fails is the answer to whoever asked, and nothing has happened.
 *
 * @throws AppError `rule` of that code; what `act` throws beside `ExpressionError`
 */
export function blamingCaller<Result>(
  definition: CompiledDefinition,
  code: string,
  act: () => Result,
): Result {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw rule(code, textOf(definition, error), { cause: error });
  }
}
