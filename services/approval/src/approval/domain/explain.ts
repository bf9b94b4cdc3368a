import type { ExplainApproval } from '@countersign/contracts';
import { AppError } from '@countersign/kernel';
import {
  type ApprovalPolicy,
  describePolicy,
  type RejectionRule,
  roundsOf,
} from '@countersign/state-machine';
import type { z } from 'zod';

import { admit, assertOpen, type Candidate, signatureOf, throughDelegations } from './admission.js';
import { closeReview, overrideApproval } from './break-glass.js';
import { existing } from './decide.js';
import type { Cause, Moment } from './draft.js';
import { exclusionsIn, madeApproverBy, trustedIn, waysNamed } from './eligibility.js';
import { problemOf } from './problem.js';
import { peopleLeft } from './reachability.js';
import { approversOf } from './settle.js';
import { countedVotes, quorumOf } from './counting.js';
import { addedTo, decidedSoFar, peopleOf, requiredAgain, roundAt } from './stages.js';
import { type ApprovalState, type ExistingApproval, isOpen } from './state.js';

type Explanation = z.output<typeof ExplainApproval.reply>;

/** People that one list of an explanation names, at most. */
const MAX_PEOPLE = 200;

/** Those who may act for one of them, the nearest first, at most. */
const MAX_DELEGATES = 20;

/**
 * Why an approval stands where it does, and what somebody may do about it: by the very rules that decide.
 *
 * @throws AppError `approval.not-found`
 */
export function explainApproval(state: ApprovalState, cause: Cause): Explanation {
  const current = existing(state);
  const { request, status, claimedBy, questions, incidents } = current;
  const { organisation } = cause;
  const open = isOpen(current);
  const { policy } = request;
  const calendar =
    policy.calendar === undefined ? undefined : organisation.calendar(policy.calendar);
  return {
    approvalId: request.approvalId,
    status,
    summary: summaryOf(current, cause),
    quorum: quorumOf(current, organisation),
    stages: stagesOf(current, cause),
    waitingOn: open ? waitingOn(current, cause) : [],
    barred: open ? barred(current, cause) : [],
    you: standingOf(current, cause),
    deadlines: deadlinesIn(current),
    frozen: current.frozen !== undefined,
    claimedBy: claimedBy ?? null,
    openQuestions: [...questions],
    incidents: [...incidents].map(([code, message]) => ({ code, message })),
    decidedBy: decidedBy(current),
    policy: describePolicy(policy, calendar),
    directoryRevision: organisation.revision,
  };
}

function summaryOf(state: ExistingApproval, moment: Moment): string {
  const { required, given } = quorumOf(state, moment.organisation);
  const decided = decidedBy(state);
  if (decided) return `${state.status}: ${decided.rule}`;
  const problem = problemOf(state, moment);
  if (problem !== undefined) return problem;
  const left = peopleLeft(state, moment).size;
  const people = left === 1 ? '1 person' : `${left} people`;
  const whom = moment.organisation.isEmpty ? 'those whom the policy names' : people;
  const [approvals, others] =
    required === 1 ? ['1 approval is', 'it'] : [`${required} approvals are`, 'the others'];
  const paused = state.frozen === undefined ? '' : '; the workflow is paused';
  return `${given} of ${approvals} given; ${whom} may give ${others}${paused}`;
}

