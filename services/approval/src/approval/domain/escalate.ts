import {
  type Actor,
  ADMINISTRATORS,
  forbidden,
  isAdministrator,
  isSystem,
  rule,
} from '@countersign/kernel';
import type { Approver } from '@countersign/state-machine';

import { assertOpen, isApprover } from './admission.js';
import { existing } from './decide.js';
import { type Cause, Draft, type Events, type Moment } from './draft.js';
import { exclusionOf, trustedIn, waysNamed } from './eligibility.js';
import { identityOf } from './identity.js';
import { peopleLeft, watchQuorum } from './reachability.js';
import { addedTo, roundAt } from './stages.js';
import { type ApprovalState, type DataOf, type ExistingApproval, isOpen } from './state.js';

/** How often more people are asked about one approval, at most. */
const MAX_ESCALATIONS = 20;

interface EscalationRequest {
  readonly approvers?: readonly Approver[] | undefined;
  readonly reason: string;
}

/**
 * Asks more people, for the stage that is open: the next tier of the policy, or anybody where no policy says who.
 *
 * @throws AppError `approval.not-found`, `approval.not-open`, `approval.self-approval`, `approval.excluded`,
 *   `approval.not-an-approver`, `approval.no-tier`, `approval.not-of-the-tiers`, `approval.unknown-approver`,
 *   `approval.nobody-new`, `approval.approvers-missing`, `approval.too-many-escalations`
 */
export function escalateApproval(
  state: ApprovalState,
  { approvers, reason }: EscalationRequest,
  cause: Cause,
): Events {
  const current = existing(state);
  assertOpen(current, cause.now);
  const person = assertMayEscalate(current, cause);
  if (current.escalations.length >= MAX_ESCALATIONS) {
    throw rule('approval.too-many-escalations', `more people were asked ${MAX_ESCALATIONS} times`);
  }
  const draft = new Draft(current, cause);
  const by = { cause: 'person', escalatedBy: person, reason } as const;
  if (current.request.openEscalation === true) {
    if (approvers === undefined) {
      throw rule('approval.approvers-missing', 'no policy says who is asked: name them');
    }
    assertKnown(approvers, cause);
    assertNotOneself(current, approvers, cause);
    assertSomebodyNew(current, approvers, cause);
    ask(draft, { ...by, approvers: [...approvers] });
  } else {
    const tier = nextTier(current);
    if (tier === undefined) {
      throw rule('approval.no-tier', 'the policy has nobody else to ask');
    }
    const others = approvers?.filter((each) => !tier.approvers.includes(each)) ?? [];
    if (others.length > 0) {
      throw rule('approval.not-of-the-tiers', `the policy's next tier does not name ${others[0]}`, {
        details: { approvers: tier.approvers },
      });
    }
    assertNotOneself(current, approvers ?? tier.approvers, cause);
    assertSomebodyNew(current, approvers ?? tiersLeft(current), cause);
    ask(draft, { ...by, approvers: [...(approvers ?? tier.approvers)], tier: tier.number });
  }
  return draft.events;
}

/** The workflow's own time is up: the next tier is asked, or its administrators where no tier is left. */
export function escalateForWorkflow(
  state: ApprovalState,
  administrators: readonly Approver[],
  moment: Moment,
): Events {
  if (!state.exists || !isOpen(state)) return [];
  const draft = new Draft(state, moment);
  const tier = nextTier(state);
  const cause = 'workflow-timeout';
  if (tier) ask(draft, { cause, approvers: [...tier.approvers], tier: tier.number });
  else if (administrators.length > 0) ask(draft, { cause, approvers: [...administrators] });
  return draft.events;
}

/** A tier with nobody new may be asked all the same while a later one has somebody: it is the way there. */
const tiersLeft = ({ request, tiers }: ExistingApproval): Approver[] =>
  (request.policy.escalation ?? []).slice(tiers).flatMap(({ approvers }) => approvers);

/** The first tier of the policy that has not been asked. */
export function nextTier({ request, tiers }: ExistingApproval) {
  const tier = request.policy.escalation?.[tiers];
  return tier && { number: tiers, approvers: tier.approvers };
}

export function ask(
  draft: Draft,
  how: Pick<
    DataOf<'approval.escalated'>,
    'approvers' | 'tier' | 'cause' | 'escalatedBy' | 'reason'
  >,
): void {
  const { request, stage } = draft.state;
  draft.add({ type: 'approval.escalated', data: { ...identityOf(request), stage, ...how } });
  watchQuorum(draft);
}

/** By whichever name: nobody makes themselves an approver. Who is one already may ask those among whom they are. */
function assertNotOneself(
  state: ExistingApproval,
  approvers: readonly Approver[],
  cause: Cause,
): void {
  const { actor, organisation } = cause;
  const person = organisation.personOf(actor.id);
  if (organisation.qualifies(person, approvers, actor) === undefined) return;
  if (waysNamed(state, person, organisation, actor).length > 0) return;
  throw rule('approval.excluded', 'nobody makes themselves an approver');
}

function assertMayEscalate(state: ExistingApproval, cause: Cause): string {
  const { actor, organisation } = cause;
  if (isSystem(actor)) throw forbidden('approval.not-a-person', 'only people escalate');
  const person = organisation.personOf(actor.id);
  const exclusion = exclusionOf(state, person, organisation, 'escalates');
  if (exclusion) throw rule(exclusion.code, exclusion.reason);
  if (!isTrustedAdministrator(state, cause) && !isApprover(state, cause)) {
    throw forbidden('approval.not-an-approver', 'approvers and administrators escalate');
  }
  return person;
}

/** Roles and groups of a caller are the directory's already, where that knows the person. */
export const actsAsAdministrator = (actor: Actor): boolean =>
  !isSystem(actor) && isAdministrator(actor);

/** An administrator, and not one whom those who may not decide have made one since the request. */
export function isTrustedAdministrator(
  state: ExistingApproval,
  { actor, organisation }: Cause,
): boolean {
  if (!actsAsAdministrator(actor)) return false;
  const list = [`group:${ADMINISTRATORS}`];
  return trustedIn(state, organisation).qualifies(actor.id, list, actor) !== undefined;
}

/** Where no directory says who people are, names are compared. */
function assertSomebodyNew(
  state: ExistingApproval,
  approvers: readonly Approver[],
  moment: Moment,
): void {
  const { organisation } = moment;
  const { stage, escalations, request } = state;
  const asked: ReadonlySet<string> = organisation.isEmpty
    ? new Set([...roundAt(request.policy, stage).approvers, ...addedTo(state, stage)])
    : peopleLeft(state, moment);
  const then = organisation.isEmpty
    ? approvers.filter((name) => exclusionOf(state, name, organisation) === undefined)
    : [...peopleLeft({ ...state, escalations: [...escalations, { stage, approvers }] }, moment)];
  if (then.some((person) => !asked.has(person))) return;
  const message = `${approvers.join(', ')}: nobody who could decide and is not asked already`;
  throw rule('approval.nobody-new', message, { details: { approvers } });
}

function assertKnown(approvers: readonly Approver[], { organisation }: Moment): void {
  if (organisation.isEmpty) return;
  const unknown = approvers.filter((each) => organisation.named([each]).size === 0);
  if (unknown.length === 0) return;
  throw rule('approval.unknown-approver', `the directory has nobody for ${unknown.join(', ')}`, {
    details: { approvers: unknown },
  });
}
