import { assignable, demandOf, type Organisation, roundsOf } from '@countersign/state-machine';

import { Draft, type Events, type Moment } from './draft.js';
import { exclusionsIn, limitsOf, trustedIn } from './eligibility.js';
import { identityOf } from './identity.js';
import { quorumOf } from './counting.js';
import { addedTo, decidedSoFar, peopleOf, requiredAgain, roundAt } from './stages.js';
import { type ApprovalState, type ExistingApproval, isOpen } from './state.js';
import { strikeOut } from './strike-out.js';

const CODE = 'approval.quorum-unreachable';

/** The people of the directory who may still decide the open stage. */
export function peopleLeft(state: ExistingApproval, { organisation }: Moment): Set<string> {
  const trusted = trustedIn(state, organisation);
  const added = trusted.named(addedTo(state, state.stage));
  const named = [...peopleOf(state.request.policy, state.stage, trusted), ...added];
  return new Set(named.filter(mayStillDecide(state, organisation)));
}

function mayStillDecide(state: ExistingApproval, organisation: Organisation) {
  const decided = decidedSoFar(state, organisation);
  const exclusionOf = exclusionsIn(state, organisation);
  return (person: string) => !decided.has(person) && exclusionOf(person) === undefined;
}

/**
 * The rule that nobody can meet any more, in words; undefined while the quorum can be reached. Of an
 * organisation of which nothing is known it is not asked.
 */
export function unmetRule(state: ExistingApproval, moment: Moment): string | undefined {
  const { organisation } = moment;
  if (organisation.isEmpty || !isOpen(state)) return undefined;
  const { policy } = state.request;
  const { required, given } = quorumOf(state, organisation);
  const left = peopleLeft(state, moment);
  const needed = required - given;
  if (left.size < needed) {
    const round = roundAt(policy, state.stage);
    const stage = round.name === undefined ? '' : `stage ${round.name}: `;
    const demand = demandOf(round, required, limitsOf(state), addedTo(state, state.stage));
    return `${stage}${demand}; ${givenAndLeft(given, left.size)}`;
  }
  const later = laterStages(state, moment);
  if (later.length === 0 || assignable([{ people: left, needed }, ...later])) return undefined;
  return 'the stages that are left take more different people than may decide them';
}

function givenAndLeft(given: number, left: number): string {
  if (given === 0) return left === 0 ? 'nobody may' : `only ${left} may`;
  const others = left === 0 ? 'nobody else may' : `only ${left} more may`;
  return `${given} ${given === 1 ? 'has' : 'have'}, and ${others}`;
}

function laterStages(state: ExistingApproval, { organisation }: Moment) {
  const { policy } = state.request;
  const trusted = trustedIn(state, organisation);
  const isLeft = mayStillDecide(state, organisation);
  return roundsOf(policy).flatMap((_, stage) => {
    if (stage <= state.stage) return [];
    const people = new Set([...peopleOf(policy, stage, trusted)].filter(isLeft));
    return [{ people, needed: requiredAgain(state, stage, trusted) }];
  });
}

/** Looks at an open approval again, in an organisation that has changed: who decided, and who still may. */
export function checkQuorum(state: ApprovalState, moment: Moment): Events {
  if (!state.exists || !isOpen(state) || (state.required[0] ?? 0) === 0) return [];
  const draft = new Draft(state, moment);
  strikeOut(draft);
  watchQuorum(draft);
  return draft.events;
}

/** Raises or resolves the incident that says that nobody can complete this. */
export function watchQuorum(draft: Draft): void {
  const { state, moment } = draft;
  if (!isOpen(state)) return;
  const message = unmetRule(state, moment);
  const raised = state.incidents.get(CODE);
  const identity = identityOf(state.request);
  if (message !== undefined && raised === undefined) {
    draft.add({ type: 'approval.incident-raised', data: { ...identity, code: CODE, message } });
  }
  if (message === undefined && raised !== undefined) {
    const resolution = `${peopleLeft(state, moment).size} people may decide`;
    const data = { ...identity, code: CODE, resolution };
    draft.add({ type: 'approval.incident-resolved', data });
  }
}
