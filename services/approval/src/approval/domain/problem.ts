import { countedVotes } from './counting.js';
import { nextTier } from './escalate.js';
import type { Moment } from './draft.js';
import { peopleLeft, unmetRule } from './reachability.js';
import { roundAt } from './stages.js';
import type { ExistingApproval } from './state.js';

/** Why nobody can approve an open approval as things stand, and how it can end all the same, in one sentence. */
export function problemOf(state: ExistingApproval, moment: Moment): string | undefined {
  const failed = state.incidents.get('approval.rule-failed');
  const problem = failed ?? unmetRule(state, moment);
  if (problem === undefined) return undefined;
  const canReject = failed === undefined && rejectable(state, moment);
  const beginning = canReject ? 'Only a rejection can decide it' : 'Stuck';
  return `${beginning}: ${problem}; ${waysOut(state)}`;
}

/** Whether those who are left could still reject. */
function rejectable(state: ExistingApproval, moment: Moment): boolean {
  const { organisation } = moment;
  const { rejection = 'any' } = roundAt(state.request.policy, state.stage);
  const left = [...peopleLeft(state, moment)];
  if (rejection === 'any') return left.length > 0;
  if ('veto' in rejection) {
    return left.some((id) => organisation.qualifies(id, rejection.veto) !== undefined);
  }
  const given = countedVotes(state, organisation).filter(
    ({ stage, action }) => stage === state.stage && action === 'reject',
  );
  return given.length + left.length >= rejection.count;
}

function waysOut(state: ExistingApproval): string {
  const { request, deadlines } = state;
  const { adHoc, openEscalation, policy } = request;
  const { expiresAt } = deadlines;
  const mayEscalate = openEscalation === true || nextTier(state) !== undefined;
  const ends = expiresAt !== undefined && policy.expiry?.outcome !== 'escalate';
  return [
    `who asked may withdraw it${adHoc === true ? ' or change the subject' : ''}`,
    ...(mayEscalate && policy.level !== 'AUTO' ? ['an administrator may escalate it'] : []),
    ...(ends ? [`its time is up at ${expiresAt}`] : []),
  ].join('; ');
}
