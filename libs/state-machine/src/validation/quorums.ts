import {
  type ApprovalPolicy,
  approvalsNeeded,
  type Approver,
  type Round,
  roundsOf,
} from '../approval-policy.js';
import { peopleTaken } from '../describe-policy.js';
import type { Model } from '../analysis/model.js';
import type { TransitionDefinition, WorkflowDefinition } from '../definition.js';
import { error, type Finding, info, warning } from '../finding.js';
import { Organisation } from '../organisation.js';
import { eligibleAtMost, eligibleIn, roundPath } from './eligible.js';
import { assignable, type Demand } from './matching.js';
import { policiesIn } from './places.js';

const CODE = 'approval.quorum-unreachable';

/** Approvals for which there are not enough people: by the definition alone, or in the organisation as it is. */
export function checkQuorums({ definition, options: { directory } }: Model): Finding[] {
  const people = directory === undefined ? undefined : new Organisation(directory);
  return policiesIn(definition).flatMap(({ policy, transition, path }) => {
    if (people === undefined) return byDefinition(policy, path);
    return [
      ...unknownApprovers(policy, people, path),
      ...byDirectory(policy, transition, people, path),
    ];
  });
}

/**
 * How many people a group or a role has is the directory's to say, not the definition's. Those whom escalation adds count
 * when they are asked, not before.
 */
function byDefinition(policy: ApprovalPolicy, path: string): Finding[] {
  return roundsOf(policy).flatMap((round, index) => {
    const people = eligibleAtMost(policy, round);
    if (people === undefined || round.level === 'AUTO') return [];
    const needed = approvalsNeeded(round, people.length);
    if (people.length >= needed) return [];
    return [error(CODE, roundPath(policy, path, index), unmet(round, needed, people.length))];
  });
}

/** A round, who of a directory may approve it, and how many of them have to. */
interface Staffing extends Demand {
  readonly round: Round;
}

/** @param without people who may not approve; a quorum in percent counts them nonetheless */
function roundsIn(
  policy: ApprovalPolicy,
  directory: Organisation,
  without: ReadonlySet<string> = new Set(),
): Staffing[] {
  return roundsOf(policy).map((round) => {
    const named = eligibleIn(directory, policy, round);
    const people = new Set([...named].filter((id) => !without.has(id)));
    return { round, people, needed: approvalsNeeded(round, named.size) };
  });
}

/** Where a round has not enough people, or all rounds together have not. */
function tooFew(policy: ApprovalPolicy, rounds: readonly Staffing[], path: string): Finding[] {
  const findings = rounds.flatMap(({ round, people, needed }, index) => {
    if (people.size >= needed) return [];
    return [error(CODE, roundPath(policy, path, index), unmet(round, needed, people.size))];
  });
  if (findings.length > 0 || assignable(rounds)) return findings;
  const needed = rounds.reduce((sum, round) => sum + round.needed, 0);
  const message = `its stages take ${needed} different people together, and there are not as many among those named`;
  return [error(CODE, path, message)];
}

/**
 * What nobody in an organisation can ever approve among the approvals of some events.
 *
 * @param without people who never decide on it, such as whoever starts the instance
 */
export function unmetApprovals(
  definition: WorkflowDefinition,
  events: ReadonlySet<string>,
  organisation: Organisation,
  without: readonly string[],
): Finding[] {
  const excluded = new Set(without.map((id) => organisation.personOf(id)));
  return policiesIn(definition)
    .filter(({ transition }) => events.has(transition.event))
    .flatMap(({ policy, path }) => tooFew(policy, roundsIn(policy, organisation, excluded), path));
}

