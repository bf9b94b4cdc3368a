import type {
  EventTrigger,
  ManualTrigger,
  ScheduledTrigger,
  ThresholdTrigger,
  Trigger,
} from '@countersign/contracts';
import { compileCondition } from '@countersign/expressions';
import type { JsonObject } from '@countersign/kernel';

import { compileFiringPlan, type Firing, type FiringPlan } from './firing-plan.js';
import { compiledAt, evaluatedAt } from './places.js';
import { parseSchedule, type Schedule } from './schedule.js';
import { compileThreshold, type Threshold } from './threshold.js';

interface Compiled<Type extends Trigger> {
  readonly triggerId: string;
  readonly trigger: Type;
  readonly plan: FiringPlan;
}

/** A trigger that messages concern. */
interface Listening {
  /** Whether a message on this subject concerns it. */
  listensTo(subject: string): boolean;
  /** Whether its condition lets a message through. @throws AppError `trigger.mapping-failed`. */
  admits(message: JsonObject): boolean;
}

export interface CompiledManual extends Compiled<ManualTrigger> {
  readonly type: 'MANUAL';
}

export interface CompiledScheduled extends Compiled<ScheduledTrigger> {
  readonly type: 'SCHEDULED';
  readonly schedule: Schedule;
}

export interface CompiledEvent extends Compiled<EventTrigger>, Listening {
  readonly type: 'EVENT';
}

export interface CompiledThreshold extends Compiled<ThresholdTrigger>, Listening {
  readonly type: 'THRESHOLD';
  readonly threshold: Threshold;
}

/** A trigger whose expressions are compiled and whose schedule is parsed. */
export type CompiledTrigger =
  CompiledManual | CompiledScheduled | CompiledEvent | CompiledThreshold;

/**
 * @throws AppError `expression.invalid`, `trigger.cron-invalid`, `trigger.time-zone-invalid`,
 *   `trigger.level-invalid`, each naming the member.
 */
export function compileTrigger(triggerId: string, trigger: Trigger): CompiledTrigger {
  switch (trigger.type) {
    case 'MANUAL': {
      const plan = compileFiringPlan({ ...trigger, place: 'mapping' }, ['input']);
      return { type: trigger.type, triggerId, trigger, plan };
    }
    case 'SCHEDULED': {
      const { cron, timeZone, context: mapping, businessKey, signal } = trigger;
      const schedule = parseSchedule(cron, timeZone);
      const sources = { businessKey, mapping, signal, place: 'context' as const };
      const plan = compileFiringPlan(sources, ['schedule']);
      return { type: trigger.type, triggerId, trigger, plan, schedule };
    }
    case 'EVENT': {
      const plan = compileFiringPlan({ ...trigger, place: 'mapping' }, ['message']);
      return { type: trigger.type, triggerId, trigger, plan, ...listening(trigger) };
    }
    case 'THRESHOLD': {
      const { businessKey, mapping, signal } = trigger;
      const sources = { businessKey, mapping, signal, place: 'mapping' as const };
      const plan = compileFiringPlan(sources, ['message', 'group', 'aggregate']);
      const threshold = compileThreshold(trigger);
      return { type: trigger.type, triggerId, trigger, plan, threshold, ...listening(trigger) };
    }
  }
}

/** What a message asks for under an EVENT trigger; undefined when its condition passes it over. */
export function fireEvent(compiled: CompiledEvent, message: JsonObject): Firing | undefined {
  return compiled.admits(message) ? compiled.plan.make({ message }) : undefined;
}

function listening({ subject, condition }: EventTrigger | ThresholdTrigger): Listening {
  const admits =
    condition === undefined
      ? undefined
      : compiledAt('/condition', () => compileCondition(condition, ['message']));
  return {
    listensTo: (given) => subjectMatches(subject, given),
    admits: (message) => evaluatedAt('condition', () => admits?.evaluate({ message }) ?? true),
  };
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
