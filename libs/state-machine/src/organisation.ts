import type { Approver } from './approval-policy.js';
import type { Calendar } from './calendar.js';
import type { Person } from './directory.js';
import { culprit, type Distrust, type Origin, type Origins } from './origins.js';
import { type Claims, People } from './people.js';

/** Somebody may decide for somebody else, from `start` (inclusive) to `end` (exclusive). */
export interface DelegationTerms {
  readonly delegationId: string;
  /** Ids of people. */
  readonly from: string;
  readonly to: string;
  /** RFC 3339. */
  readonly start: string;
  readonly end: string;
  /** Who entered it: `from`, or an administrator; absent: `from`. */
  readonly createdBy?: string | undefined;
  /** Where an administrator entered it: how they came to be one. */
  readonly origin?: Origin | undefined;
  /** Whether the person is away, rather than busy. */
  readonly outOfOffice?: boolean | undefined;
  /** What it covers; absent members do not restrict. */
  readonly scope?:
    | {
        readonly templates?: readonly string[] | undefined;
        /** Ways in which `from` is named: their id, `role:x`, `group:x`. */
        readonly approvers?: readonly Approver[] | undefined;
      }
    | null
    | undefined;
}

/** What is to be decided on somebody's behalf. */
export interface DelegatedMatter {
  /** Absent for an ad-hoc request, which no delegation covers that names templates. */
  readonly template?: string | undefined;
  /** How the person who is stood in for is named: see `Organisation.qualifies`. */
  readonly qualifiedBy: Approver;
  /** People who may not be anywhere on the chain. */
  readonly without?: ReadonlySet<string> | undefined;
  /** People whose delegations count when they are their own, and not when they entered them for somebody else. */
  readonly notMadeBy?: ReadonlySet<string> | undefined;
}

/** Delegations that one person after another made, the first by whoever is stood in for. */
export type DelegationChain = readonly DelegationTerms[];

/** How many delegations may follow one another. */
export const MAX_DELEGATION_CHAIN = 3;

export interface OrganisationFacts {
  readonly people: Iterable<Person>;
  /** Ids and logins that were somebody's and are nobody's now. */
  readonly removed?: Iterable<string>;
  /** By whose changes people are what they are, by id; nobody's where one is missing. */
  readonly origins?: ReadonlyMap<string, Origins> | undefined;
  /** Whose each id and login is, or was last. */
  readonly owners?: ReadonlyMap<string, { readonly person: string }> | undefined;
  /** All such changes, in order. */
  readonly changes?: readonly Origin[] | undefined;
  readonly calendars?: Iterable<Calendar> | undefined;
  /** Those that nobody has ended. */
  readonly delegations?: Iterable<DelegationTerms>;
  /** Of the directory; recorded with what is decided by it. */
  readonly revision?: number;
}

/**
 * Who is who, who may act for whom, and when work is done: the directory at one revision. Immutable; made
 * once for a revision, in time proportional to its people, and asked often. Wherever it takes an id, it takes a login
 * of that person as well. Of people whom it knows, also those who have left, it alone says what they are; of others, a
 * token may.
 */
export class Organisation {
  readonly revision: number;
  readonly #people: People;
  readonly #changes: readonly Origin[];
  readonly #calendars: ReadonlyMap<string, Calendar>;
  readonly #from = new Map<string, Timed[]>();
  readonly #to = new Map<string, Timed[]>();
  /** Those that an administrator entered. */
  readonly #entered: DelegationTerms[] = [];
  #lastWithout: { readonly key: string; readonly organisation: Organisation } | undefined;

