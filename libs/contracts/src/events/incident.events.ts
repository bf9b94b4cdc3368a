import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { Id } from '../scalars.js';

/** Something needs a person: a message that could not be used. Nothing of it is lost. */
export const IncidentRaised = defineEvent('incident.raised', {
  incidentId: Id,
  kind: z.enum(['dead-letter']),
  code: z.string(),
  message: z.string(),
  source: z.object({
    subject: z.string(),
    stream: z.string(),
    sequence: z.int(),
    /** When the bus took it in. */
    receivedAt: z.iso.datetime(),
    bytes: z.int().nonnegative(),
  }),
  /** Where the whole message lies. */
  deadLetter: z.object({ stream: z.string(), sequence: z.int() }),
  trigger: z.string().optional(),
});

export const incidentEvents = [IncidentRaised] as const;
export type IncidentEvent = EventOf<typeof incidentEvents>;
