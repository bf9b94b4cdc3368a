import type { Organisation } from '@countersign/state-machine';

import { askedUnder, type Exclusion, exclusionOfMaker, makersOf } from './makers.js';
import { peopleBehind } from './stages.js';
import type { ExistingApproval, Vote } from './state.js';

/** A decision that would have been refused, had the directory known then who is who, and the rule. */
export interface RuledOut {
  readonly vote: Vote;
  readonly code: Exclusion['code'] | 'approval.already-decided';
  readonly reason: string;
}

/**
 * What the directory has learned too late: that somebody who decided, or on whom a decision rests, is who asked or made
 * it, or decided already. A rejection stands when it is those who asked or made it who have taught the directory so.
 */
export function ruledOut(state: ExistingApproval, organisation: Organisation): RuledOut[] {
  const makers = makersOf(state, organisation);
  const distrust = { since: askedUnder(state), of: makers };
  const counted = new Counted(state, makers, organisation);
  return state.votes.flatMap((vote): RuledOut[] => {
    const people = peopleBehind(vote, organisation);
    const out = counted.whyOut(vote, people);
    const stands = () =>
      vote.action === 'reject' &&
      people.some((person) => organisation.culprit(person, [], distrust) !== undefined);
    if (out && !stands()) return [{ vote, ...out }];
    counted.add(vote, people);
    return [];
  });
}

/** The decisions so far that nothing rules out. */
class Counted {
  readonly #decided = new Set<string>();
  /** On whose changes of the directory they rest. */
  readonly #changed = new Set<string>();

  constructor(
    private readonly state: ExistingApproval,
    private readonly makers: ReadonlySet<string>,
    private readonly organisation: Organisation,
  ) {}

  add({ restsOn }: Vote, people: readonly string[]): void {
    for (const person of people) this.#decided.add(person);
    for (const id of restsOn?.changes ?? []) this.#changed.add(this.organisation.personOf(id));
  }

  whyOut({ restsOn }: Vote, people: readonly string[]): Omit<RuledOut, 'vote'> | undefined {
    const maker = people.find((person) => this.makers.has(person));
    if (maker !== undefined) return exclusionOfMaker(this.state, maker, this.organisation);
    if (people.some((person) => this.#decided.has(person))) {
      const reason = 'who has decided already does not decide again: one person counts once';
      return { code: 'approval.already-decided', reason };
    }
    const { changes = [], deputies = [], escalations = [] } = restsOn ?? {};
    const is = (among: { has(id: string): boolean }) => (id: string) =>
      among.has(this.organisation.personOf(id));
    const made =
      [...changes, ...deputies, ...escalations].some(is(this.makers)) ||
      changes.some(is(this.#decided)) ||
      escalations.some(is(new Set(people))) ||
      people.some((person) => this.#changed.has(person));
    if (!made) return undefined;
    const reason = 'who may not decide, or decides as well, makes nobody an approver';
    return { code: 'approval.excluded', reason };
  }
}

/** The votes that count, in order: those that nothing rules out. */
export function countedVotes(state: ExistingApproval, organisation: Organisation): Vote[] {
  const out = new Set(ruledOut(state, organisation).map(({ vote }) => vote));
  return state.votes.filter((vote) => !out.has(vote));
}

/** How the open stage stands: `met` says whether the approvals that it takes were given, or whether the rule of AUTO held. */
export function quorumOf(
  state: ExistingApproval,
  organisation: Organisation,
): { required: number; given: number; met: boolean } {
  const required = state.required[state.stage] ?? 0;
  const given = countedVotes(state, organisation).filter(
    ({ stage, action }) => stage === state.stage && action === 'approve',
  ).length;
  return { required, given, met: required === 0 ? state.status === 'APPROVED' : given >= required };
}
