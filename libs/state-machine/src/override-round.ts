import {
  approvalsNeeded,
  type Approver,
  approverSets,
  type Quorum,
  type RejectionRule,
  strengthOf,
} from './approval-policy.js';
import type { ApprovalLevel } from './enums.js';

/** What one round of an approval asks for, as far as overrides change it. */
export interface RoundTerms {
  readonly level: ApprovalLevel;
  readonly quorum?: Quorum | undefined;
  readonly approvers: readonly Approver[];
  readonly within?: readonly Approver[] | undefined;
  readonly rejection?: RejectionRule | undefined;
}

/** What is said differently about one round. */
export interface RoundChange {
  readonly level?: ApprovalLevel | undefined;
  readonly quorum?: Quorum | undefined;
  readonly approvers?: readonly Approver[] | undefined;
}

/**
 * A round with other terms. Whoever is named instead must be one of those named before, which `within` says;
 * where it says something already, it stays, and `weakening` looks whether that is enough.
 *
 * @param free whether anybody may be named
 */
export function changeRound(before: RoundTerms, change: RoundChange, free: boolean): RoundTerms {
  const level = change.level ?? before.level;
  // A quorum belongs to a committee: with another level the definition's own falls away.
  const quorum = change.quorum ?? (level === 'COMMITTEE' ? before.quorum : undefined);
  const approvers = change.approvers ?? before.approvers;
  // An AUTO approval asks nobody, so that there is nobody to be one of.
  const pinned = change.approvers !== undefined && !free && before.level !== 'AUTO';
  const within = before.within ?? (pinned ? before.approvers : undefined);
  return { level, quorum, approvers, within, rejection: before.rejection };
}

/**
 * In what respect a round, changed by `changeRound`, asks for less than before, whoever is in the groups and roles
 * that it names; undefined when it does in none. Of what cannot be told without the directory, the worst is assumed.
 *
 * - A lower level, or one approval less.
 * - Somebody may approve who could not before.
 * - Those who are named can no longer reject.
 */
export function weakening(before: RoundTerms, after: RoundTerms): string | undefined {
  if (strengthOf(after.level) < strengthOf(before.level)) {
    return `${after.level} is less than ${before.level}`;
  }
  const samePeople =
    isSubset(before.approvers, after.approvers) && isSubset(after.approvers, before.approvers);
  if (!asksForAsMany(before, after, samePeople)) return 'fewer people would have to approve';
  if (before.level === 'AUTO' || samePeople) return undefined;
  const { approvers, within } = before;
  // The new ones lie within `within`; that is enough when all of it could approve before.
  const enclosed =
    isSubset(after.approvers, approvers) ||
    within === undefined ||
    within.every((each) => approvers.includes(each));
  if (!enclosed) return 'people could approve who could not before';
  if (!canStillReject(after)) return 'those who are named could no longer reject';
  return undefined;
}

function isSubset(some: readonly Approver[], all: readonly Approver[]): boolean {
  return some.every((each) => all.includes(each));
}

function asksForAsMany(before: RoundTerms, after: RoundTerms, samePeople: boolean): boolean {
  const [old, next] = [percentOf(before), percentOf(after)];
  if (samePeople && old !== undefined && next !== undefined) return next >= old;
  return leastNeeded(after) >= mostNeeded(before);
}

function percentOf({ level, quorum }: RoundTerms): number | undefined {
  return level === 'COMMITTEE' && typeof quorum === 'object' ? quorum.percent : undefined;
}

/** A part of those who are named is at least one person: any others may have left. */
function leastNeeded(round: RoundTerms): number {
  return percentOf(round) === undefined ? approvalsNeeded(round) : 1;
}

/** How many are in a group or a role is not known here. */
function mostNeeded(round: RoundTerms): number {
  if (percentOf(round) === undefined) return approvalsNeeded(round);
  const { people, groups, roles } = approverSets(round.approvers);
  return groups.length + roles.length > 0 ? Infinity : approvalsNeeded(round, people.length);
}

function canStillReject({ approvers, rejection }: RoundTerms): boolean {
  if (rejection === undefined || rejection === 'any') return true;
  if ('veto' in rejection) return isSubset(rejection.veto, approvers);
  return approverSets(approvers).people.length >= rejection.count;
}
