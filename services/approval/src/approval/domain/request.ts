import type { RequestApproval } from '@countersign/contracts';
import { compileCondition, EXPRESSION_LANGUAGE, ExpressionError } from '@countersign/expressions';
import { AppError, hashOf, messageOf, parseInput, rule } from '@countersign/kernel';
import {
  adHocPolicyFindings,
  ApprovalPolicy,
  type Approver,
  type Calendar,
  deadlinesOf,
  type Organisation,
  roundsOf,
} from '@countersign/state-machine';
import type { z } from 'zod';

import { type Cause, Draft, type Events, type Moment } from './draft.js';
import { type Identity, identityOf, outcomeOf } from './identity.js';
import { ended } from './outcome.js';
import { unmetRule, watchQuorum } from './reachability.js';
import { grant } from './settle.js';
import { peopleOf, requiredFor } from './stages.js';
import {
  approvalAggregate,
  type ApprovalState,
  type DataOf,
  type ExistingApproval,
} from './state.js';

type Requested = DataOf<'approval.requested'>;

/** Of a stage; where there are more, who holds the veto at the decision counts alone. */
const MAX_VETO_HOLDERS = 1_000;

/** What is said when an approval is asked for: of a transition, of an intervention, or of a bulk job. */
type Asked = Identity &
  Pick<Requested, 'requester' | 'editors' | 'policy' | 'subject' | 'subjectHash'>;

/** Opens the approval that a workflow or a job waits for. What is wrong with it becomes an incident of the approval. */
export function requestApproval(state: ApprovalState, asked: Asked, moment: Moment): Events {
  if (state.exists) return [];
  const { requester, editors, policy, subject, subjectHash } = asked;
  const draft = opened(
    { ...identityOf(asked), requester, editors, policy, subject, subjectHash },
    moment,
  );
  begin(draft);
  return draft.events;
}

/**
 * Opens what a person asks for.
 *
 * @throws AppError `approval.unknown-approver` with `details.approvers`, `approval.unknown-calendar`,
 *   `approval.quorum-unreachable`, `request.invalid`, `approval.rule-failed`; what the analysis of definitions
 *   finds in a policy, with its codes and `details.findings`
 */
export function requestAdHoc(
  state: ApprovalState,
  approvalId: string,
  body: z.output<typeof RequestApproval.body>,
  cause: Cause,
): Events {
  if (state.exists) return [];
  const { workflowId, subject, reason } = body;
  const policy = policyOf(body);
  const draft = opened(
    {
      approvalId,
      ...(workflowId === undefined ? {} : { workflowId }),
      requester: cause.organisation.personOf(cause.actor.id),
      editors: cause.organisation.lenders(cause.actor.login),
      adHoc: true,
      ...(body.policy === undefined ? { openEscalation: true } : {}),
      reason,
      policy,
      subject,
      subjectHash: hashOf(subject),
    },
    cause,
  );
  assertSound(draft.state, cause);
  begin(draft);
  const failed = draft.state.incidents.get('approval.rule-failed');
  if (failed !== undefined) throw rule('approval.rule-failed', failed);
  return draft.events;
}

function policyOf({
  level,
  quorum,
  approvers,
  policy,
}: z.output<typeof RequestApproval.body>): ApprovalPolicy {
  const asked =
    policy === undefined
      ? { level, quorum, approvers: approvers ?? [] }
      : { ...policy, ...(approvers === undefined ? {} : { approvers }) };
  return parseInput(ApprovalPolicy, JSON.parse(JSON.stringify(asked)));
}

/** What a person asks for is refused at once when it cannot be met. */
function assertSound(state: ExistingApproval, moment: Moment): void {
  const { organisation } = moment;
  const { policy, requester } = state.request;
  const unmet = unmetRule(state, moment);
  const unknown = namesUnknown(approversIn(policy), organisation);
  const nobodyFor = (names: readonly string[]) =>
    `the directory has nobody for ${names.join(', ')}`;
  if (unmet !== undefined) {
    const asks = peopleOf(policy, 0, organisation).has(requester);
    const limits = roundsOf(policy).flatMap(({ within = [] }) => within);
    const named = [...approversIn(policy), ...(policy.within ?? []), ...limits];
    const missing = namesUnknown(named, organisation);
    const why = [
      unmet,
      ...(asks ? [`${requester} asked and never decides`] : []),
      ...(missing.length > 0 ? [nobodyFor(missing)] : []),
    ];
    throw rule('approval.quorum-unreachable', why.join('; '), { details: { unknown: missing } });
  }
  if (unknown.length > 0) {
    throw rule('approval.unknown-approver', nobodyFor(unknown), {
      details: { approvers: unknown },
    });
  }
  if (policy.rule !== undefined) compileCondition(policy.rule, ['subject']);
  const { subject } = state;
  const findings = adHocPolicyFindings(policy, { requester, subject, organisation })
    .filter(({ severity, code }) => severity === 'error' || code === 'approval.unused')
    .map(({ code, path, message }) => ({ code, path, message }));
  const [first] = findings;
  if (first === undefined) return;
  const message = `${first.path === '' ? '' : `${first.path}: `}${first.message}`;
  throw rule(first.code, message, { details: { findings } });
}

