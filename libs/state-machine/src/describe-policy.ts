import { type ApprovalPolicy, type Approver, type Round, roundsOf } from './approval-policy.js';
import type { Calendar } from './calendar.js';

/**
 * A policy in plain words, as one short paragraph: who has to approve, what rejects, what happens when.
 *
 * @param calendar the one that the policy names, as the organisation has it; absent where it has none of that name
 */
export function describePolicy(policy: ApprovalPolicy, calendar?: Calendar): string {
  const said = [
    roundsOf(policy).map(describeRound).join('; then '),
    ...(policy.level === 'AUTO' ? [] : conditionsOf(policy)),
    ...timesOf(policy, calendar),
    ...exceptionsOf(policy),
  ];
  const text = said.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function describeRound(round: Round): string {
  const { name, level, approvers, within, rejection } = round;
  if (level === 'AUTO') return 'approved at once: nobody is asked';
  const stage = name === undefined ? '' : `stage ${name}: `;
  const also = within === undefined ? '' : `, who must be of ${anyOf(within)} as well`;
  return `${stage}${howMany(round)} of ${anyOf(approvers)}${also}, ${describeRejection(rejection)}`;
}

function howMany({ level, quorum }: Round): string {
  if (level === 'SINGLE') return 'one person';
  if (level === 'DUAL') return 'two different people';
  return typeof quorum === 'object'
    ? `${quorum.percent} percent of the people`
    : `${quorum ?? 1} different people`;
}

/**
 * How many approvals a round takes, in words: `one person`, `two different people`, `50 percent (3 people)`.
 *
 * @param needed what a part comes to
 */
export function peopleTaken(round: Round, needed: number): string {
  const { level, quorum } = round;
  if (needed === 1 && typeof quorum !== 'object') return 'one person';
  if (level !== 'COMMITTEE' || typeof quorum !== 'object') return howMany(round);
  return `${quorum.percent} percent (${needed} ${needed === 1 ? 'person' : 'people'})`;
}

/**
 * What a round takes of whom, as the beginning of a sentence: `one person of role:head within group:london has to
 * approve`.
 *
 * @param limits each `within` that holds for its approvers
 * @param added those who are asked besides, whom no limit concerns
 */
export function demandOf(
  round: Round,
  needed: number,
  limits: readonly (readonly Approver[])[] = [],
  added: readonly Approver[] = [],
): string {
  const verb = needed === 1 ? 'has' : 'have';
  const within = limits.map((names) => ` within ${anyOf(names)}`).join(' and');
  const whom =
    within === ''
      ? anyOf([...round.approvers, ...added])
      : [`${anyOf(round.approvers)}${within}`, ...(added.length === 0 ? [] : [anyOf(added)])].join(
          ', or ',
        );
  return `${peopleTaken(round, needed)} of ${whom} ${verb} to approve`;
}

function describeRejection(rejection: Round['rejection']): string {
  if (rejection === undefined || rejection === 'any') return 'rejected by the first rejection';
  if ('count' in rejection) return `rejected by ${rejection.count} rejections`;
  return `rejected by the first rejection of ${anyOf(rejection.veto)}`;
}

function conditionsOf({ within, abstain, material, signature }: ApprovalPolicy): string[] {
  return [
    'never by whoever asked or edited',
    ...(within === undefined ? [] : [`all of them of ${anyOf(within)} as well`]),
    ...(abstain === true ? ['abstaining is allowed'] : []),
    ...(signature === undefined
      ? []
      : [
          `signed as "${signature.meaning}" by those who signed in at most ${signature.maxAge ?? 'PT5M'} before`,
        ]),
    `a change of ${material === undefined ? 'anything' : list(material)} voids what was decided`,
  ];
}

function timesOf(policy: ApprovalPolicy, calendar: Calendar | undefined): string[] {
  const { reminders = [], escalation = [], expiry } = policy;
  const outcomes = {
    reject: 'rejected',
    cancel: 'cancelled',
    escalate: 'everybody in the escalation is asked',
  };
  const times = [
    ...(reminders.length === 0 ? [] : [`reminders after ${list(reminders)}`]),
    ...escalation.map(({ after, approvers }) => `${list(approvers)} asked as well after ${after}`),
    ...(expiry === undefined ? [] : [`expires after ${expiry.after}: ${outcomes[expiry.outcome]}`]),
  ];
  if (times.length === 0 || policy.calendar === undefined) return times;
  const known = calendar?.name === policy.calendar;
  const where = known ? calendar.timeZone : 'not in the directory: every hour counts';
  return [...times, `all times in calendar ${policy.calendar} (${where})`];
}

function exceptionsOf(policy: ApprovalPolicy): string[] {
  const { rule, breakGlass, auditRefusals, mayBeWeakened, onRejected } = policy;
  return [
    ...(rule === undefined ? [] : [`rejected unless ${rule}`]),
    ...(onRejected === undefined ? [] : [`a rejection leads to ${onRejected}`]),
    ...(breakGlass === undefined
      ? []
      : [`${anyOf(breakGlass)} may override in an emergency, which is reviewed`]),
    ...(auditRefusals === true ? ['refused decisions are recorded'] : []),
    ...(mayBeWeakened === true ? ['an instance may ask for less'] : []),
  ];
}

const list = (items: readonly string[], last = 'and'): string =>
  [items.slice(0, -1).join(', '), ...items.slice(-1)]
    .filter((part) => part !== '')
    .join(` ${last} `);

const anyOf = (approvers: readonly Approver[]): string =>
  approvers.length === 0 ? 'nobody' : list(approvers, 'or');
