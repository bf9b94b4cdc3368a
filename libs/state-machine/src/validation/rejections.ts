import {
  type ApprovalPolicy,
  type Approver,
  type RejectionRule,
  roundsOf,
} from '../approval-policy.js';
import type { Model } from '../analysis/model.js';
import { error, type Finding, warning } from '../finding.js';
import { Organisation } from '../organisation.js';
import { askedAtMost, askedIn, onlyPeople, roundPath } from './eligible.js';
import { policiesIn } from './places.js';

const CODE = 'approval.rejection-unreachable';

/** Rejections that cannot come about: there are too few who could reject, or those with a veto are not asked. */
export function checkRejections({ definition, options: { directory } }: Model): Finding[] {
  const people = directory === undefined ? undefined : new Organisation(directory);
  return policiesIn(definition).flatMap(({ policy, path }) =>
    checkPolicyRejections(policy, people, path),
  );
}

/** @param without people who never decide */
export function checkPolicyRejections(
  policy: ApprovalPolicy,
  people: Organisation | undefined,
  path: string,
  without: readonly string[] = [],
): Finding[] {
  return roundsOf(policy).flatMap((round, index) => {
    const { rejection } = round;
    if (rejection === undefined || rejection === 'any' || round.level === 'AUTO') return [];
    const at = `${roundPath(policy, path, index)}/rejection`;
    const named =
      people === undefined ? askedAtMost(policy, round) : askedIn(people, policy, round);
    if (named === undefined) return [];
    const asked = new Set([...named].filter((id) => !without.includes(id)));
    return checkRejection(rejection, asked, people, at);
  });
}

function checkRejection(
  rejection: Exclude<RejectionRule, 'any'>,
  asked: ReadonlySet<string>,
  people: Organisation | undefined,
  path: string,
): Finding[] {
  if ('count' in rejection) {
    if (rejection.count <= asked.size) return [];
    const message = `takes ${rejection.count} rejections, and those who are asked are ${asked.size}`;
    return [error(CODE, path, message)];
  }
  const { veto } = rejection;
  const idle = veto.filter((holder) => !mayVeto(holder, asked, people));
  if (idle.length === veto.length) {
    return [error(CODE, path, 'nobody who holds a veto is asked: nothing can be rejected')];
  }
  return idle.map((holder) =>
    warning(CODE, `${path}/veto/${veto.indexOf(holder)}`, `${holder} is not asked`),
  );
}

function mayVeto(
  holder: Approver,
  asked: ReadonlySet<string>,
  people: Organisation | undefined,
): boolean {
  const holders = people?.named([holder]) ?? onlyPeople([holder]);
  return holders === undefined || [...holders].some((id) => asked.has(id));
}
