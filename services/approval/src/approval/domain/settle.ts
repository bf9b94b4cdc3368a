import { levelOf } from '@countersign/state-machine';

import type { Draft } from './draft.js';
import { trustedIn } from './eligibility.js';
import { identityOf, outcomeOf } from './identity.js';
import { ended } from './outcome.js';
import { watchQuorum } from './reachability.js';
import { countedVotes, quorumOf } from './counting.js';
import { isLastStage, peopleBehind, requiredAgain, roundAt, stageName } from './stages.js';
import type { ExistingApproval, Vote } from './state.js';

/** Draws the consequence of the decisions so far: the outcome, the next stage, or that nobody can give it. */
export function settle(draft: Draft): void {
  const decisive = rejectionIn(draft);
  if (decisive) {
    const { reason, approver } = decisive;
    const data = { ...outcomeOf(draft.state), rejectedBy: approver, reason };
    draft.add(...ended(draft.state, { type: 'approval.rejected', data }));
    return;
  }
  if (quorumOf(draft.state, draft.moment.organisation).met) completeStage(draft);
  watchQuorum(draft);
}

/** Those who approved, in order: with whoever they did it for, that person. */
export function approversOf({ votes }: ExistingApproval): string[] {
  return votes.filter(({ action }) => action === 'approve').map(({ approver }) => approver);
}

function completeStage(draft: Draft): void {
  const { state, moment } = draft;
  const { request, stage } = state;
  const { policy } = request;
  if (isLastStage(policy, stage)) {
    grant(draft);
    return;
  }
  const next = {
    stage: stage + 1,
    name: stageName(policy, stage + 1),
    required: requiredAgain(state, stage + 1, trustedIn(state, moment.organisation)),
    directoryRevision: moment.organisation.revision,
  };
  const approvers = approversOf({ ...state, votes: state.votes.filter((v) => v.stage === stage) });
  const name = stageName(policy, stage);
  const data = { ...identityOf(request), stage, name, approvers, next };
  draft.add({ type: 'approval.stage-completed', data });
}

/** Gives the approval: every stage is complete. */
export function grant(
  draft: Draft,
  how: { readonly rule?: AppliedRule; readonly overriddenBy?: string } = {},
): void {
  const { state } = draft;
  const approvers = how.overriddenBy === undefined ? approversOf(state) : [];
  const data = { ...outcomeOf(state), approvers, level: levelOf(state.request.policy), ...how };
  draft.add(...ended(state, { type: 'approval.granted', data }));
}

/** The rule of level AUTO, and what it saw. */
export interface AppliedRule {
  readonly expression: string;
  readonly inputs: ExistingApproval['subject'];
  readonly language: string;
}

/** The rejection that rejects, by the rule of the stage that is open. */
function rejectionIn({ state, moment }: Draft): Vote | undefined {
  const { rejection = 'any' } = roundAt(state.request.policy, state.stage);
  const rejections = countedVotes(state, moment.organisation).filter(
    ({ stage, action }) => stage === state.stage && action === 'reject',
  );
  if (rejection === 'any') return rejections[0];
  if ('count' in rejection) return rejections[rejection.count - 1];
  const { organisation } = moment;
  const atRequest = (state.request.vetoHolders?.[state.stage] ?? []).map((id) =>
    organisation.personOf(id),
  );
  return rejections.find((vote) =>
    peopleBehind(vote, organisation).some(
      (id) => atRequest.includes(id) || organisation.qualifies(id, rejection.veto) !== undefined,
    ),
  );
}
