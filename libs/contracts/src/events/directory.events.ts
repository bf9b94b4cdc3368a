import { Calendar, Person } from '@countersign/state-machine/schemas';
import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { Id } from '../scalars.js';
import { DelegationScope } from '../delegation.js';

const change = {
  /** The first of what is known of the organisation: `seed`; a file of the operator's; or somebody over the API. */
  source: z.enum(['seed', 'file', 'api']),
  /** Of the file, so that the same content is not taken in twice. */
  fileHash: z.string().optional(),
  /** Over the API: the person who made the change. Absent in older events: not on record. */
  changedBy: z.string().optional(),
};

/** People came, changed or left. A change of many is several events of one append. */
export const DirectoryPeopleChanged = defineEvent('directory.people-changed', {
  ...change,
  /** As they are now. */
  set: z.array(Person),
  /** Who left. They stay in the records; no token makes them approvers again. */
  removed: z.array(z.string()),
});

export const DirectoryCalendarsChanged = defineEvent('directory.calendars-changed', {
  ...change,
  set: z.array(Calendar),
  removed: z.array(z.string()),
});

/** Somebody may decide for somebody else, for a time. */
export const DirectoryDelegationCreated = defineEvent('directory.delegation-created', {
  delegationId: Id,
  from: z.string(),
  to: z.string(),
  /** Never later than `start`. */
  createdAt: z.iso.datetime(),
  /** Inclusive. */
  start: z.iso.datetime(),
  /** Exclusive. */
  end: z.iso.datetime(),
  scope: DelegationScope.optional(),
  outOfOffice: z.boolean(),
  reason: z.string(),
  /** `from`, or an administrator. */
  createdBy: z.string(),
});

export const DirectoryDelegationEnded = defineEvent('directory.delegation-ended', {
  delegationId: Id,
  endedBy: z.string(),
  reason: z.string().optional(),
});

export const directoryEvents = [
  DirectoryPeopleChanged,
  DirectoryCalendarsChanged,
  DirectoryDelegationCreated,
  DirectoryDelegationEnded,
] as const;
export type DirectoryEvent = EventOf<typeof directoryEvents>;
