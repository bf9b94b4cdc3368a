import { type DirectoryEvent, type DirectoryState, organisationOf } from '@countersign/contracts';
import { type Actor, ADMINISTRATORS, conflict, forbidden, rule } from '@countersign/kernel';
import type { Calendar, Directory, Person } from '@countersign/state-machine';

import { mustKeepIdentities } from './identity.js';

/** Characters of JSON in one event, at most: a quarter MiB is what an event may take, in bytes. */
const MAX_CHARACTERS = 60_000;
/** Events in one append, at most: 1 MiB is what KurrentDB takes in one. */
const MAX_PORTIONS = 5;

/** What an administrator made of the directory, all of it. */
export interface Replacement {
  readonly directory: Directory;
  /** The revision that it was made from. */
  readonly expectedRevision: number;
}

/**
 * The change, or the next part of a large one. Repeat it, from the revision that the last part made, until the state
 * `isReplaced`. Nobody loses their own rights by a part, so whoever began can go on.
 *
 * @throws AppError `directory.admins-only`, `directory.revision-mismatch`, `directory.own-membership`,
 * `directory.identity-moved`, `directory.no-administrator`.
 */
export function replaceDirectory(
  state: DirectoryState,
  { directory, expectedRevision }: Replacement,
  actor: Actor,
): readonly DirectoryEvent[] {
  mustBeAdministrator(state, actor);
  if (expectedRevision !== state.documentRevision) {
    throw conflict(
      'directory.revision-mismatch',
      `the directory is at ${state.documentRevision} and the change was made from ${expectedRevision}`,
      { details: { revision: state.documentRevision } },
    );
  }
  mustNotTouchThemselves(state, directory, actor);
  mustKeepIdentities(state, directory);
  const isThere = ({ active, groups }: Person) => active && groups.includes(ADMINISTRATORS);
  if ([...state.people.values()].some(isThere) && !directory.people.some(isThere)) {
    throw rule('directory.no-administrator', `nobody would be left in the group ${ADMINISTRATORS}`);
  }
  const by = organisationOf(state).personOf(actor.id);
  return changes(state, directory, 'api', by).slice(0, MAX_PORTIONS);
}

/** Whether nothing of a change is left to be done. */
export function isReplaced(state: DirectoryState, directory: Directory): boolean {
  return changes(state, directory, 'api').length === 0;
}

/**
 * The operator's file, or the next part of it: a store takes no append of any size. Repeat it until an event carries the
 * hash. The same content as that of the last file is not taken in again: later changes hold.
 *
 * @throws AppError `directory.identity-moved`
 */
export function takeInFile(
  state: DirectoryState,
  directory: Directory,
  fileHash: string,
): readonly DirectoryEvent[] {
  if (state.fileHash === fileHash) return [];
  mustKeepIdentities(state, directory);
  const events = changes(state, directory, 'file');
  if (events.length > MAX_PORTIONS) return events.slice(0, MAX_PORTIONS);
  // The file may say what is known already; that it was taken in is recorded all the same.
  const taken = { source: 'file' as const, fileHash, set: [], removed: [] };
  return [...events, { type: 'directory.people-changed', data: taken }];
}

/** People to begin with, where there are none. */
export function seedDirectory(
  state: DirectoryState,
  directory: Directory,
): readonly DirectoryEvent[] {
  return state.revision === 0 ? changes(state, directory, 'seed') : [];
}

/** Whether the directory, or the token of somebody whom it never knew, makes an actor an administrator. */
export function isDirectoryAdministrator(state: DirectoryState, actor: Actor): boolean {
  const list = [`group:${ADMINISTRATORS}`];
  return organisationOf(state).qualifies(actor.id, list, actor) !== undefined;
}

function mustBeAdministrator(state: DirectoryState, actor: Actor): void {
  if (isDirectoryAdministrator(state, actor)) return;
  throw forbidden('directory.admins-only', `this takes a member of the group ${ADMINISTRATORS}`);
}

/**
 * Nobody decides what they are themselves. Somebody who is known by their token alone may put themselves down as what
 * the token says.
 */
function mustNotTouchThemselves(state: DirectoryState, { people }: Directory, actor: Actor): void {
  const organisation = organisationOf(state);
  const before = organisation.person(actor.id);
  const own = organisation.personOf(actor.id);
  const after = people.find(({ id, logins = [] }) => id === own || logins.includes(own));
  const unchanged =
    before === undefined
      ? after === undefined || sameMemberships(after, { ...actor, active: true })
      : after?.name === before.name && sameMemberships(after, before);
  if (unchanged) return;
  throw forbidden(
    'directory.own-membership',
    'another administrator has to change your own name, roles, groups and logins',
  );
}

type Memberships = Pick<Person, 'id' | 'roles' | 'groups' | 'active' | 'logins'>;

function sameMemberships(a: Memberships, b: Memberships): boolean {
  const sorted = ({ id, roles, groups, active, logins = [] }: Memberships) =>
    JSON.stringify([
      id,
      active,
      ...[roles, groups, logins].map((names) => [...new Set(names)].sort()),
    ]);
  return sorted(a) === sorted(b);
}

function changes(
  state: DirectoryState,
  to: Directory,
  source: 'seed' | 'file' | 'api',
  changedBy?: string,
): DirectoryEvent[] {
  const how = { source, ...(changedBy === undefined ? {} : { changedBy }) };
  const people = difference(state.people, to.people, ({ id }) => id);
  const next = to.calendars ?? [...state.calendars.values()];
  const calendars = difference(state.calendars, next, ({ name }) => name);
  return [
    ...portions(people).map((data): DirectoryEvent => {
      return { type: 'directory.people-changed', data: { ...how, ...data } };
    }),
    ...portions(calendars).map((data): DirectoryEvent => {
      return { type: 'directory.calendars-changed', data: { ...how, ...data } };
    }),
  ];
}

interface Difference<Item> {
  readonly set: Item[];
  readonly removed: string[];
}

function difference<Item extends Person | Calendar>(
  before: ReadonlyMap<string, Item>,
  after: readonly Item[],
  nameOf: (item: Item) => string,
): Difference<Item> {
  const names = new Set(after.map(nameOf));
  return {
    set: after.filter((item) => {
      const known = before.get(nameOf(item));
      // Both were parsed with the same schema, so their members come in the same order.
      return known === undefined || JSON.stringify(known) !== JSON.stringify(item);
    }),
    removed: [...before.keys()].filter((name) => !names.has(name)),
  };
}

/** A difference in pieces that fit into an event. */
function portions<Item>({ set, removed }: Difference<Item>): Difference<Item>[] {
  const pieces: Difference<Item>[] = [];
  let room = 0;
  const pieceFor = (value: unknown): Difference<Item> => {
    const size = JSON.stringify(value).length + 1;
    const last = pieces.at(-1);
    if (last && size <= room) {
      room -= size;
      return last;
    }
    room = MAX_CHARACTERS - size;
    const piece = { set: [], removed: [] };
    pieces.push(piece);
    return piece;
  };
  for (const name of removed) pieceFor(name).removed.push(name);
  for (const item of set) pieceFor(item).set.push(item);
  return pieces;
}