/** Which rule gave the outcome, and by whose decisions. */
function decidedBy(state: ExistingApproval): Explanation['decidedBy'] {
  const { status, request, overriddenBy, stage } = state;
  const { rule, level } = request.policy;
  const condition = level === 'AUTO' ? (rule ?? 'true') : undefined;
  switch (status) {
    case 'PENDING':
    case 'IN_PROGRESS':
      return null;
    case 'APPROVED':
      if (overriddenBy !== undefined) {
        return { rule: 'an emergency override', people: [overriddenBy] };
      }
      if (condition !== undefined) return { rule: `the rule holds: ${condition}`, people: [] };
      return { rule: 'every stage has its approvals', people: approversOf(state) };
    case 'REJECTED': {
      if (condition !== undefined)
        return { rule: `the rule does not hold: ${condition}`, people: [] };
      const { rejection = 'any' } = roundAt(request.policy, stage);
      return { rule: rejectionText(rejection), people: rejectersOf(state) };
    }
    case 'TIMED_OUT':
      return { rule: 'its time was up', people: [] };
    case 'WITHDRAWN':
      return { rule: 'withdrawn by who asked', people: [request.requester] };
    case 'CANCELLED':
      return { rule: 'what waited for it ended or moved on', people: [] };
  }
}

/** Those whose rejections made the outcome; others may have rejected to no effect. */
function rejectersOf({ votes, stage, request, rejectedBy }: ExistingApproval): string[] {
  const { rejection = 'any' } = roundAt(request.policy, stage);
  if (rejection === 'any' || !('count' in rejection)) return [rejectedBy ?? []].flat();
  const rejections = votes.filter((vote) => vote.stage === stage && vote.action === 'reject');
  return rejections.slice(0, rejection.count).map(({ approver }) => approver);
}

function rejectionText(rejection: RejectionRule): string {
  if (rejection === 'any') return 'one rejection rejects';
  if ('count' in rejection) return `${rejection.count} rejections reject`;
  return `a rejection by ${rejection.veto.join(', ')} rejects`;
}

function stagesOf(state: ExistingApproval, { organisation }: Moment): Explanation['stages'] {
  const { policy } = state.request;
  const counted = countedVotes(state, organisation);
  return roundsOf(policy).map(({ name, level, approvers }, stage) => {
    const given = counted.filter(
      (vote) => vote.stage === stage && vote.action === 'approve',
    ).length;
    const required =
      stage > state.stage
        ? requiredAgain(state, stage, trustedIn(state, organisation))
        : (state.required[stage] ?? 0);
    return {
      name: name ?? null,
      level,
      required,
      given,
      met: required === 0 ? state.status === 'APPROVED' : given >= required,
      status: stageStatus(state, stage),
      approvers: [...approvers, ...addedTo(state, stage)],
    };
  });
}

function stageStatus(
  { stage: last, status, overriddenBy }: ExistingApproval,
  stage: number,
): Explanation['stages'][number]['status'] {
  if (stage >= last && overriddenBy !== undefined) return 'OVERRIDDEN';
  if (stage > last) return 'WAITING';
  return stage === last && status !== 'APPROVED' ? 'OPEN' : 'COMPLETE';
}

function waitingOn(state: ExistingApproval, moment: Moment): Explanation['waitingOn'] {
  const { organisation, now } = moment;
  const decided = decidedSoFar(state, organisation);
  const exclusionOf = exclusionsIn(state, organisation);
  return [...peopleLeft(state, moment)].slice(0, MAX_PEOPLE).map((person) => {
    const given = organisation.delegationsOf(person, now);
    const delegates: string[] = [];
    for (const to of organisation.deputies(person, now)) {
      if (delegates.length === MAX_DELEGATES) break;
      if (decided.has(to) || exclusionOf(to) !== undefined) continue;
      if (throughDelegations(state, to, person, moment) !== undefined) delegates.push(to);
    }
    return {
      person,
      name: organisation.person(person)?.name ?? person,
      qualifiedBy: waysNamed(state, person, organisation)[0] ?? person,
      delegates,
      outOfOffice: given.some(({ outOfOffice }) => outOfOffice === true),
    };
  });
}

function barred(state: ExistingApproval, { organisation }: Moment): Explanation['barred'] {
  const named = [
    ...peopleOf(state.request.policy, state.stage, organisation),
    ...organisation.named(addedTo(state, state.stage)),
  ];
  const decided = decidedSoFar(state, organisation);
  const exclusionOf = exclusionsIn(state, organisation);
  return [...new Set(named)]
    .flatMap((person) => {
      const exclusion = exclusionOf(person);
      if (exclusion) return [{ person, ...exclusion }];
      const made = madeApproverBy(state, person, organisation);
      if (made) return [{ person, ...made }];
      const reason = 'has decided already; one person counts once';
      return decided.has(person) ? [{ person, code: 'approval.already-decided', reason }] : [];
    })
    .slice(0, MAX_PEOPLE);
}

