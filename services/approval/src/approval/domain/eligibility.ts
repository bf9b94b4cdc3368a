import type { Claims, Organisation } from '@countersign/state-machine';

import { addedTo, peopleBehind, roundAt } from './stages.js';
import type { ExistingApproval } from './state.js';

/**
 * Each way in which somebody is named for the stage that is open: `alice`, `role:risk-officer`,
 * `group:trade-approvers`. Whether other rules keep that person out is not asked.
 */
export function waysNamed(
  state: ExistingApproval,
  person: string,
  organisation: Organisation,
  claims?: Claims,
): readonly string[] {
  const { approvers } = roundAt(state.request.policy, state.stage);
  const allowed = limitsOf(state).every(
    (list) => organisation.qualifies(person, list, claims) !== undefined,
  );
  return [
    ...(allowed ? organisation.waysNamed(person, approvers, claims) : []),
    ...organisation.waysNamed(person, addedTo(state, state.stage), claims),
  ];
}

/** Each `within` that holds for the stage that is open. */
export function limitsOf({ request: { policy }, stage }: ExistingApproval): (readonly string[])[] {
  return [policy.within, roundAt(policy, stage).within].filter((list) => list !== undefined);
}

/** Why a rule keeps somebody out, whoever is named. */
export interface Exclusion {
  readonly code: 'approval.self-approval' | 'approval.excluded';
  readonly reason: string;
}

/** Who asked, who made the subject what it is, and who approved an earlier stage never decide. */
export function exclusionOf(
  state: ExistingApproval,
  person: string,
  organisation: Organisation,
): Exclusion | undefined {
  const { requester, editors } = state.request;
  if (organisation.personOf(requester) === person) {
    return { code: 'approval.self-approval', reason: 'who asks for an approval never decides it' };
  }
  if (editors.some((editor) => organisation.personOf(editor) === person)) {
    const reason = 'who made what is to be approved never decides it';
    return { code: 'approval.excluded', reason };
  }
  if (!decidedEarlier(state, organisation).has(person)) return undefined;
  const reason = 'who decided an earlier stage does not decide a later one';
  return { code: 'approval.excluded', reason };
}

/** Everybody whom `exclusionOf` keeps out. */
export function excludedPeople(state: ExistingApproval, organisation: Organisation): Set<string> {
  const { requester, editors } = state.request;
  const made = [requester, ...editors].map((id) => organisation.personOf(id));
  return new Set([...made, ...decidedEarlier(state, organisation)]);
}

function decidedEarlier(
  { votes, stage }: ExistingApproval,
  organisation: Organisation,
): Set<string> {
  const earlier = votes.filter((vote) => vote.stage < stage);
  return new Set(earlier.flatMap((vote) => peopleBehind(vote, organisation)));
}
