import { type ApprovalPolicy, approvalsNeeded, type Round, roundsOf } from '../approval-policy.js';
import type { Model } from '../analysis/model.js';
import type { WorkflowDefinition } from '../definition.js';
import { type Finding, warning } from '../finding.js';
import { Organisation } from '../organisation.js';
import { askedAtMost, askedIn, eligibleIn, onlyPeople, roundPath } from './eligible.js';
import { policiesIn } from './places.js';

/** Approvals that everybody may have decided, and that are open nonetheless, with no time at which they end. */
export function checkUndecided({ definition, options: { directory } }: Model): Finding[] {
  const people = directory === undefined ? undefined : new Organisation(directory);
  return policiesIn(definition)
    .filter(({ transition }) => !endsInTime(definition, transition.from))
    .flatMap(({ policy, path }) => checkPolicyUndecided(policy, people, path));
}

/** @param without people who never decide */
export function checkPolicyUndecided(
  policy: ApprovalPolicy,
  people: Organisation | undefined,
  path: string,
  without: readonly string[] = [],
): Finding[] {
  const { expiry, abstain } = policy;
  if (expiry !== undefined && expiry.outcome !== 'escalate') return [];
  return roundsOf(policy).flatMap((round, index) => {
    const asked =
      people === undefined ? askedAtMost(policy, round) : askedIn(people, policy, round);
    if (asked === undefined || round.level === 'AUTO') return [];
    const deciding = new Set([...asked].filter((id) => !without.includes(id)));
    const named = people === undefined ? asked : eligibleIn(people, policy, round);
    const needed = approvalsNeeded(round, named.size);
    if (deciding.size < needed) return [];
    const why =
      abstain === true ? 'abstain' : splitsUndecided(round, needed, deciding, people) && 'disagree';
    if (why === false) return [];
    const message = `all ${deciding.size} who are asked may ${why} so that it is neither approved nor rejected, and it does not expire`;
    return [warning('approval.may-stay-undecided', roundPath(policy, path, index), message)];
  });
}

/** Whether approvals and rejections of everybody may be too few for either outcome, where both can come about. */
function splitsUndecided(
  { rejection = 'any' }: Round,
  needed: number,
  asked: ReadonlySet<string>,
  people: Organisation | undefined,
): boolean {
  if (rejection === 'any') return false;
  if ('count' in rejection) {
    const { count } = rejection;
    return count <= asked.size && needed + count - 2 >= asked.size;
  }
  const holders = people?.named(rejection.veto) ?? onlyPeople(rejection.veto);
  if (holders === undefined) return false;
  const vetoes = [...holders].filter((id) => asked.has(id)).length;
  // The rejections of the others change nothing: those with a veto may all approve, and be too few.
  return vetoes > 0 && vetoes < needed;
}

/** Whether a timeout takes the instance out of a state, and its approval with it. */
function endsInTime({ states, timeout, autoEscalate }: WorkflowDefinition, from: string): boolean {
  const leaves = states.some((state) => state.name === from && state.timeout !== undefined);
  return leaves || (timeout !== undefined && autoEscalate !== true);
}
