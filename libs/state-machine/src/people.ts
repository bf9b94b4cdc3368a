import type { Approver } from './approval-policy.js';
import type { Person } from './directory.js';
import {
  authorsSince,
  culprit,
  type Distrust,
  formerLogins,
  type Origin,
  originOf,
  type Origins,
} from './origins.js';

/** What a token says about somebody whom the organisation does not know. */
export interface Claims {
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** Members of answers that are remembered, at most; then all are forgotten. */
const MAX_REMEMBERED = 1_000_000;

const NOBODY: ReadonlySet<string> = new Set();

/** What is looked up; shared by views of the same people. */
interface Index {
  readonly people: ReadonlyMap<string, Person>;
  readonly logins: ReadonlyMap<string, string>;
  /** Active members by `group:x` and `role:x`. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
  /** Ids and logins that were somebody's and are nobody's now. */
  readonly removed: ReadonlySet<string>;
  /** By whose changes people are what they are, by id; nobody's where one is missing. */
  readonly origins: ReadonlyMap<string, Origins>;
  /** Whose each id and login is, or was last. */
  readonly owners: ReadonlyMap<string, { readonly person: string }>;
}

/** Whether what has this origin does not count. */
type Judge = (origin: Origin) => boolean;

/** People, found by id, login, group and role. Made once for a list of people and asked often. */
export class People {
  readonly #answers = new Map<string, ReadonlySet<string>>();
  #remembered = 0;

  private constructor(
    private readonly index: Index,
    private readonly isTheirs?: Judge,
  ) {}

  static of(
    all: Iterable<Person>,
    removed: Index['removed'],
    origins: Index['origins'] = new Map(),
    owners: Index['owners'] = new Map(),
  ): People {
    const people = new Map<string, Person>();
    const logins = new Map<string, string>();
    const members = new Map<string, Set<string>>();
    for (const person of all) {
      people.set(person.id, person);
      for (const login of person.logins ?? []) logins.set(login, person.id);
      if (!person.active) continue;
      for (const group of person.groups) addTo(members, `group:${group}`, person.id);
      for (const role of person.roles) addTo(members, `role:${role}`, person.id);
    }
    return new People({ people, logins, members, removed, origins, owners });
  }

  /** See `Organisation.without`. Who loses what by it is found when it is asked. */
  without(distrust: Distrust): People {
    // Many have one origin: each is judged once.
    const known = new Map<Origin, boolean>();
    return new People(this.index, (origin) => {
      const answer =
        known.get(origin) ?? culprit(origin, distrust, (id) => this.idOf(id)) !== undefined;
      known.set(origin, answer);
      return answer;
    });
  }

  /** See `Organisation.culprit`. */
  culprit(id: string, names: readonly string[], distrust: Distrust): string | null | undefined {
    const found = this.#originsOf(id, names).map((origin) =>
      culprit(origin, distrust, (each) => this.idOf(each)),
    );
    return found.find((each) => each !== undefined);
  }

  /** See `Organisation.authors`. */
  authors(id: string, names: readonly string[], since: number): ReadonlySet<string | null> {
    const found = this.#originsOf(id, names).map((origin) => authorsSince(origin, since));
    return new Set(found.flatMap((authors) => [...authors]));
  }

  /** See `Organisation.lenders`. */
  lenders(login: string): ReadonlySet<string | null> {
    const id = this.idOf(login);
    const origins = this.index.origins.get(id);
    const its = originOf(origins, login);
    const came = originOf(origins, id);
    return its === undefined || its === came ? new Set() : authorsSince(its, 0);
  }

  /** Of what somebody is called and was called, and of some names besides. */
  #originsOf(id: string, names: readonly string[]): (Origin | undefined)[] {
    const origins = this.index.origins.get(id);
    return [...this.#callsOf(id), ...names].map((name) => originOf(origins, name));
  }

