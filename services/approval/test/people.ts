import {
  directoryAggregate,
  type DirectoryEvent,
  type DirectoryState,
} from '@countersign/contracts';
import { type Actor, fold } from '@countersign/kernel';
import type { Directory, Person } from '@countersign/state-machine';

/** A person of a directory. */
export const person = (id: string, more: Partial<Person> = {}): Person => ({
  id,
  name: id.toUpperCase(),
  roles: [],
  groups: [],
  active: true,
  ...more,
});

export const administrator = (id: string, more: Partial<Person> = {}): Person =>
  person(id, { groups: ['workflow-admins'], ...more });

/** Somebody with a token that says nothing of roles and groups. */
export const caller = (id: string, more: Partial<Actor> = {}): Actor => ({
  id,
  roles: [],
  groups: [],
  authMethod: 'bearer',
  ...more,
});

/** As a directory is after it was fed. */
export const fed = (
  { people, calendars = [] }: Directory,
  ...more: readonly DirectoryEvent[]
): DirectoryState =>
  fold(directoryAggregate, [
    { type: 'directory.people-changed', data: { source: 'seed', set: people, removed: [] } },
    { type: 'directory.calendars-changed', data: { source: 'seed', set: calendars, removed: [] } },
    ...more,
  ]);
