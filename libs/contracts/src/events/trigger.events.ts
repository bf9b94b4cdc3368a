import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { BusinessKey, Id, JsonRecord, Name } from '../scalars.js';
import { Trigger } from '../triggers.js';

const Time = z.iso.datetime();

/** `nextDue` is when a scheduled trigger is due next; it is also in `trigger.resumed` and `trigger.schedule-due`. */
export const TriggerRegistered = defineEvent('trigger.registered', {
  triggerId: Id,
  trigger: Trigger,
  nextDue: Time.optional(),
});

export const TriggerPaused = defineEvent('trigger.paused', { triggerId: Id, reason: z.string() });

export const TriggerResumed = defineEvent('trigger.resumed', {
  triggerId: Id,
  reason: z.string(),
  nextDue: Time.optional(),
});

/** It fires no more. Its name may be registered again, in the same stream. */
export const TriggerDeleted = defineEvent('trigger.deleted', { triggerId: Id, reason: z.string() });

/**
 * A firing's key belongs to a running workflow, and the trigger chose to pass it over. Without a subject
 * when no message fired it: `messageId` is then `schedule:<time>`.
 */
export const TriggerEventIgnored = defineEvent('trigger.event-ignored', {
  triggerId: Id,
  trigger: Name,
  messageId: z.string(),
  subject: z.string().optional(),
  businessKey: BusinessKey,
  runningWorkflowId: Id,
});

/**
 * A firing's key belongs to a running workflow, which is told so by a signal. Decided before the signal is sent, so
 * that whoever tries again tells the same workflow the same.
 */
export const TriggerEventSignalled = defineEvent('trigger.event-signalled', {
  triggerId: Id,
  trigger: Name,
  messageId: z.string(),
  subject: z.string().optional(),
  businessKey: BusinessKey,
  runningWorkflowId: Id,
  signal: z.string(),
  payload: JsonRecord,
});

/** A message came while the trigger was paused, or too late for the window that it belongs to. */
export const TriggerEventPassedOver = defineEvent('trigger.event-passed-over', {
  triggerId: Id,
  trigger: Name,
  messageId: z.string(),
  subject: z.string(),
  reason: z.enum(['paused', 'late']),
});

/** A firing by hand was refused: whoever fired it was told so. `messageId` is `manual:<command id>`. */
export const TriggerFiringRefused = defineEvent('trigger.firing-refused', {
  triggerId: Id,
  trigger: Name,
  messageId: z.string(),
  code: z.string(),
  message: z.string(),
});

/**
 * The times of a schedule after `from` and up to `until` are settled: `times` are fired, the others were
 * missed. Decided before anything is fired, so that whoever takes over fires the same.
 */
export const TriggerScheduleDue = defineEvent('trigger.schedule-due', {
  triggerId: Id,
  trigger: Name,
  from: Time,
  until: Time,
  /** Of the first of `times`; they count up from there. */
  sequence: z.int().positive(),
  times: z.array(Time),
  /** Missed and not made up for; `more` when there were yet others before `first`. */
  skipped: z
    .object({ first: Time, last: Time, count: z.int().positive(), more: z.boolean() })
    .optional(),
  nextDue: Time.optional(),
});

/** First event of a schedule's next stream: where the one before it ended. */
export const TriggerScheduleContinued = defineEvent('trigger.schedule-continued', {
  triggerId: Id,
  segment: z.int().positive(),
  until: Time,
  sequence: z.int().nonnegative(),
  times: z.array(Time),
});

/**
 * A message was counted in its group's window. `entry` is `sequence:milliseconds:value`, and when it was
 * the one that fired, the aggregate behind another colon.
 */
export const TriggerWindowCounted = defineEvent('trigger.window-counted', {
  triggerId: Id,
  trigger: Name,
  group: z.string(),
  entry: z.string(),
  /** Of the window that ends at its newest message; decimal. */
  aggregate: z.string(),
  armed: z.boolean(),
  /** How far back the trigger's window reaches, in milliseconds. */
  windowMs: z.int().nonnegative(),
});

/**
 * What a crossing asked for could not be started, of which there is an incident: the next message that finds the window
 * above the level fires.
 */
export const TriggerWindowRearmed = defineEvent('trigger.window-rearmed', {
  triggerId: Id,
  trigger: Name,
  group: z.string(),
  /** The message that crossed the level. */
  messageId: z.string(),
  /** Why it could not be started. */
  code: z.string(),
});

/** First event of a window's next stream: what the one before it added up to. */
export const TriggerWindowContinued = defineEvent('trigger.window-continued', {
  triggerId: Id,
  group: z.string(),
  segment: z.int().positive(),
  entries: z.array(z.string()),
  newest: z.int(),
  /** Messages up to here, in milliseconds, are not remembered one by one any more. */
  horizon: z.int(),
  armed: z.boolean(),
});

export const triggerEvents = [
  TriggerRegistered,
  TriggerPaused,
  TriggerResumed,
  TriggerDeleted,
  TriggerEventIgnored,
  TriggerEventSignalled,
  TriggerEventPassedOver,
  TriggerFiringRefused,
  TriggerScheduleDue,
  TriggerScheduleContinued,
  TriggerWindowCounted,
  TriggerWindowRearmed,
  TriggerWindowContinued,
] as const;
export type TriggerEvent = EventOf<typeof triggerEvents>;
