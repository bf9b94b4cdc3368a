import type { EventTrigger } from '@countersign/contracts';
import { compileCondition, compileExpression } from '@countersign/expressions';
import { type JsonObject, rule } from '@countersign/kernel';

/** What a message asks for under a trigger. */
export interface Firing {
  readonly businessKey: string;
  readonly context: JsonObject;
}

/** A trigger whose expressions are compiled. */
export interface CompiledTrigger {
  readonly triggerId: string;
  readonly trigger: EventTrigger;
  /** Whether a message on this subject concerns it. */
  listensTo(subject: string): boolean;
  /**
   * What the message asks for; undefined when the trigger's condition passes it over.
   *
   * @throws AppError naming the expression that could not be evaluated.
   */
  fire(message: JsonObject): Firing | undefined;
}

/** As long as a business key may be anywhere. */
const MAX_KEY_LENGTH = 200;

const VARIABLES = ['message'];

/** @throws AppError `expression.invalid` for an expression that does not compile. */
export function compileTrigger(triggerId: string, trigger: EventTrigger): CompiledTrigger {
  const condition =
    trigger.condition === undefined ? undefined : compileCondition(trigger.condition, VARIABLES);
  const businessKey = compileExpression(trigger.businessKey, VARIABLES);
  const mapping = Object.entries(trigger.mapping).map(
    ([member, source]) => [member, compileExpression(source, VARIABLES)] as const,
  );
  return {
    triggerId,
    trigger,
    listensTo: (subject) => subjectMatches(trigger.subject, subject),
    fire(message) {
      const bindings = { message };
      const fires = evaluated('condition', () => condition?.evaluate(bindings) ?? true);
      if (!fires) return undefined;
      const key = evaluated('businessKey', () => businessKey.evaluate(bindings));
      if (typeof key !== 'string' || key.trim() === '' || key.length > MAX_KEY_LENGTH) {
        const wanted = `a text of 1 to ${MAX_KEY_LENGTH} characters, not blank`;
        throw rule('trigger.mapping-failed', `businessKey: must be ${wanted}`);
      }
      const context: JsonObject = {};
      for (const [member, expression] of mapping) {
        context[member] = evaluated(`mapping.${member}`, () => expression.evaluate(bindings));
      }
      return { businessKey: key, context };
    },
  };
}

function evaluated<T>(place: string, evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw rule('trigger.mapping-failed', `${place}: ${reason}`, { cause: error });
  }
}

/** NATS subject matching: `*` stands for one token, a final `>` for one or more. */
export function subjectMatches(pattern: string, subject: string): boolean {
  const tokens = subject.split('.');
  const wanted = pattern.split('.');
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return tokens.length > index;
    if (tokens[index] === undefined || (token !== '*' && token !== tokens[index])) return false;
  }
  return tokens.length === wanted.length;
}
