import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { BusinessKey, Id, Name } from '../scalars.js';

/** What happens when a trigger's business key belongs to a running workflow. */
export const WhenRunning = z.enum(['ignore', 'incident', 'start-another']);
export type WhenRunning = z.infer<typeof WhenRunning>;

/** An EVENT trigger: which messages start which template, and how. Expressions are CEL over `message`. */
export const EventTrigger = z.object({
  name: Name,
  type: z.literal('EVENT'),
  /** NATS subject, wildcards allowed. */
  subject: z.string().regex(/^trades\.[A-Za-z0-9_.*>-]+$/, 'a subject below trades.'),
  /** Messages for which it is false are passed over. */
  condition: z.string().optional(),
  businessKey: z.string(),
  /** Context member by member. */
  mapping: z.record(z.string(), z.string()),
  template: Name,
  whenRunning: WhenRunning,
});
export type EventTrigger = z.infer<typeof EventTrigger>;

export const TriggerRegistered = defineEvent('trigger.registered', {
  triggerId: Id,
  trigger: EventTrigger,
});

/** A message matched, and its key's workflow is still running, which the trigger chose to pass over. */
export const TriggerEventIgnored = defineEvent('trigger.event-ignored', {
  triggerId: Id,
  trigger: Name,
  messageId: z.string(),
  subject: z.string(),
  businessKey: BusinessKey,
  runningWorkflowId: Id,
});

export const triggerEvents = [TriggerRegistered, TriggerEventIgnored] as const;
export type TriggerEvent = EventOf<typeof triggerEvents>;
