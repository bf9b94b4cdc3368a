import { type Approver, approverSets } from '../approval-policy.js';
import type { Directory } from '../directory.js';

/** A directory that is asked often: who is active, by id, group and role. */
export class People {
  readonly #ids = new Set<string>();
  readonly #groups = new Map<string, string[]>();
  readonly #roles = new Map<string, string[]>();
  readonly #answers = new Map<string, ReadonlySet<string>>();

  constructor({ people }: Directory) {
    for (const { id, groups, roles, active } of people) {
      if (!active) continue;
      this.#ids.add(id);
      for (const group of groups) add(this.#groups, group, id);
      for (const role of roles) add(this.#roles, role, id);
    }
  }

  /** The ids of the active people that a list of approvers names, as `peopleNamed` has it. */
  named(approvers: readonly Approver[]): ReadonlySet<string> {
    const key = JSON.stringify(approvers);
    const known = this.#answers.get(key);
    if (known) return known;
    const { people, groups, roles } = approverSets(approvers);
    const ids = new Set([
      ...people.filter((id) => this.#ids.has(id)),
      ...groups.flatMap((group) => this.#groups.get(group) ?? []),
      ...roles.flatMap((role) => this.#roles.get(role) ?? []),
    ]);
    this.#answers.set(key, ids);
    return ids;
  }

  /** Those of a list who are on a second one as well; without one, all of them. */
  eligible(
    approvers: readonly Approver[],
    within: readonly Approver[] | undefined,
  ): ReadonlySet<string> {
    const named = this.named(approvers);
    if (within === undefined) return named;
    const allowed = this.named(within);
    return new Set([...named].filter((id) => allowed.has(id)));
  }
}

function add(lists: Map<string, string[]>, key: string, id: string): void {
  const list = lists.get(key);
  if (list) list.push(id);
  else lists.set(key, [id]);
}
