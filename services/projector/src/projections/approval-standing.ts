import type { StageStatus } from '@countersign/contracts';
import {
  type ApprovalPolicy,
  approvalsNeeded,
  type Round,
  roundsOf,
} from '@countersign/state-machine';

import type { RowOf } from './projection.js';

type Row = RowOf<'approval_requests'>;
type Standing = Pick<
  Row,
  | 'stage_name'
  | 'required'
  | 'given'
  | 'stages'
  | 'approvers'
  | 'within'
  | 'escalated'
  | 'voters'
  | 'excluded'
>;

/** What follows from the policy, the decisions that count and the stage that is open: who is asked, who is not, how it stands. */
export function standing(row: Row): Standing {
  const { stage, votes, requester, editors } = row;
  const policy = row.policy as ApprovalPolicy;
  const rounds = roundsOf(policy);
  const stages = rounds.map((round, number) => stageResult(row, round, number));
  const round = rounds[stage];
  const earlier = votes.filter((vote) => vote.stage < stage);
  return {
    stage_name: round?.name ?? null,
    required: stages[stage]?.required ?? 0,
    given: stages[stage]?.given ?? 0,
    stages,
    approvers: [...(round?.approvers ?? [])],
    within: [policy.within, round?.within].flatMap((list) => (list ? [[...list]] : [])),
    escalated: addedTo(row, stage),
    voters: peopleBehind(votes),
    excluded: [...new Set([requester, ...editors, ...peopleBehind(earlier)])],
  };
}

function stageResult(row: Row, round: Round, number: number): Row['stages'][number] {
  const { votes } = row;
  const given = votes.filter((vote) => vote.stage === number && vote.action === 'approve').length;
  const asked = round.level !== 'COMMITTEE' || typeof round.quorum === 'number';
  return {
    name: round.name ?? null,
    level: round.level,
    status: stageStatus(row, number),
    required: row.stages[number]?.required ?? (asked ? approvalsNeeded(round) : null),
    given,
    approvers: [...round.approvers, ...addedTo(row, number)],
  };
}

function stageStatus({ stage, status, overridden_by }: Row, number: number): StageStatus {
  if (number >= stage && overridden_by !== null) return 'OVERRIDDEN';
  if (number > stage) return 'WAITING';
  return number === stage && status !== 'APPROVED' ? 'OPEN' : 'COMPLETE';
}

function addedTo({ escalations }: Row, stage: number): string[] {
  return escalations.filter((each) => each.stage === stage).flatMap(({ approvers }) => approvers);
}

function peopleBehind(votes: Row['votes']): string[] {
  return [...new Set(votes.flatMap(({ people }) => people))];
}
