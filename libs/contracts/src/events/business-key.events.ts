import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { BusinessKey, Id, Name } from '../scalars.js';
import { waitingSignal } from './shared-members.js';

/** The key belongs to this workflow, with those that share it, until all have ended and another one takes it. */
export const BusinessKeyReserved = defineEvent('businesskey.reserved', {
  template: Name,
  businessKey: BusinessKey,
  workflowId: Id,
  reservedAt: z.iso.datetime(),
  /** Earlier holders that keep it beside this one; the signals of the key reach all of them. */
  sharedWith: z.array(Id).optional(),
});

/** A signal for whichever workflow has the key next. */
export const BusinessKeySignalKept = defineEvent('businesskey.signal-kept', {
  template: Name,
  businessKey: BusinessKey,
  ...waitingSignal,
});

export const businessKeyEvents = [BusinessKeyReserved, BusinessKeySignalKept] as const;
export type BusinessKeyEvent = EventOf<typeof businessKeyEvents>;
