import {
  AppError,
  type Actor,
  forbidden,
  isSystem,
  rule,
  unauthenticated,
} from '@countersign/kernel';
import { type Approver, durationMs, type Organisation, roundsOf } from '@countersign/state-machine';

import type { Cause, Moment } from './draft.js';
import {
  distrustOf,
  excludedPeople,
  exclusionOf,
  limitsOf,
  madeApproverBy,
  trustedIn,
  waysNamed,
  withoutEscalationsBy,
} from './eligibility.js';
import type { Exclusion } from './makers.js';
import { restsOn } from './rests-on.js';
import { decidedSoFar, peopleBehind, roundAt, stageName } from './stages.js';
import { type ExistingApproval, isOpen, type Vote } from './state.js';

/** How long ago somebody who signs may have signed in, where the policy does not say. */
const SIGNED_IN_WITHIN = 'PT5M';
/** How far the clocks of those who issue tokens may be ahead. */
const CLOCK_SKEW_MS = 60_000;

/** Who decides, as whom, and by which rule. */
export interface Admission {
  readonly approver: string;
  readonly onBehalfOf?: string;
  readonly delegations?: string[];
  readonly qualifiedBy: string;
  readonly restsOn?: Vote['restsOn'];
}

/** A question about somebody who would decide, without deciding. */
export interface Candidate {
  readonly actor: Actor;
  readonly onBehalfOf?: string | undefined;
}

/** @throws AppError `approval.not-open` when it is decided, or its time is up. */
export function assertOpen(state: ExistingApproval, now: Date): void {
  const { status } = state;
  if (!isOpen(state)) {
    throw rule('approval.not-open', `the approval is ${status}`, { details: { status } });
  }
  const { expiresAt } = state.deadlines;
  const escalates = state.request.policy.expiry?.outcome === 'escalate';
  if (expiresAt !== undefined && !escalates && now.toISOString() >= expiresAt) {
    throw rule('approval.not-open', `its time was up at ${expiresAt}`, {
      details: { status, expiresAt },
    });
  }
}

/**
 * Every rule about who may decide, failing closed.
 *
 * @throws AppError `approval.not-a-person`, `approval.self-approval`, `approval.excluded`, `approval.already-decided`,
 *   `approval.not-an-approver`.
 */
export function admit(state: ExistingApproval, candidate: Candidate, moment: Moment): Admission {
  const { actor } = candidate;
  const { organisation } = moment;
  if (isSystem(actor)) throw forbidden('approval.not-a-person', 'only people decide');
  const approver = organisation.personOf(actor.id);
  const onBehalfOf =
    candidate.onBehalfOf === undefined ? undefined : organisation.personOf(candidate.onBehalfOf);
  const forOther = onBehalfOf !== undefined && onBehalfOf !== approver;
  const acting = [approver, ...(forOther ? [onBehalfOf] : [])];
  assertNotExcluded(state, acting, moment);
  const decided = decidedSoFar(state, organisation);
  const again = acting.find((person) => decided.has(person));
  if (again !== undefined) {
    throw rule('approval.already-decided', alreadyDecided(state, again, approver, organisation));
  }
  if (forOther) return delegated(state, approver, onBehalfOf, moment);
  const own = withoutEscalationsBy(state, approver, organisation);
  const [qualifiedBy] = waysNamed(own, approver, organisation, actor);
  if (qualifiedBy === undefined) {
    if (waysNamed(state, approver, organisation, actor).length > 0) throw askedThemselves();
    assertNotMadeApprover(state, approver, moment, actor);
    throw notAnApprover(state, approver, moment, actor);
  }
  const who = { approver, qualifiedBy };
  return { ...who, ...restsOn(state, who, organisation) };
}

const askedThemselves = (): AppError =>
  rule('approval.excluded', 'nobody makes themselves an approver by asking more people');

function alreadyDecided(
  state: ExistingApproval,
  person: string,
  caller: string,
  organisation: Organisation,
): string {
  const vote = state.votes.find((each) => peopleBehind(each, organisation).includes(person));
  const by = vote && organisation.personOf(vote.approver);
  const who = person === caller ? 'you' : person;
  const what =
    by !== undefined && by !== person
      ? `${by} has decided this for ${who} already`
      : `${who} ${who === 'you' ? 'have' : 'has'} decided this already`;
  return `${what}; one person counts once`;
}

function delegated(
  state: ExistingApproval,
  approver: string,
  onBehalfOf: string,
  moment: Moment,
): Admission {
  const ways = waysNamed(state, onBehalfOf, moment.organisation);
  if (ways.length === 0) {
    assertNotMadeApprover(state, onBehalfOf, moment);
    throw notAnApprover(state, onBehalfOf, moment);
  }
  const admission = throughDelegations(state, approver, onBehalfOf, moment);
  if (admission) return admission;
  const trusted = trustedIn(state, moment.organisation);
  if (chainFor(state, approver, onBehalfOf, moment, trusted)) throw askedThemselves();
  if (chainFor(state, approver, onBehalfOf, moment, moment.organisation)) {
    throw excluded(approver, distrustOf(state, approver, [], moment.organisation));
  }
  throw refusal(
    state,
    `${onBehalfOf} has not delegated this to you: you do not count as an approver`,
  );
}

