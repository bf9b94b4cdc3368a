import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { Id, Name } from '../scalars.js';

/** A message on the bus. */
const MessageSource = z.object({
  subject: z.string(),
  stream: z.string(),
  sequence: z.int(),
  /** When the bus took it in. */
  receivedAt: z.iso.datetime(),
  bytes: z.int().nonnegative(),
});

/** A time of a schedule. */
const ScheduleSource = z.object({
  schedule: z.iso.datetime(),
  sequence: z.int().positive(),
  previous: z.iso.datetime(),
});

/** A version of a template that has no use for what a trigger signals. */
const TemplateSource = z.object({ template: Name, version: z.int().positive() });

const incident = {
  incidentId: Id,
  kind: z.enum(['dead-letter', 'trigger']),
  code: z.string(),
  message: z.string(),
  source: z.union([MessageSource, ScheduleSource, TemplateSource]),
  /** Where the whole message lies, when that is not its source alone. */
  deadLetter: z.object({ stream: z.string(), sequence: z.int() }).optional(),
  trigger: z.string().optional(),
  messageId: z.string().optional(),
  /** A threshold that was crossed, when the workflow that it starts is what failed. */
  crossed: z.object({ group: z.string(), aggregate: z.string() }).optional(),
  raisedAt: z.iso.datetime().optional(),
};

/**
 * Something needs a person. `dead-letter`: a message that could not be used; `trigger`: a schedule that
 * could not fire, a subject that no trigger listens to, or a signal that a new version does not wait for. Nothing of it is lost. Raised again after it
 * was resolved, it is open again.
 */
export const IncidentRaised = defineEvent('incident.raised', incident);

/** What came of an incident under a trigger: `started`, `ignored`, `counted` and the like. */
export const RetriedOutcome = z.object({
  trigger: z.string(),
  outcome: z.string(),
  workflowId: Id.optional(),
});

/** Somebody had it tried again, and it worked out; the incident as it was raised. */
export const IncidentResolved = defineEvent('incident.resolved', {
  ...incident,
  resolution: z.enum(['retried']),
  /** What came of it: one for each trigger that was concerned. */
  outcomes: z.array(RetriedOutcome),
});

export const incidentEvents = [IncidentRaised, IncidentResolved] as const;
export type IncidentEvent = EventOf<typeof incidentEvents>;
