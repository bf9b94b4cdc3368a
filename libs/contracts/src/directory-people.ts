import { ADMINISTRATORS } from '@countersign/kernel';
import {
  formerLogin,
  formerLogins,
  type Origin,
  originOf,
  type Origins,
  type Person,
} from '@countersign/state-machine/schemas';

import type { DirectoryEvent } from './events/directory.events.js';

type DataOf<Type extends DirectoryEvent['type']> = Extract<DirectoryEvent, { type: Type }>['data'];

/** Whose an id or login is. */
interface Belonging {
  /** Their id. */
  readonly person: string;
  /** Whether it was ever the id of a person, under which records know them. */
  readonly wasId: boolean;
}

/** Who is who in the directory, and by whose doing. */
interface Parts {
  readonly people: ReadonlyMap<string, Person>;
  /** Ids and logins that were somebody's. */
  readonly removed: ReadonlySet<string>;
  /** Whose each id and login is, or was last. */
  readonly belongings: ReadonlyMap<string, Belonging>;
  /** By whose changes people are what they are, by their id: of those whom a person made so. */
  readonly origins: ReadonlyMap<string, Origins>;
  /** All changes of people that persons made, in order. */
  readonly changes: readonly Origin[];
}

export interface KnownPeople extends Parts {
  /** How many events of the directory that are: recorded with what is decided by it. */
  readonly revision: number;
  /** Of delegations that an administrator entered for somebody, by id: by whom, and how they came to be one. */
  readonly entered: ReadonlyMap<string, Origin>;
}

/** What events make of people, and of what administrators enter for others. Copied once, and only what changes. */
export function peopleAfter(
  before: KnownPeople,
  events: readonly DirectoryEvent[],
): Partial<KnownPeople> {
  const changed = events.some(({ type }) => type === 'directory.people-changed');
  const people = changed ? new PeopleInTheMaking(before) : undefined;
  const entered = new Map<string, Origin>();
  for (const [index, event] of events.entries()) {
    const revision = before.revision + index + 1;
    if (event.type === 'directory.people-changed') people?.change(event.data, revision);
    if (event.type === 'directory.delegation-created') {
      const { delegationId, from, createdBy: by } = event.data;
      if (by === from) continue;
      entered.set(delegationId, { revision, by, through: madeAdministrator(by, people ?? before) });
    }
  }
  return {
    ...people?.parts,
    ...(entered.size === 0 ? {} : { entered: new Map([...before.entered, ...entered]) }),
  };
}

class PeopleInTheMaking implements Parts {
  readonly people: Map<string, Person>;
  readonly removed: Set<string>;
  readonly belongings: Map<string, Belonging>;
  readonly origins: Map<string, Origins>;
  readonly changes: Origin[];

  constructor(before: Parts) {
    this.people = new Map(before.people);
    this.removed = new Set(before.removed);
    this.belongings = new Map(before.belongings);
    this.origins = new Map(before.origins);
    this.changes = [...before.changes];
  }

  get parts(): Parts {
    const { people, removed, belongings, origins, changes } = this;
    return { people, removed, belongings, origins, changes };
  }

  change(data: DataOf<'directory.people-changed'>, revision: number): void {
    const origin = this.#originOf(data, revision);
    if (origin) this.changes.push(origin);
    for (const id of data.removed) this.#remove(id);
    for (const { id } of data.set) this.#removeLogins(id);
    for (const person of data.set) this.#set(person, origin);
  }

  /** None for the seed's and the operator's: nobody among the people answers for those. */
  #originOf(
    { source, changedBy }: DataOf<'directory.people-changed'>,
    revision: number,
  ): Origin | undefined {
    if (source !== 'api') return undefined;
    if (changedBy === undefined) return { revision, by: null, through: [] };
    return { revision, by: changedBy, through: madeAdministrator(changedBy, this) };
  }

  #remove(id: string): void {
    this.#removeLogins(id);
    this.people.delete(id);
    this.origins.delete(id);
    this.removed.add(id);
  }

  #removeLogins(id: string): void {
    for (const login of this.people.get(id)?.logins ?? []) this.removed.add(login);
  }

  #set(person: Person, origin: Origin | undefined): void {
    const { id, logins = [] } = person;
    const origins = originsAfter(this.people.get(id), person, this.origins.get(id), origin);
    if (origins) this.origins.set(id, origins);
    else this.origins.delete(id);
    this.people.set(id, person);
    for (const name of [id, ...logins]) {
      this.removed.delete(name);
      const wasId = name === id || this.belongings.get(name)?.wasId === true;
      this.belongings.set(name, { person: id, wasId });
    }
  }
}

/** By which changes somebody came to be an administrator, and to be called what they are. */
function madeAdministrator(id: string, { people, origins }: Pick<Parts, 'people' | 'origins'>) {
  const person = people.get(id);
  const names = person === undefined ? [] : [...callsOf(person), `group:${ADMINISTRATORS}`];
  const found = names.map((name) => originOf(origins.get(id), name));
  return [...new Set(found.filter((origin) => origin !== undefined))];
}

/** What somebody has had keeps its origin. Whoever was not there has nothing: coming back is being given all anew. */
function originsAfter(
  before: Person | undefined,
  after: Person,
  known: Origins | undefined,
  origin: Origin | undefined,
): Origins | undefined {
  if (!after.active) return undefined;
  if (before?.active !== true) return origin;
  const had = new Set(namesOf(before));
  const has = new Set(namesOf(after));
  const gone = (before.logins ?? []).filter((login) => !has.has(login));
  const entries = [
    ...namesOf(after).map(
      (name) => [name, had.has(name) ? originOf(known, name) : origin] as const,
    ),
    ...formerLogins(known).map((name) => [name, originOf(known, name)] as const),
    ...gone.map((login) => [formerLogin(login), originOf(known, login)] as const),
  ].flatMap(([name, its]) => (its === undefined ? [] : [[name, its] as const]));
  return entries.length === 0 ? undefined : new Map(entries);
}

const callsOf = ({ id, logins = [] }: Person): string[] => [id, ...logins];

const namesOf = (person: Person): string[] => [
  ...callsOf(person),
  ...person.groups.map((group) => `group:${group}`),
  ...person.roles.map((role) => `role:${role}`),
];