/** As what somebody may decide for somebody else who is named; nobody on the way is one whom a rule keeps out. */
export function throughDelegations(
  state: ExistingApproval,
  approver: string,
  onBehalfOf: string,
  moment: Moment,
): Admission | undefined {
  const { organisation } = moment;
  const own = withoutEscalationsBy(state, approver, organisation);
  return chainFor(own, approver, onBehalfOf, moment, trustedIn(state, organisation));
}

/** @param within the organisation in which the chain has to hold */
function chainFor(
  state: ExistingApproval,
  approver: string,
  onBehalfOf: string,
  { organisation, now }: Moment,
  within: Organisation,
): Admission | undefined {
  const { template } = state.request;
  const without = excludedPeople(state, organisation);
  for (const qualifiedBy of waysNamed(state, onBehalfOf, organisation)) {
    const notMadeBy = new Set([...without, approver]);
    const matter = { template, qualifiedBy, without, notMadeBy };
    const chain = within.chain(onBehalfOf, approver, now, matter);
    if (chain === undefined) continue;
    const delegations = chain.map(({ delegationId }) => delegationId);
    const who = { approver, onBehalfOf, qualifiedBy };
    return { ...who, delegations, ...restsOn(state, who, organisation, chain) };
  }
  return undefined;
}

function assertNotExcluded(
  state: ExistingApproval,
  people: readonly string[],
  { organisation }: Moment,
): void {
  for (const person of people) {
    const exclusion = exclusionOf(state, person, organisation);
    if (exclusion) throw excluded(person, exclusion);
  }
}

function assertNotMadeApprover(
  state: ExistingApproval,
  person: string,
  { organisation }: Moment,
  claims?: Actor,
): void {
  const exclusion = madeApproverBy(state, person, organisation, claims);
  if (exclusion) throw excluded(person, exclusion);
}

const excluded = (person: string, { code, reason }: Exclusion): AppError =>
  rule(code, reason, { details: { person } });

/** Whether it is `approvers` that does not name somebody, or `within` that holds them back. */
function notAnApprover(
  state: ExistingApproval,
  person: string,
  { organisation }: Moment,
  claims?: Actor,
): AppError {
  const who = claims === undefined ? person : 'you';
  const later = laterStageOf(state, person, organisation, claims);
  if (later !== undefined) {
    const whose = claims === undefined ? `${person}'s` : 'your';
    const message = `${whose} stage ${later} is not open yet: first comes ${stageName(state.request.policy, state.stage)}`;
    return refusal(state, message, { stage: later });
  }
  const round = roundAt(state.request.policy, state.stage);
  const named = organisation.qualifies(person, round.approvers, claims) !== undefined;
  if (!named) return refusal(state, `the policy does not name ${who} as an approver`);
  const failed = limitsOf(state).find(
    (list) => organisation.qualifies(person, list, claims) === undefined,
  );
  return refusal(
    state,
    `the policy names ${who}, but takes only approvers within ${failed?.join(', ') ?? 'its limits'}`,
    failed === undefined ? {} : { within: failed },
  );
}

/** The name of the next stage that names somebody. */
function laterStageOf(
  { request: { policy }, stage: open }: ExistingApproval,
  person: string,
  organisation: Organisation,
  claims?: Actor,
): string | undefined {
  const names = (list: readonly Approver[]) =>
    organisation.qualifies(person, list, claims) !== undefined;
  return roundsOf(policy).find(
    ({ approvers, within }, stage) =>
      stage > open && [approvers, within, policy.within].every((list) => !list || names(list)),
  )?.name;
}

function refusal(
  { request }: ExistingApproval,
  message: string,
  more: { readonly within?: readonly string[]; readonly stage?: string } = {},
): AppError {
  const { approvers, stages } = request.policy;
  return forbidden('approval.not-an-approver', message, {
    details: {
      approvers: stages?.map((stage) => stage.approvers) ?? approvers,
      ...more,
    },
  });
}

/** Whether somebody could decide the open stage, or has decided. */
export function isApprover(state: ExistingApproval, { actor, ...moment }: Cause): boolean {
  try {
    admit(state, { actor }, moment);
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code === 'approval.already-decided';
  }
}

/**
 * The signature that a policy asks for, undefined when it asks for none.
 *
 * @throws AppError `unauthenticated` `approval.reauthentication-needed` with `details.maxAgeSeconds`
 */
export function signatureOf(
  { request }: ExistingApproval,
  approver: string,
  { actor, now, organisation }: Cause,
): Vote['signature'] {
  const { signature } = request.policy;
  if (signature === undefined) return undefined;
  const maxAge = durationMs(signature.maxAge ?? SIGNED_IN_WITHIN);
  const { authenticatedAt, authMethod } = actor;
  const age = authenticatedAt === undefined ? NaN : now.getTime() - Date.parse(authenticatedAt);
  if (authenticatedAt === undefined || !(age <= maxAge && age >= -CLOCK_SKEW_MS)) {
    throw unauthenticated(
      'approval.reauthentication-needed',
      'a signature takes signing in again',
      {
        details: { maxAgeSeconds: Math.floor(maxAge / 1000), meaning: signature.meaning },
      },
    );
  }
  const name = organisation.person(approver)?.name ?? approver;
  return { meaning: signature.meaning, name, authenticatedAt, authMethod };
}
