import type { ApprovalRequestRow } from '@countersign/contracts';
import type { Actor } from '@countersign/kernel';
import type { ApprovalPolicy, Organisation } from '@countersign/state-machine';
import { type RawBuilder, sql } from 'kysely';

/** What of an approval says who can decide it. */
export const decidableColumns = [
  'template',
  'policy',
  'approvers',
  'within',
  'escalated',
  'voters',
  'excluded',
  'deadlines',
] as const;
type Row = Pick<ApprovalRequestRow, (typeof decidableColumns)[number]>;

type Claims = Pick<Actor, 'roles' | 'groups'>;

/**
 * What somebody could decide at a moment, for themselves or on behalf of others: what the approval service would let
 * them. It has the last word.
 */
export class Decidable {
  readonly #person: string;
  /** Whoever may have delegated to that person, whatever it is about. */
  readonly #delegators: string[] = [];

  constructor(
    private readonly actor: Pick<Actor, 'id' | 'roles' | 'groups'>,
    private readonly organisation: Organisation,
    private readonly now: Date,
  ) {
    this.#person = organisation.personOf(actor.id);
    organisation.delegators(this.#person, now, (person) => {
      this.#delegators.push(person);
      return undefined;
    });
  }

  /** What an index can tell: open, not voted on, and asked of one of those people. `peopleFor` says the rest. */
  get likely(): RawBuilder<boolean> {
    const named = [this.#person, ...this.#delegators].flatMap((person) => this.#namesOf(person));
    return sql<boolean>`ended_at IS NULL AND ${this.#person} <> ALL(voters)
      AND (approvers && ${named}::text[] OR escalated && ${named}::text[])`;
  }

  /** For whom that person could decide it: themselves, those who have delegated it to them; nobody. */
  peopleFor(row: Row): string[] {
    const { organisation, now } = this;
    if (isOver(row, now)) return [];
    const asPeople = (ids: readonly string[]) =>
      new Set(ids.map((id) => organisation.personOf(id)));
    const without = asPeople(row.excluded);
    const voters = asPeople(row.voters);
    const isOut = (person: string) => without.has(person) || voters.has(person);
    if (isOut(this.#person)) return [];
    const delegated = this.#delegators.filter(
      (from) =>
        !isOut(from) &&
        this.#waysNamed(row, from).some((qualifiedBy) => {
          const matter = { template: row.template ?? undefined, qualifiedBy, without };
          return organisation.chain(from, this.#person, now, matter) !== undefined;
        }),
    );
    const isNamed = this.#waysNamed(row, this.#person, this.actor).length > 0;
    return [...(isNamed ? [this.#person] : []), ...delegated];
  }

  #waysNamed(row: Row, person: string, claims?: Claims): readonly string[] {
    const { organisation } = this;
    const isWithin = row.within.every(
      (list) => organisation.qualifies(person, list, claims) !== undefined,
    );
    return [
      ...(isWithin ? organisation.waysNamed(person, row.approvers, claims) : []),
      ...organisation.waysNamed(person, row.escalated, claims),
    ];
  }

  #namesOf(id: string): string[] {
    const person = this.organisation.person(id);
    const { roles, groups } =
      person ?? (id === this.#person ? this.actor : { roles: [], groups: [] });
    return [
      id,
      ...(person?.logins ?? []),
      ...roles.map((role) => `role:${role}`),
      ...groups.map((group) => `group:${group}`),
    ];
  }
}

/** From its deadline on no decision counts, unless it is for others to decide then. */
function isOver({ deadlines, policy }: Row, now: Date): boolean {
  const { expiresAt } = deadlines;
  if (typeof expiresAt !== 'string' || expiresAt > now.toISOString()) return false;
  return (policy as ApprovalPolicy).expiry?.outcome !== 'escalate';
}
