import type { Approver } from './approval-policy.js';
import type { Person } from './directory.js';

/** What a token says about somebody whom the organisation does not know. */
export interface Claims {
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** Members of answers that are remembered, at most; then all are forgotten. */
const MAX_REMEMBERED = 1_000_000;

const NOBODY: ReadonlySet<string> = new Set();

/** People, found by id, login, group and role. Made once for a list of people and asked often. */
export class People {
  readonly #people = new Map<string, Person>();
  readonly #logins = new Map<string, string>();
  /** Active members by `group:x` and `role:x`. */
  readonly #members = new Map<string, Set<string>>();
  readonly #answers = new Map<string, ReadonlySet<string>>();
  #remembered = 0;

  constructor(
    people: Iterable<Person>,
    /** Ids and logins that were somebody's and are nobody's now. */
    private readonly removed: ReadonlySet<string>,
  ) {
    for (const person of people) {
      const { id, groups, roles, active, logins = [] } = person;
      this.#people.set(id, person);
      for (const login of logins) this.#logins.set(login, id);
      if (!active) continue;
      for (const group of groups) this.#add(`group:${group}`, id);
      for (const role of roles) this.#add(`role:${role}`, id);
    }
  }

  get isEmpty(): boolean {
    return this.#people.size === 0 && this.removed.size === 0;
  }

  idOf(idOrLogin: string): string {
    return this.#people.has(idOrLogin) ? idOrLogin : (this.#logins.get(idOrLogin) ?? idOrLogin);
  }

  find(idOrLogin: string): Person | undefined {
    return this.#people.get(this.idOf(idOrLogin));
  }

  knows(idOrLogin: string): boolean {
    return this.find(idOrLogin) !== undefined || this.removed.has(idOrLogin);
  }

  /** Each way in which a list names somebody, in its order. */
  waysNamed(idOrLogin: string, approvers: readonly Approver[], claims?: Claims): Approver[] {
    const person = this.find(idOrLogin);
    if (person === undefined && this.removed.has(idOrLogin)) return [];
    if (person?.active === false) return [];
    const id = this.idOf(idOrLogin);
    const { roles = [], groups = [] } = person ?? claims ?? {};
    return approvers.filter((approver) => {
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
    if (/^(group|role):/.test(approver)) return this.#members.get(approver) ?? NOBODY;
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

  #add(name: string, id: string): void {
    const members = this.#members.get(name);
    if (members) members.add(id);
    else this.#members.set(name, new Set([id]));
  }
}