  constructor(facts: OrganisationFacts, people?: People) {
    const { calendars = [], delegations = [], removed = [], origins, revision = 0 } = facts;
    this.revision = revision;
    this.#people = people ?? People.of(facts.people, new Set(removed), origins, facts.owners);
    this.#changes = facts.changes ?? [];
    this.#calendars = new Map([...calendars].map((calendar) => [calendar.name, calendar]));
    for (const terms of delegations) {
      const from = this.personOf(terms.from);
      const to = this.personOf(terms.to);
      const timed = { terms, from, to, start: Date.parse(terms.start), end: Date.parse(terms.end) };
      add(this.#from, from, timed);
      add(this.#to, to, timed);
      if (terms.origin) this.#entered.push(terms);
    }
  }

  /** The same people under other delegations: cheap. */
  withDelegations(delegations: Iterable<DelegationTerms>, revision: number): Organisation {
    return this.#with(this.#people, delegations, revision);
  }

  /**
   * The same without what rests on changes of some people: a role, group or delegation that they gave is not there, and
   * whoever they brought in, called back or gave a login is not active. Who is who stays as it is. Often itself.
   */
  without(distrust: Distrust): Organisation {
    const { since, of } = distrust;
    const key = JSON.stringify([since, ...[...of].sort()]);
    if (this.#lastWithout?.key === key) return this.#lastWithout.organisation;
    const organisation = this.#reckonWithout(distrust);
    this.#lastWithout = { key, organisation };
    return organisation;
  }

  /**
   * Through whom among those who are distrusted somebody is called or may do what they are: see `culprit`.
   *
   * @param names ways in which the person is named
   */
  culprit(person: string, names: readonly Approver[], distrust: Distrust) {
    return this.#people.culprit(this.personOf(person), names, distrust);
  }

  /**
   * The people by whose changes since a revision somebody is called or may do what they are, also through
   * administrators whom they made; null for those who are not on record.
   */
  authors(person: string, names: readonly Approver[], since: number): ReadonlySet<string | null> {
    return this.#people.authors(this.personOf(person), names, since);
  }

  /** The people who gave a login to somebody who was there without it: whoever comes by it may be one of them. */
  lenders(login: string | undefined): string[] {
    if (login === undefined) return [];
    return [...this.#people.lenders(login)].filter((id) => id !== null);
  }

  #reckonWithout(distrust: Distrust): Organisation {
    const personOf = (id: string) => this.personOf(id);
    const isTheirs = (origin: Origin | undefined) =>
      culprit(origin, distrust, personOf) !== undefined;
    const newest = this.#changes.findLastIndex(({ revision }) => revision <= distrust.since);
    const people = this.#changes.slice(newest + 1).some(isTheirs)
      ? this.#people.without(distrust)
      : this.#people;
    if (people === this.#people && !this.#entered.some(({ origin }) => isTheirs(origin)))
      return this;
    const delegations = [...this.#from.values()].flat().map(({ terms }) => terms);
    const kept = delegations.filter(({ origin }) => !isTheirs(origin));
    return this.#with(people, kept, this.revision);
  }

  #with(people: People, delegations: Iterable<DelegationTerms>, revision: number): Organisation {
    const calendars = this.#calendars.values();
    const changes = this.#changes;
    return new Organisation({ people: [], calendars, changes, delegations, revision }, people);
  }

  /** Whether it knows nobody and never knew anybody: then it cannot say whether anything can be approved. */
  get isEmpty(): boolean {
    return this.#people.isEmpty;
  }

  /** The id of the person with this id or login; what was given when there is none. */
  personOf(idOrLogin: string): string {
    return this.#people.idOf(idOrLogin);
  }

  /**
   * The ids of whoever a record means: also those of the person whose login it was and is no longer. Who has been one
   * person to the directory stays that for the rules about who decides.
   */
  peopleBehind(idOrLogin: string): ReadonlySet<string> {
    return this.#people.behind(idOrLogin);
  }

  person(idOrLogin: string): Person | undefined {
    return this.#people.find(idOrLogin);
  }

  /** Whether the directory has or had this person, active or not. */
  knows(idOrLogin: string): boolean {
    return this.#people.knows(idOrLogin);
  }

  /** Whether the directory knows this person as one who is there. */
  isActive(idOrLogin: string): boolean {
    return this.#people.find(idOrLogin)?.active === true;
  }

  /**
   * How a list names a person: the first of their id (or login), `role:x` and `group:x` on it. Undefined when it does
   * not, and for whoever is inactive or has left.
   *
   * @param claims roles and groups of a token; they count for people whom the directory never knew.
   */
  qualifies(
    idOrLogin: string,
    approvers: readonly Approver[],
    claims?: Claims,
  ): Approver | undefined {
    return this.waysNamed(idOrLogin, approvers, claims)[0];
  }

  /** Each way in which a list names a person, in its order: a delegation may cover one and not another. */
  waysNamed(
    idOrLogin: string,
    approvers: readonly Approver[],
    claims?: Claims,
  ): readonly Approver[] {
    return this.#people.waysNamed(idOrLogin, approvers, claims);
  }

  /** The ids of the active people whom a list names, and `within`, when given, as well. */
  named(approvers: readonly Approver[], within?: readonly Approver[]): ReadonlySet<string> {
    return this.#people.named(approvers, within);
  }

  calendar(name: string): Calendar | undefined {
    return this.#calendars.get(name);
  }

  /**
   * The shortest chain of delegations, at most `MAX_DELEGATION_CHAIN` long, by which one person may decide something for
   * another at a time. Each covers the matter, and everybody on it is active.
   */
  chain(from: string, to: string, at: Date, matter: DelegatedMatter): DelegationChain | undefined {
    const first = this.personOf(from);
    const last = this.personOf(to);
    if (!this.#mayStandOn(first, matter) || !this.#mayStandOn(last, matter)) return undefined;
    const seen = new Set([first]);
    let reached: { person: string; chain: DelegationChain }[] = [{ person: first, chain: [] }];
    for (let length = 1; length <= MAX_DELEGATION_CHAIN; length++) {
      const further: typeof reached = [];
      for (const { person, chain } of reached) {
        for (const delegation of this.#from.get(person) ?? []) {
          const { terms, to: next } = delegation;
          if (seen.has(next) || !isAt(delegation, at) || !this.#covers(terms, matter)) continue;
          if (!this.#mayStandOn(next, matter) || this.#isMadeByOther(delegation, matter)) continue;
          if (next === last) return [...chain, terms];
          seen.add(next);
          further.push({ person: next, chain: [...chain, terms] });
        }
      }
      reached = further;
    }
    return undefined;
  }

  /** The delegations that a person has given and that hold at a time. */
  delegationsOf(person: string, at: Date): readonly DelegationTerms[] {
    const given = this.#from.get(this.personOf(person)) ?? [];
    return given.filter((timed) => isAt(timed, at)).map(({ terms }) => terms);
  }

  /** Everybody to whom chains of a person's delegations lead at a time, the nearest first. Whether one does for a matter, `chain` says. */
  *deputies(from: string, at: Date): Generator<string, undefined> {
    yield* within(this.#from, this.personOf(from), at, ({ to }) => to);
  }

  /**
   * Everybody for whom a person may decide at a time, with the chain.
   *
   * @param matterOf what it would be on behalf of this person; undefined when nothing.
   */
  delegators(
    to: string,
    at: Date,
    matterOf: (person: string) => DelegatedMatter | undefined,
  ): ReadonlyMap<string, DelegationChain> {
    const last = this.personOf(to);
    const chains = new Map<string, DelegationChain>();
    for (const person of within(this.#to, last, at, ({ from }) => from)) {
      const matter = matterOf(person);
      const chain = matter && this.chain(person, last, at, matter);
      if (chain) chains.set(person, chain);
    }
    return chains;
  }

  #mayStandOn(person: string, { without }: DelegatedMatter): boolean {
    return this.isActive(person) && without?.has(person) !== true;
  }

  /** Whether it was entered for somebody by one of those whose entering does not count. */
  #isMadeByOther({ terms, from }: Timed, { notMadeBy }: DelegatedMatter): boolean {
    if (terms.createdBy === undefined || !notMadeBy?.size) return false;
    const creator = this.personOf(terms.createdBy);
    return creator !== from && [...notMadeBy].some((id) => this.personOf(id) === creator);
  }

  #covers({ scope }: DelegationTerms, { template, qualifiedBy }: DelegatedMatter): boolean {
    const { templates, approvers } = scope ?? {};
    if (templates && !(template !== undefined && templates.includes(template))) return false;
    const named = this.personOf(qualifiedBy);
    return approvers?.some((each) => this.personOf(each) === named) ?? true;
  }
}

interface Timed {
  readonly terms: DelegationTerms;
  readonly from: string;
  readonly to: string;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
}

/** Everybody whom chains reach from somebody at a time, the nearest first. */
function* within(
  lists: ReadonlyMap<string, readonly Timed[]>,
  start: string,
  at: Date,
  other: (delegation: Timed) => string,
): Generator<string, undefined> {
  const seen = new Set([start]);
  let ends = [start];
  for (let length = 1; length <= MAX_DELEGATION_CHAIN; length++) {
    const next = ends.flatMap((id) => (lists.get(id) ?? []).filter((timed) => isAt(timed, at)));
    ends = [...new Set(next.map(other))].filter((id) => !seen.has(id));
    for (const id of ends) seen.add(id);
    yield* ends;
  }
}

const isAt = ({ start, end }: Pick<Timed, 'start' | 'end'>, at: Date): boolean =>
  start <= at.getTime() && at.getTime() < end;

function add(lists: Map<string, Timed[]>, key: string, timed: Timed): void {
  const list = lists.get(key);
  if (list) list.push(timed);
  else lists.set(key, [timed]);
}