/** Everybody whom a policy asks, at once or later. */
function approversIn({ escalation = [], ...policy }: ApprovalPolicy): Approver[] {
  return [...roundsOf(policy), ...escalation].flatMap(({ approvers }) => approvers);
}

/** Names behind which the directory knows nobody active. */
function namesUnknown(names: readonly Approver[], organisation: Organisation): Approver[] {
  if (organisation.isEmpty) return [];
  return [...new Set(names)].filter((name) => organisation.named([name]).size === 0);
}

function opened(
  asked: Omit<
    Requested,
    'required' | 'laterRequired' | 'vetoHolders' | 'deadlines' | 'directoryRevision'
  >,
  moment: Moment,
): Draft {
  const { organisation, now } = moment;
  const { policy } = asked;
  const calendar =
    policy.calendar === undefined ? undefined : organisation.calendar(policy.calendar);
  const [required = 0, ...later] = roundsOf(policy).map((_, stage) =>
    requiredFor(policy, stage, organisation),
  );
  const data: Requested = {
    ...asked,
    required,
    ...(later.length === 0 ? {} : { laterRequired: later }),
    ...vetoHoldersOf(policy, organisation),
    deadlines: deadlinesIn(policy, now, calendar),
    directoryRevision: organisation.revision,
  };
  const event = { type: 'approval.requested', data } as const;
  const none = approvalAggregate.initialState;
  const draft = new Draft(approvalAggregate.evolve(none, event) as ExistingApproval, moment);
  draft.events.push(event);
  return draft;
}

/** Whoever holds a veto keeps it, whatever is taken from them while they are asked. */
function vetoHoldersOf(
  policy: ApprovalPolicy,
  organisation: Organisation,
): Pick<Requested, 'vetoHolders'> {
  const holders = roundsOf(policy).map(({ rejection }) => {
    if (typeof rejection !== 'object' || !('veto' in rejection)) return [];
    const named = organisation.named(rejection.veto);
    return named.size > MAX_VETO_HOLDERS ? [] : [...named].sort();
  });
  return holders.some((ids) => ids.length > 0) ? { vetoHolders: holders } : {};
}

/** Where a calendar has no such time, or is not there, every hour counts: `begin` says so with an incident. */
function deadlinesIn(policy: ApprovalPolicy, now: Date, calendar: Calendar | undefined) {
  const everyHour = () => deadlinesOf({ ...policy, calendar: undefined }, now, undefined);
  if (calendar === undefined) return everyHour();
  return outOfReach(policy, now, calendar) === undefined
    ? deadlinesOf(policy, now, calendar)
    : everyHour();
}

/** What is said when a policy's times do not come within twenty years of a calendar. */
function outOfReach(policy: ApprovalPolicy, now: Date, calendar: Calendar): string | undefined {
  try {
    deadlinesOf(policy, now, calendar);
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'calendar.out-of-reach')) throw error;
    return error.message;
  }
}

/** Nobody is asked where the level is AUTO; everywhere else somebody has to be able to answer. */
function begin(draft: Draft): void {
  const { policy } = draft.state.request;
  const { organisation, now } = draft.moment;
  if (policy.calendar !== undefined) {
    const calendar = organisation.calendar(policy.calendar);
    const problem = calendar && outOfReach(policy, now, calendar);
    if (calendar === undefined) {
      const message = `there is no calendar ${policy.calendar}: every hour counts`;
      incident(draft, 'approval.unknown-calendar', message);
    } else if (problem !== undefined) {
      incident(draft, 'approval.calendar-out-of-reach', `${problem}: every hour counts`);
    }
  }
  if ((draft.state.required[0] ?? 0) === 0) applyRule(draft);
  else watchQuorum(draft);
}

/** Grants or rejects by the rule of level AUTO. A rule that cannot be evaluated is an incident, never an answer. */
export function applyRule(draft: Draft): void {
  const { subject, request } = draft.state;
  const { rule: expression = 'true' } = request.policy;
  const rule = { expression, inputs: subject, language: EXPRESSION_LANGUAGE };
  try {
    if (compileCondition(expression, ['subject']).evaluate({ subject })) {
      grant(draft, { rule });
      return;
    }
  } catch (error) {
    if (!(error instanceof AppError || error instanceof ExpressionError)) throw error;
    incident(draft, 'approval.rule-failed', `${expression}: ${messageOf(error)}`);
    return;
  }
  const reason = `the rule does not hold: ${expression}`;
  const data = { ...outcomeOf(draft.state), reason, rule };
  draft.add(...ended(draft.state, { type: 'approval.rejected', data }));
}

function incident(draft: Draft, code: string, message: string): void {
  const data = { ...identityOf(draft.state.request), code, message };
  draft.add({ type: 'approval.incident-raised', data });
}
