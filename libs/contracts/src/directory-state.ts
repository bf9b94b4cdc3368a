import { type Aggregate, derivedId, streamName } from '@countersign/kernel';
import {
  type Calendar,
  type DelegationTerms,
  type Directory,
  Organisation,
} from '@countersign/state-machine/schemas';

import type { Delegation } from './commands/directory.commands.js';
import { type KnownPeople, peopleAfter } from './directory-people.js';
import type { DirectoryEvent } from './events/directory.events.js';

/** A delegation as it was made, and by whom it was ended. */
export type DelegationRecord = Omit<Delegation, 'status'>;

/** What the directory's events say, taken together. */
export interface DirectoryState extends KnownPeople {
  /** The revision at which people or calendars changed last. */
  readonly documentRevision: number;
  readonly calendars: ReadonlyMap<string, Calendar>;
  /** All that were ever made, by id. */
  readonly delegations: ReadonlyMap<string, DelegationRecord>;
  /** When the last of them was made, RFC 3339: what was over by then concerns nobody. */
  readonly latestDelegation: string;
  /** Of the last file that was taken in. */
  readonly fileHash: string | undefined;
}

/** There is one directory. */
export const DIRECTORY_STREAM = streamName('directory', derivedId('directory'));

/** The directory as an aggregate. The approval service decides; others read what was decided. */
export const directoryAggregate: Aggregate<DirectoryState, DirectoryEvent> = {
  category: 'directory',
  initialState: {
    revision: 0,
    documentRevision: 0,
    people: new Map(),
    removed: new Set(),
    belongings: new Map(),
    origins: new Map(),
    changes: [],
    calendars: new Map(),
    delegations: new Map(),
    entered: new Map(),
    latestDelegation: '',
    fileHash: undefined,
  },
  evolve: (state, event) => evolveAll(state, [event]),
  evolveAll,
};

/** Copies each part once, and only those that change: there may be many people and many events. */
function evolveAll(before: DirectoryState, events: readonly DirectoryEvent[]): DirectoryState {
  if (events.length === 0) return before;
  const people = events.filter((event) => event.type === 'directory.people-changed');
  const calendars = events.filter((event) => event.type === 'directory.calendars-changed');
  const made = events.filter((event) => event.type === 'directory.delegation-created');
  const delegationsStay = events.every(
    ({ type, data }) =>
      !type.startsWith('directory.delegation-') &&
      (type !== 'directory.people-changed' || data.removed.length === 0),
  );
  const last = events.findLastIndex(
    ({ type }) => type === 'directory.people-changed' || type === 'directory.calendars-changed',
  );
  return {
    ...before,
    ...peopleAfter(before, events),
    ...(calendars.length > 0 ? { calendars: withCalendars(before, calendars) } : {}),
    ...(delegationsStay ? {} : { delegations: withDelegations(before, events) }),
    revision: before.revision + events.length,
    documentRevision: last < 0 ? before.documentRevision : before.revision + last + 1,
    latestDelegation: made.at(-1)?.data.createdAt ?? before.latestDelegation,
    fileHash:
      [...people, ...calendars].map(({ data }) => data.fileHash).findLast((hash) => hash) ??
      before.fileHash,
  };
}

type Of<Type extends DirectoryEvent['type']> = readonly Extract<DirectoryEvent, { type: Type }>[];

function withCalendars(before: DirectoryState, changes: Of<'directory.calendars-changed'>) {
  const calendars = new Map(before.calendars);
  for (const { data } of changes) {
    for (const name of data.removed) calendars.delete(name);
    for (const calendar of data.set) calendars.set(calendar.name, calendar);
  }
  return calendars;
}

/** Who ends the delegations of those who leave. */
const DIRECTORY = 'system:directory';

/** In the order of the events: whoever comes back does not have again what ended when they left. */
function withDelegations(
  before: DirectoryState,
  events: readonly DirectoryEvent[],
): DirectoryState['delegations'] {
  const delegations = new Map(before.delegations);
  for (const { type, data } of events) {
    if (type === 'directory.delegation-created') {
      const { createdAt: _, scope = null, ...rest } = data;
      delegations.set(data.delegationId, { ...rest, scope, endedBy: null });
    } else if (type === 'directory.delegation-ended') {
      end(delegations, data.delegationId, data.endedBy);
    } else if (type === 'directory.people-changed' && data.removed.length > 0) {
      const gone = new Set(data.removed);
      for (const { delegationId, from, to, endedBy } of delegations.values()) {
        const open = endedBy === null;
        if (open && (gone.has(from) || gone.has(to))) end(delegations, delegationId, DIRECTORY);
      }
    }
  }
  return delegations;
}

function end(delegations: Map<string, DelegationRecord>, id: string, endedBy: string): void {
  const delegation = delegations.get(id);
  if (delegation) delegations.set(id, { ...delegation, endedBy });
}

/** Those that nobody ended and that were not over when the last one was made. */
function openDelegations({
  delegations,
  entered,
  latestDelegation,
}: DirectoryState): DelegationTerms[] {
  return [...delegations.values()].flatMap((terms) => {
    if (terms.endedBy !== null || terms.end <= latestDelegation) return [];
    const origin = entered.get(terms.delegationId);
    return [origin === undefined ? terms : { ...terms, origin }];
  });
}

/** A delegation as it is shown at a time. */
export function delegationAt(delegation: DelegationRecord, now: Date): Delegation {
  const { start, end, endedBy } = delegation;
  const at = now.toISOString();
  if (endedBy !== null || end <= at) return { ...delegation, status: 'ENDED' };
  return { ...delegation, status: start > at ? 'PLANNED' : 'ACTIVE' };
}

interface Derived {
  readonly calendars: DirectoryState['calendars'];
  readonly organisation: Organisation;
  readonly document: Directory;
}
/** Finding people is what takes time to prepare: as long as they stay the same, it is done once. */
const derived = new WeakMap<DirectoryState['people'], Derived>();
const organisations = new WeakMap<DirectoryState, Organisation>();

function derive(state: DirectoryState): Derived {
  const { people, removed, belongings: owners, calendars, origins, changes, revision } = state;
  const known = derived.get(people);
  if (known?.calendars === calendars) return known;
  const document = { people: [...people.values()], calendars: [...calendars.values()] };
  const delegations = openDelegations(state);
  const facts = { ...document, removed, owners, origins, changes, delegations, revision };
  const organisation = new Organisation(facts);
  const result = { calendars, organisation, document };
  derived.set(people, result);
  return result;
}

/** Who is who, and who may act for whom. Made once for a state. */
export function organisationOf(state: DirectoryState): Organisation {
  const known = organisations.get(state);
  if (known) return known;
  const { organisation: base } = derive(state);
  const organisation =
    base.revision === state.revision
      ? base
      : base.withDelegations(openDelegations(state), state.revision);
  organisations.set(state, organisation);
  return organisation;
}

/** People and calendars as a document; the same object as long as neither changes. */
export function documentOf(state: DirectoryState): Directory {
  return derive(state).document;
}