function byDirectory(
  policy: ApprovalPolicy,
  transition: TransitionDefinition,
  directory: Organisation,
  path: string,
): Finding[] {
  const rounds = roundsIn(policy, directory);
  const findings = tooFew(policy, rounds, path);
  if (findings.length > 0) return findings;

  const feasible = (without: string): boolean => assignable(rounds, without);
  const requesters = possibleRequesters(transition, directory);
  const everybody = new Set(rounds.flatMap(({ people }) => [...people]));
  const stuck = [...everybody].filter((id) => (requesters?.has(id) ?? true) && !feasible(id));
  if (stuck.length > 0) {
    const total = rounds.reduce((sum, round) => sum + round.needed, 0);
    const some = stuck.slice(0, 3).join(', ');
    const reason = `takes ${total} of ${everybody.size} people, and who asks for it may not approve it`;
    // Whoever may ask is among those who cannot be left out: nobody's request can ever be approved.
    if (requesters !== undefined && [...requesters].every((id) => stuck.includes(id))) {
      return [error(CODE, path, `${reason}: not possible whoever asks`)];
    }
    return [warning(CODE, path, `${reason}: not possible if ${some} asks`)];
  }
  return worstCase(policy, rounds, path);
}

/** What goes wrong only when approvers of earlier stages, or the starter, happen to be needed later. */
function worstCase(
  policy: ApprovalPolicy,
  rounds: readonly { round: Round; people: ReadonlySet<string>; needed: number }[],
  path: string,
): Finding[] {
  return rounds.flatMap(({ people, needed }, index) => {
    if (needed === 0) return [];
    const earlier = rounds.slice(0, index).reduce((sum, other) => {
      const shared = [...other.people].filter((id) => people.has(id)).length;
      return sum + Math.min(other.needed, shared);
    }, 0);
    const at = roundPath(policy, path, index);
    if (earlier > 0 && people.size - earlier - 1 < needed) {
      const message = `takes ${needed} of ${people.size} people; ${earlier} of them may have approved an earlier stage, and one may have asked`;
      return [warning(CODE, at, message)];
    }
    if (people.size - earlier - 2 < needed) {
      const message = `takes ${needed} of ${people.size} people; not possible if two of them started the instance and asked`;
      return [info(CODE, at, message)];
    }
    return [];
  });
}

/** The people who may ask, as far as that is known: those with the roles that a manual transition names. */
function possibleRequesters(
  { trigger, roles }: TransitionDefinition,
  directory: Organisation,
): ReadonlySet<string> | undefined {
  if (trigger !== 'manual' || roles === undefined) return undefined;
  const people = directory.named(roles.map((role) => `role:${role}`));
  return people.size === 0 ? undefined : people;
}

/** Names of people, groups and roles that mean nobody, one finding for each list. */
function unknownApprovers(
  policy: ApprovalPolicy,
  directory: Organisation,
  path: string,
): Finding[] {
  const lists: [string, readonly Approver[]][] = [
    ...roundsOf(policy).flatMap((round, index): [string, readonly Approver[]][] => {
      const at = roundPath(policy, path, index);
      const { approvers, within = [], rejection = 'any' } = round;
      const veto = rejection !== 'any' && 'veto' in rejection ? rejection.veto : [];
      return [
        [`${at}/approvers`, approvers],
        [`${at}/within`, within],
        [`${at}/rejection/veto`, veto],
      ];
    }),
    [`${path}/within`, policy.within ?? []],
    [`${path}/breakGlass`, policy.breakGlass ?? []],
    ...(policy.escalation ?? []).map(({ approvers }, tier): [string, readonly Approver[]] => [
      `${path}/escalation/${tier}/approvers`,
      approvers,
    ]),
  ];
  return lists.flatMap(([at, approvers]) => unknownNames(directory, approvers, at));
}

/** Approvers that the directory does not know, or that nobody active stands behind. */
export function unknownNames(
  directory: Organisation,
  approvers: readonly Approver[],
  path: string,
): Finding[] {
  return approvers.flatMap((approver, index) => {
    if (directory.named([approver]).size > 0) return [];
    const message = `the directory has nobody active for ${approver}`;
    return [warning('approval.unknown-approver', `${path}/${index}`, message)];
  });
}

function unmet(round: Round, needed: number, there: number): string {
  const stage = round.name === undefined ? '' : `stage ${round.name}: `;
  return `${stage}takes ${peopleTaken(round, needed)}, and those named are ${there}`;
}
