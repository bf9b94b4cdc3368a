import {
  type ApprovalPolicy,
  type Approver,
  approverSets,
  type Round,
} from '../approval-policy.js';
import type { Organisation } from '../organisation.js';

/**
 * Who may approve a round at most, when nobody knows who is in groups and roles: undefined where that does not say. Those
 * whom escalation adds are not among them.
 */
export function eligibleAtMost(
  policy: ApprovalPolicy,
  round: Round,
): readonly string[] | undefined {
  const lists = [round.approvers, round.within, policy.within].flatMap((list) => {
    const people = list === undefined ? undefined : onlyPeople(list);
    return people === undefined ? [] : [people];
  });
  const [first, ...others] = lists;
  return first?.filter((id) => others.every((list) => list.includes(id)));
}

/** The people of a directory who may approve a round. Those whom escalation adds are not among them. */
export function eligibleIn(
  directory: Organisation,
  policy: ApprovalPolicy,
  round: Round,
): ReadonlySet<string> {
  const people = directory.named(round.approvers, policy.within);
  if (round.within === undefined) return people;
  const allowed = directory.named(round.within);
  return new Set([...people].filter((id) => allowed.has(id)));
}

/** The people of a list that names nobody but people. */
export function onlyPeople(approvers: readonly Approver[]): readonly string[] | undefined {
  const { people, groups, roles } = approverSets(approvers);
  return groups.length + roles.length > 0 ? undefined : people;
}

/** Where a round of a policy stands. */
export function roundPath(policy: ApprovalPolicy, path: string, index: number): string {
  return policy.stages === undefined ? path : `${path}/stages/${index}`;
}

/** Those whom a round may ask altogether, with those whom escalation adds. */
export function askedIn(
  people: Organisation,
  policy: ApprovalPolicy,
  round: Round,
): ReadonlySet<string> {
  return new Set([...eligibleIn(people, policy, round), ...people.named(escalatedTo(policy))]);
}

/** The same, as far as a policy alone says it: undefined where it names groups or roles. */
export function askedAtMost(policy: ApprovalPolicy, round: Round): ReadonlySet<string> | undefined {
  const asked = eligibleAtMost(policy, round);
  const added = onlyPeople(escalatedTo(policy));
  return asked === undefined || added === undefined ? undefined : new Set([...asked, ...added]);
}

const escalatedTo = ({ escalation = [] }: ApprovalPolicy): Approver[] =>
  escalation.flatMap(({ approvers }) => approvers);
