import {
  type ApprovalPolicy,
  approvalsNeeded,
  type Approver,
  type Organisation,
  type Round,
  roundsOf,
} from '@countersign/state-machine';

import type { ExistingApproval, Vote } from './state.js';

/** A stage of a policy, by its number. @throws Error when there is none */
export function roundAt(policy: ApprovalPolicy, stage: number): Round {
  const round = roundsOf(policy)[stage];
  if (round === undefined) throw new Error(`the policy has no stage ${stage}`);
  return round;
}

export function isLastStage(policy: ApprovalPolicy, stage: number): boolean {
  return stage === roundsOf(policy).length - 1;
}

/** The name of a stage; the only one of a policy without stages has none and is called by its level. */
export function stageName(policy: ApprovalPolicy, stage: number): string {
  const { name, level } = roundAt(policy, stage);
  return name ?? level;
}

/** Those who were asked for a stage besides the policy's approvers. */
export function addedTo({ escalations }: ExistingApproval, stage: number): Approver[] {
  return escalations.filter((each) => each.stage === stage).flatMap(({ approvers }) => approvers);
}

/** The active people whom a stage of a policy names, by `within` as well where that is there. */
export function peopleOf(
  policy: ApprovalPolicy,
  stage: number,
  organisation: Organisation,
): ReadonlySet<string> {
  const { approvers, within } = roundAt(policy, stage);
  const named = organisation.named(approvers);
  const limits = [policy.within, within].filter((list) => list !== undefined);
  if (limits.length === 0) return named;
  const allowed = limits.map((list) => organisation.named(list));
  return new Set([...named].filter((person) => allowed.every((people) => people.has(person))));
}

/** How many approvals a stage takes, by the organisation as it is: fixed when the stage opens. */
export function requiredFor(
  policy: ApprovalPolicy,
  stage: number,
  organisation: Organisation,
): number {
  const round = roundAt(policy, stage);
  const inPercent = typeof round.quorum === 'object';
  return approvalsNeeded(round, inPercent ? peopleOf(policy, stage, organisation).size : 0);
}

/** The same, for a stage that may have been open before: people who have left meanwhile do not make it easier. */
export function requiredAgain(
  { request, required }: ExistingApproval,
  stage: number,
  organisation: Organisation,
): number {
  return Math.max(required[stage] ?? 0, requiredFor(request.policy, stage, organisation));
}

/** Whose decision a vote is today: the person who decided, and the one for whom. Neither decides again. */
export function peopleBehind({ approver, onBehalfOf }: Vote, organisation: Organisation): string[] {
  const ids = onBehalfOf === undefined ? [approver] : [approver, onBehalfOf];
  return ids.flatMap((id) => [...organisation.peopleBehind(id)]);
}

/** Everybody who has decided already, for themselves or through somebody else. */
export function decidedSoFar({ votes }: ExistingApproval, organisation: Organisation): Set<string> {
  return new Set(votes.flatMap((vote) => peopleBehind(vote, organisation)));
}

/** The people on whose changes of the directory decisions rest. */
export function changedFor(votes: readonly Vote[], organisation: Organisation): Set<string> {
  const authors = votes.flatMap(({ restsOn }) => restsOn?.changes ?? []);
  return new Set(authors.map((id) => organisation.personOf(id)));
}
