import { derivedId } from '@countersign/kernel';
import { Duration } from '@countersign/state-machine/schemas';
import { z } from 'zod';

import { JsonRecord, Name } from './scalars.js';

/** What happens when the business key of a firing belongs to a running workflow. Without it: `ignore`. */
export const WhenRunning = z.enum(['ignore', 'incident', 'start-another', 'signal']);
export type WhenRunning = z.infer<typeof WhenRunning>;

const Expression = z.string().max(8_192);

const Member = z
  .string()
  .min(1)
  .max(200)
  .refine((name) => name !== '__proto__', 'not a name for a member');

/** How a JSON object is made: one CEL expression that gives it whole, or one for each member. */
export const Mapping = z.union([Expression, z.record(Member, Expression)]);
export type Mapping = z.infer<typeof Mapping>;

/** What the running workflow is told under `signal`; the payload is the firing's context unless it says otherwise. */
const TriggerSignal = z.strictObject({
  name: z.string().min(1).max(64),
  payload: Mapping.optional(),
});

const whenKeyRuns = {
  whenRunning: WhenRunning.optional(),
  /** Under `signal`, and only then. */
  signal: TriggerSignal.optional(),
};

interface WhenKeyRuns {
  readonly whenRunning?: WhenRunning | undefined;
  readonly signal?: object | undefined;
  readonly businessKey?: string | undefined;
}

function checkSignal(
  { whenRunning, signal, businessKey }: WhenKeyRuns,
  context: z.core.$RefinementCtx,
): void {
  const wrong = (path: string, message: string) => {
    context.addIssue({ code: 'custom', path: [path], message });
  };
  if ((whenRunning === 'signal') !== (signal !== undefined)) {
    wrong('signal', 'goes with `whenRunning` `signal`');
  }
  if (signal !== undefined && businessKey === undefined) wrong('businessKey', 'needed to signal');
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Unique; never the form of an id, so that a path may hold either. */
export const TriggerName = Name.refine((name) => !UUID.test(name), 'must not look like an id');

/** A trigger's id follows from its name. Never changed: ids are stored. */
export function triggerIdOf(name: string): string {
  return derivedId('trigger', name);
}

/** NATS subject below `trades.`, wildcards allowed. */
const Subject = z
  .string()
  .max(200)
  .regex(/^trades\.[A-Za-z0-9_.*>-]+$/, 'a subject below trades.');

const common = { name: TriggerName, template: Name };

/** Fired by a person, who is then the one that started the workflow. Expressions are CEL over `input`. */
export const ManualTrigger = z.strictObject({
  ...common,
  type: z.literal('MANUAL'),
  businessKey: Expression.optional(),
  /** Without it the input itself is the context. */
  mapping: Mapping.optional(),
});
export type ManualTrigger = z.infer<typeof ManualTrigger>;

/**
 * What becomes of times that came while nobody could fire (service down for more than ten seconds, trigger
 * paused): none of them, the last one, or all (the last hundred).
 */
export const Missed = z.enum(['skip', 'once', 'catch-up']);
export type Missed = z.infer<typeof Missed>;

/** Fired by the clock. Expressions are CEL over `schedule`: `{time, previous, name, sequence}`. */
export const ScheduledTrigger = z
  .strictObject({
    ...common,
    type: z.literal('SCHEDULED'),
    /** Five fields, or six with seconds first. */
    cron: z.string().min(1).max(200),
    /** IANA name. */
    timeZone: z.string().min(1).max(100),
    missed: Missed,
    context: Mapping.optional(),
    businessKey: Expression.optional(),
    ...whenKeyRuns,
  })
  .superRefine(checkSignal);
export type ScheduledTrigger = z.infer<typeof ScheduledTrigger>;

/** Fired by messages. Expressions are CEL over `message`. */
export const EventTrigger = z
  .strictObject({
    ...common,
    type: z.literal('EVENT'),
    subject: Subject,
    /** Messages for which it is false are passed over. */
    condition: Expression.optional(),
    businessKey: Expression,
    mapping: Mapping,
    ...whenKeyRuns,
  })
  .superRefine(checkSignal);
export type EventTrigger = z.infer<typeof EventTrigger>;

/** A number, or a decimal as text: the text keeps every digit. */
const Level = z.union([
  z.number(),
  z.string().regex(/^[+-]?\d{1,40}(\.\d{1,40})?$/, 'a number, or a decimal such as "1000000.00"'),
]);

/**
 * Fired when an aggregate of messages rises above a level; armed again when it is below `rearmBelow`.
 * `condition`, `group` and `value` are CEL over `message`; `businessKey` and `mapping` over `message`,
 * `group` and `aggregate` (a decimal as text).
 */
export const ThresholdTrigger = z
  .strictObject({
    ...common,
    type: z.literal('THRESHOLD'),
    subject: Subject,
    condition: Expression.optional(),
    /** Text; each group has a window of its own. */
    group: Expression,
    /** Number or decimal text. Not needed to count. */
    value: Expression.optional(),
    /** `value` looks at each message's own value, the others at a sliding window. */
    aggregate: z.enum(['value', 'sum', 'count', 'max']),
    /** How far the window reaches back from a message, by arrival. */
    window: Duration.optional(),
    above: Level,
    /** Not higher than `above`. */
    rearmBelow: Level,
    businessKey: Expression.optional(),
    mapping: Mapping,
    ...whenKeyRuns,
  })
  .superRefine(checkSignal)
  .superRefine(({ aggregate, window, value }, context) => {
    const wrong = (path: string, message: string) => {
      context.addIssue({ code: 'custom', path: [path], message });
    };
    if (aggregate === 'value' && window !== undefined) wrong('window', 'none for `value`');
    if (aggregate !== 'value' && window === undefined) wrong('window', `needed for ${aggregate}`);
    if (aggregate !== 'count' && value === undefined) wrong('value', `needed for ${aggregate}`);
  });
export type ThresholdTrigger = z.infer<typeof ThresholdTrigger>;

/** What starts workflows by itself, or at a person's word. */
export const Trigger = z.discriminatedUnion('type', [
  ManualTrigger,
  ScheduledTrigger,
  EventTrigger,
  ThresholdTrigger,
]);
export type Trigger = z.infer<typeof Trigger>;

/** ACTIVE, PAUSED, or DELETED: a deleted one stays on record, and its name may be given again. */
export const TriggerStatus = z.enum(['ACTIVE', 'PAUSED', 'DELETED']);
export type TriggerStatus = z.infer<typeof TriggerStatus>;

/** Against one sample (the message, input or `schedule`), or the last messages of the trades stream. */
export const DryRunBody = z.union([
  z.strictObject({
    sample: JsonRecord,
    /** Of a threshold: whether the sample is counted in the window as it is now. */
    fromPresent: z.boolean().optional(),
  }),
  z.strictObject({ last: z.int().min(1).max(100) }),
]);
export type DryRunBody = z.infer<typeof DryRunBody>;

/** `input` goes through the trigger's expressions; `context` is taken as it is, and is what `businessKey` sees. */
export const FireBody = z.union([
  z.strictObject({ input: JsonRecord }),
  z.strictObject({ context: JsonRecord }),
]);
export type FireBody = z.infer<typeof FireBody>;
