import type {
  ApprovalEvent,
  ApprovalRequested,
  WorkflowTransitionRequested,
} from '@countersign/contracts';
import { type Actor, forbidden, isSystem, notFound, rule } from '@countersign/kernel';
import { approvalsNeeded, levelOf, roundsOf } from '@countersign/state-machine';
import type { z } from 'zod';

import { qualification } from './eligibility.js';
import type { ApprovalState } from './state.js';

type Requested = z.output<typeof ApprovalRequested.schema>;
type TransitionRequested = z.output<typeof WorkflowTransitionRequested.schema>;
/** What stands in every event of an approval: also, who waits for it. */
type Identity = Pick<Requested, IdentityMember>;
type IdentityMember =
  'approvalId' | 'workflowId' | 'bulkJobId' | 'template' | 'businessKey' | 'scope';
/** What is said when an approval is asked for: of a transition, of an intervention, or of a bulk job. */
type Asked = Identity &
  Pick<TransitionRequested, 'requester' | 'editors' | 'policy' | 'subject' | 'subjectHash'>;
type Existing = Extract<ApprovalState, { exists: true }>;

/** Opens the approval that a workflow asks for; a policy of level AUTO is granted at once. */
export function requestApproval(state: ApprovalState, asked: Asked): readonly ApprovalEvent[] {
  if (state.exists) return [];
  const approval = identityOf(asked);
  const { requester, editors, policy, subject, subjectHash } = asked;
  const [round] = roundsOf(policy);
  const required = round ? approvalsNeeded(round) : 1;
  const requested: ApprovalEvent = {
    type: 'approval.requested',
    data: { ...approval, requester, editors, policy, required, subject, subjectHash },
  };
  if (required > 0) return [requested];
  const granted = { ...approval, approvers: [], level: levelOf(policy), subjectHash };
  return [requested, { type: 'approval.granted', data: granted }];
}

export interface Decision {
  readonly decisionId: string;
  readonly action: 'approve' | 'reject';
  readonly reason: string;
  readonly subjectHash: string;
}

/**
 * Records a person's vote, and the outcome when it settles the matter.
 *
 * @throws AppError `approval.not-found`, `approval.closed`, `approval.subject-mismatch`,
 * `approval.requester-may-not-decide`, `approval.editor-may-not-decide`, `approval.not-eligible`, `approval.already-decided`.
 */
export function decideApproval(
  state: ApprovalState,
  decision: Decision,
  actor: Actor,
): readonly ApprovalEvent[] {
  if (!state.exists) throw notFound('approval.not-found', 'there is no such approval');
  const qualifiedBy = mayDecide(state, decision, actor);
  const approval = identityOf(state.request);
  const { policy, required } = state.request;
  const { subjectHash, reason, action, decisionId } = decision;
  const recorded: ApprovalEvent = {
    type: 'approval.decision-recorded',
    data: { ...approval, decisionId, approver: actor.id, action, reason, subjectHash, qualifiedBy },
  };
  if (action === 'reject') {
    const data = { ...approval, rejectedBy: actor.id, reason, subjectHash };
    return [recorded, { type: 'approval.rejected', data }];
  }
  const approvers = [...approversOf(state), actor.id];
  if (approvers.length < required) return [recorded];
  const data = { ...approval, approvers, level: levelOf(policy), subjectHash };
  return [recorded, { type: 'approval.granted', data }];
}

/** Every rule about who may decide what, failing closed. Answers the rule that qualified the actor. */
function mayDecide(state: Existing, decision: Decision, actor: Actor): string {
  const { request, status, votes } = state;
  if (status !== 'PENDING') {
    throw rule('approval.closed', `the approval is ${status} already`, { details: { status } });
  }
  if (decision.subjectHash !== request.subjectHash) {
    throw rule('approval.subject-mismatch', 'the decision is about something else: look again');
  }
  if (isSystem(actor)) throw forbidden('approval.not-a-person', 'only people decide');
  if (actor.id === request.requester || actor.onBehalfOf === request.requester) {
    throw rule('approval.requester-may-not-decide', 'who asks for an approval may not decide it');
  }
  const { editors } = request;
  if (editors.includes(actor.id) || editors.some((editor) => editor === actor.onBehalfOf)) {
    throw rule(
      'approval.editor-may-not-decide',
      'who made what is to be approved may not decide it',
    );
  }
  const qualifiedBy = qualification(request.policy, actor);
  if (qualifiedBy === undefined) {
    throw forbidden('approval.not-eligible', 'the policy does not name you as an approver', {
      details: { approvers: request.policy.approvers },
    });
  }
  if (votes.some((vote) => vote.approver === actor.id)) {
    throw rule('approval.already-decided', 'you have decided this already; one person counts once');
  }
  return qualifiedBy;
}

export function approversOf(state: Existing): string[] {
  return state.votes.filter((vote) => vote.action === 'approve').map((vote) => vote.approver);
}

/** Closes an approval whose workflow no longer needs it. */
export function withdrawApproval(state: ApprovalState, reason: string): readonly ApprovalEvent[] {
  if (!state.exists || state.status !== 'PENDING') return [];
  return [{ type: 'approval.withdrawn', data: { ...identityOf(state.request), reason } }];
}

/** What every event of an approval says. */
function identityOf(of: Identity): Identity {
  const { approvalId, workflowId, bulkJobId, template, businessKey, scope } = of;
  return {
    approvalId,
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(bulkJobId === undefined ? {} : { bulkJobId }),
    template,
    ...(businessKey === undefined ? {} : { businessKey }),
    ...(scope === undefined ? {} : { scope }),
  };
}