  #callsOf(id: string): readonly string[] {
    const { logins = [] } = this.index.people.get(id) ?? {};
    return [id, ...logins, ...formerLogins(this.index.origins.get(id))];
  }

  get isEmpty(): boolean {
    return this.index.people.size === 0 && this.index.removed.size === 0;
  }

  idOf(idOrLogin: string): string {
    const { people, logins } = this.index;
    return people.has(idOrLogin) ? idOrLogin : (logins.get(idOrLogin) ?? idOrLogin);
  }

  /** The ids of whoever is or was called this: in records that is the same person. */
  behind(idOrLogin: string): ReadonlySet<string> {
    const found = new Set<string>();
    for (let next: string | undefined = idOrLogin; next !== undefined && !found.has(next);) {
      found.add(next);
      const now = this.idOf(next);
      next = now === next ? this.index.owners.get(next)?.person : now;
    }
    return found;
  }

  find(idOrLogin: string): Person | undefined {
    const person = this.index.people.get(this.idOf(idOrLogin));
    return person && this.#isLost(person) ? { ...person, active: false } : person;
  }

  knows(idOrLogin: string): boolean {
    return this.find(idOrLogin) !== undefined || this.index.removed.has(idOrLogin);
  }

  /** Each way in which a list names somebody, in its order. */
  waysNamed(idOrLogin: string, approvers: readonly Approver[], claims?: Claims): Approver[] {
    const person = this.find(idOrLogin);
    if (person === undefined && this.index.removed.has(idOrLogin)) return [];
    if (person?.active === false) return [];
    const id = this.idOf(idOrLogin);
    const { roles = [], groups = [] } = person ?? claims ?? {};
    return approvers.filter((approver) => {
      if (this.#hasLost(id, approver)) return false;
      if (approver.startsWith('role:')) return roles.includes(approver.slice('role:'.length));
      if (approver.startsWith('group:')) return groups.includes(approver.slice('group:'.length));
      return this.idOf(approver) === id;
    });
  }

  /** The ids of the active people whom both lists name; without a second, the first. */
  named(approvers: readonly Approver[], within?: readonly Approver[]): ReadonlySet<string> {
    const [only] = approvers;
    if (only === undefined) return NOBODY;
    if (approvers.length === 1 && within === undefined) return this.#namedBy(only);
    const key = JSON.stringify([approvers, within]);
    return this.#answers.get(key) ?? this.#remember(key, this.#reckon(approvers, within));
  }

  #reckon(approvers: readonly Approver[], within?: readonly Approver[]): ReadonlySet<string> {
    const ids = new Set<string>();
    const allowed = within && this.named(within);
    for (const approver of approvers) {
      for (const id of this.#namedBy(approver)) if (allowed?.has(id) ?? true) ids.add(id);
    }
    return ids;
  }

  #namedBy(approver: Approver): ReadonlySet<string> {
    if (/^(group|role):/.test(approver)) {
      const members = this.index.members.get(approver) ?? NOBODY;
      if (this.isTheirs === undefined) return members;
      return new Set(
        [...members].filter((id) => this.find(id)?.active === true && !this.#hasLost(id, approver)),
      );
    }
    const person = this.find(approver);
    return person?.active === true ? new Set([person.id]) : NOBODY;
  }

  #remember(key: string, answer: ReadonlySet<string>): ReadonlySet<string> {
    this.#remembered += 1 + answer.size;
    if (this.#remembered > MAX_REMEMBERED) {
      this.#answers.clear();
      this.#remembered = 1 + answer.size;
    }
    this.#answers.set(key, answer);
    return answer;
  }

  /** Somebody else may be behind whoever is called something by what does not count. */
  #isLost({ id }: Person): boolean {
    if (this.isTheirs === undefined || !this.index.origins.has(id)) return false;
    return this.#callsOf(id).some((name) => this.#hasLost(id, name));
  }

  #hasLost(id: string, name: string): boolean {
    if (this.isTheirs === undefined) return false;
    const origin = originOf(this.index.origins.get(id), name);
    return origin !== undefined && this.isTheirs(origin);
  }
}

function addTo(members: Map<string, Set<string>>, name: string, id: string): void {
  const known = members.get(name);
  if (known) known.add(id);
  else members.set(name, new Set([id]));
}