function standingOf(state: ExistingApproval, cause: Cause): Explanation['you'] {
  const { actor, organisation } = cause;
  const person = organisation.personOf(actor.id);
  const onBehalfOf = othersFor(state, person, cause);
  const { subjectHash } = state;
  const acts = {
    onBehalfOf,
    mayOverride:
      refusalOf(() => overrideApproval(state, { reason: '', subjectHash }, cause)) === null,
    mayReview:
      refusalOf(() => closeReview(state, { verdict: 'justified', reason: '' }, cause)) === null,
  };
  const refusal = refusalOf(() => mayAct(state, { actor }, cause));
  if (refusal === null) {
    const { qualifiedBy } = admit(state, { actor }, cause);
    return { person, mayDecide: true, qualifiedBy, ...acts, code: null, reason: null };
  }
  const { code, message } = refusal;
  const [first] = onBehalfOf;
  if (first === undefined || refusalOf(() => mayAct(state, { actor, onBehalfOf: first }, cause))) {
    return { person, mayDecide: false, qualifiedBy: null, ...acts, code, reason: message };
  }
  const { qualifiedBy } = admit(state, { actor, onBehalfOf: first }, cause);
  const reason = `${message}; only on behalf of ${onBehalfOf.join(', ')}: say onBehalfOf`;
  return { person, mayDecide: true, qualifiedBy, ...acts, code, reason };
}

/** For whom somebody may decide now, apart from themselves. */
function othersFor(state: ExistingApproval, person: string, cause: Cause): string[] {
  const { organisation, now } = cause;
  const decided = decidedSoFar(state, organisation);
  if (!isOpen(state) || decided.has(person)) return [];
  if (exclusionsIn(state, organisation)(person)) return [];
  const people = organisation.delegators(person, now, (from) => {
    const admission = throughDelegations(state, person, from, cause);
    if (!admission || decided.has(from)) return undefined;
    return { template: state.request.template, qualifiedBy: admission.qualifiedBy };
  });
  return [...people.keys()];
}

/** @throws AppError as a decision would be refused, but for what it says */
function mayAct(state: ExistingApproval, candidate: Candidate, cause: Cause): void {
  assertOpen(state, cause.now);
  const { approver } = admit(state, candidate, cause);
  signatureOf(state, approver, cause);
}

function refusalOf(act: () => unknown): AppError | null {
  try {
    act();
    return null;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error;
  }
}

function deadlinesIn({ deadlines, request }: ExistingApproval): Explanation['deadlines'] {
  const { expiresAt, reminders = [], escalations = [] } = deadlines;
  const { policy } = request;
  const first = (policy.escalation?.length ?? 0) - escalations.length;
  return [
    ...reminders.map((at) => ({ at, what: 'those who have not decided are reminded' })),
    ...escalations.map((at, index) => ({ at, what: tierAsked(policy, first + index) })),
    ...(expiresAt === undefined ? [] : [{ at: expiresAt, what: expiryOf(policy) }]),
  ].toSorted((a, b) => (a.at < b.at ? -1 : 1));
}

function tierAsked({ escalation = [] }: ApprovalPolicy, tier: number): string {
  return `${escalation[tier]?.approvers.join(', ') ?? 'nobody else'} may decide as well`;
}

function expiryOf({ expiry }: ApprovalPolicy): string {
  switch (expiry?.outcome) {
    case 'cancel':
      return 'it times out, as if it had never been asked for';
    case 'escalate':
      return 'every tier that is left may decide as well';
    default:
      return 'it times out, as if rejected';
  }
}
