import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { BusinessKey, Id, Name } from '../scalars.js';

/** The key belongs to this workflow until that has ended and another one takes it. */
export const BusinessKeyReserved = defineEvent('businesskey.reserved', {
  template: Name,
  businessKey: BusinessKey,
  workflowId: Id,
  reservedAt: z.iso.datetime(),
});

export const businessKeyEvents = [BusinessKeyReserved] as const;
export type BusinessKeyEvent = EventOf<typeof businessKeyEvents>;
