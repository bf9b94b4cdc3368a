import {
  type ApprovalPolicy,
  approvalsNeeded,
  type Approver,
  type Organisation,
  type Round,
  roundsOf,
} from '@countersign/state-machine';

import { type Exclusion, exclusionOfMaker } from './makers.js';
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
  return ids.map((id) => organisation.personOf(id));
}

/** Everybody who has decided already, for themselves or through somebody else. */
export function decidedSoFar({ votes }: ExistingApproval, organisation: Organisation): Set<string> {
  return new Set(votes.flatMap((vote) => peopleBehind(vote, organisation)));
}

/** A decision that would have been refused, had the directory known then who is who, and the rule. */
export interface RuledOut {
  readonly vote: Vote;
  readonly code: Exclusion['code'] | 'approval.already-decided';
  readonly reason: string;
}

/** What the directory has learned too late: that somebody who decided is who asked or made it, or decided already. */
export function ruledOut(state: ExistingApproval, organisation: Organisation): RuledOut[] {
  const decided = new Set<string>();
  return state.votes.flatMap((vote): RuledOut[] => {
    const people = peopleBehind(vote, organisation);
    for (const person of people) {
      const made = exclusionOfMaker(state, person, organisation);
      if (made) return [{ vote, ...made }];
    }
    const again = people.some((person) => decided.has(person));
    for (const person of people) decided.add(person);
    const reason = 'who has decided already does not decide again: one person counts once';
    return again ? [{ vote, code: 'approval.already-decided', reason }] : [];
  });
}

/** The votes that count, in order: those that nothing rules out. */
export function countedVotes(state: ExistingApproval, organisation: Organisation): Vote[] {
  const out = new Set(ruledOut(state, organisation).map(({ vote }) => vote));
  return state.votes.filter((vote) => !out.has(vote));
}

/** How the open stage stands. */
export function quorumOf(
  state: ExistingApproval,
  organisation: Organisation,
): { required: number; given: number; met: boolean } {
  const required = state.required[state.stage] ?? 0;
  const given = countedVotes(state, organisation).filter(
    ({ stage, action }) => stage === state.stage && action === 'approve',
  ).length;
  return { required, given, met: given >= required };
}
