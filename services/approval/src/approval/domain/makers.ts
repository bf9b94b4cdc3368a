import type { Organisation } from '@countersign/state-machine';

import type { ExistingApproval } from './state.js';

/** Why a rule keeps somebody out, whoever is named. */
export interface Exclusion {
  readonly code: 'approval.self-approval' | 'approval.excluded';
  readonly reason: string;
}

/** The people who asked and who made the subject what it is, under whatever login. */
export function makersOf({ request }: ExistingApproval, organisation: Organisation): Set<string> {
  return new Set([request.requester, ...request.editors].map((id) => organisation.personOf(id)));
}

/** Who asked and who made the subject never decide. */
export function exclusionOfMaker(
  state: ExistingApproval,
  person: string,
  organisation: Organisation,
): Exclusion | undefined {
  if (!makersOf(state, organisation).has(person)) return undefined;
  if (organisation.personOf(state.request.requester) === person) {
    return { code: 'approval.self-approval', reason: 'who asks for an approval never decides it' };
  }
  const reason = 'who made what is to be approved never decides it';
  return { code: 'approval.excluded', reason };
}
