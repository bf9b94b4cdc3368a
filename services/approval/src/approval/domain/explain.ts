import type { ExplainApproval } from '@countersign/contracts';
import { AppError } from '@countersign/kernel';
import {
  type ApprovalPolicy,
  describePolicy,
  type RejectionRule,
  roundsOf,
} from '@countersign/state-machine';
import type { z } from 'zod';

import { admit, assertOpen, signatureOf, throughDelegations } from './admission.js';
import { existing } from './decide.js';
import type { Cause, Moment } from './draft.js';
import { exclusionOf, waysNamed } from './eligibility.js';
import { peopleLeft } from './reachability.js';
import { addedTo, decidedSoFar, peopleOf, quorumOf, requiredFor, roundAt } from './stages.js';
import { type ApprovalState, type ExistingApproval, isOpen, type Vote } from './state.js';

type Explanation = z.output<typeof ExplainApproval.reply>;

/** People that one list of an explanation names, at most. */
const MAX_PEOPLE = 200;

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
  const [problem] = state.incidents.values();
  if (problem !== undefined) return `Stuck: ${problem}`;
  const left = peopleLeft(state, moment).size;
  const whom = moment.organisation.isEmpty ? 'those whom the policy names' : `${left} people`;
  return `${given} of ${required} approvals are given; ${whom} may give the others`;
}

/** Which rule gave the outcome, and by whose decisions. */
function decidedBy(state: ExistingApproval): Explanation['decidedBy'] {
  const { status, request, overriddenBy, votes, stage } = state;
  const { rule, level } = request.policy;
  const condition = level === 'AUTO' ? (rule ?? 'true') : undefined;
  const by = (action: Vote['action']) =>
    votes.filter((vote) => vote.action === action).map(({ approver }) => approver);
  switch (status) {
    case 'PENDING':
    case 'IN_PROGRESS':
      return null;
    case 'APPROVED':
      if (overriddenBy !== undefined) {
        return { rule: 'an emergency override', people: [overriddenBy] };
      }
      if (condition !== undefined) return { rule: `the rule holds: ${condition}`, people: [] };
      return { rule: 'every stage has its approvals', people: by('approve') };
    case 'REJECTED': {
      if (condition !== undefined)
        return { rule: `the rule does not hold: ${condition}`, people: [] };
      const { rejection = 'any' } = roundAt(request.policy, stage);
      return { rule: rejectionText(rejection), people: by('reject') };
    }
    case 'TIMED_OUT':
      return { rule: 'its time was up', people: [] };
    case 'WITHDRAWN':
      return { rule: 'withdrawn by who asked', people: [request.requester] };
    case 'CANCELLED':
      return { rule: 'what waited for it ended or moved on', people: [] };
  }
}

function rejectionText(rejection: RejectionRule): string {
  if (rejection === 'any') return 'one rejection rejects';
  if ('count' in rejection) return `${rejection.count} rejections reject`;
  return `a rejection by ${rejection.veto.join(', ')} rejects`;
}

function stagesOf(state: ExistingApproval, { organisation }: Moment): Explanation['stages'] {
  const { policy } = state.request;
  return roundsOf(policy).map(({ name, level, approvers }, stage) => {
    const given = state.votes.filter(
      (vote) => vote.stage === stage && vote.action === 'approve',
    ).length;
    const required = state.required[stage] ?? requiredFor(policy, stage, organisation);
    const current = stage === state.stage && state.status !== 'APPROVED';
    return {
      name: name ?? null,
      level,
      required,
      given,
      met: given >= required,
      status: stage > state.stage ? 'WAITING' : current ? 'OPEN' : 'COMPLETE',
      approvers: [...approvers, ...addedTo(state, stage)],
    };
  });
}

function waitingOn(state: ExistingApproval, moment: Moment): Explanation['waitingOn'] {
  const { organisation, now } = moment;
  return [...peopleLeft(state, moment)].slice(0, MAX_PEOPLE).map((person) => {
    const given = organisation.delegationsOf(person, now);
    const delegates = [...new Set(given.map(({ to }) => to))].filter(
      (to) => throughDelegations(state, to, person, moment) !== undefined,
    );
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
  return [...new Set(named)]
    .flatMap((person) => {
      const exclusion = exclusionOf(state, person, organisation);
      if (exclusion) return [{ person, ...exclusion }];
      const reason = 'has decided already; one person counts once';
      return decided.has(person) ? [{ person, code: 'approval.already-decided', reason }] : [];
    })
    .slice(0, MAX_PEOPLE);
}

function standingOf(state: ExistingApproval, cause: Cause): Explanation['you'] {
  const { actor, organisation, now } = cause;
  const person = organisation.personOf(actor.id);
  const onBehalfOf = isOpen(state)
    ? [
        ...organisation
          .delegators(person, now, (from) => {
            const admission = throughDelegations(state, person, from, cause);
            const decided = decidedSoFar(state, organisation);
            if (!admission || decided.has(from) || decided.has(person)) return undefined;
            if (exclusionOf(state, person, organisation)) return undefined;
            return { template: state.request.template, qualifiedBy: admission.qualifiedBy };
          })
          .keys(),
      ]
    : [];
  try {
    assertOpen(state, now);
    const { qualifiedBy } = admit(state, { actor }, cause);
    signatureOf(state, person, cause);
    const none = { code: null, reason: null };
    return { person, mayDecide: true, qualifiedBy, onBehalfOf, ...none };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message: reason } = error;
    return { person, mayDecide: false, qualifiedBy: null, onBehalfOf, code, reason };
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
