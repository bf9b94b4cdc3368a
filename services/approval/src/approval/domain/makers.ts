import type { Organisation } from '@countersign/state-machine';

import type { ExistingApproval } from './state.js';

/** Why a rule keeps somebody out, whoever is named. */
export interface Exclusion {
  readonly code: 'approval.self-approval' | 'approval.excluded';
  readonly reason: string;
}

/** The directory's revision at the request: what was changed after it may have been changed for its sake. */
export const askedUnder = ({ request }: ExistingApproval): number => request.directoryRevision ?? 0;

/** The people who asked and who made the subject what it is, under whatever login, also one that was theirs. */
export function makersOf({ request }: ExistingApproval, organisation: Organisation): Set<string> {
  const ids = [request.requester, ...request.editors];
  return new Set(ids.flatMap((id) => [...organisation.peopleBehind(id)]));
}

/** What somebody who is kept out would do, as it is said of them. */
export type Act = 'decides' | 'escalates' | 'overrides' | 'reviews';

/** Who asked and who made the subject never decide, nor do what comes to that. */
export function exclusionOfMaker(
  state: ExistingApproval,
  person: string,
  organisation: Organisation,
  act: Act = 'decides',
): Exclusion | undefined {
  if (!makersOf(state, organisation).has(person)) return undefined;
  if (organisation.peopleBehind(state.request.requester).has(person)) {
    return { code: 'approval.self-approval', reason: `who asks for an approval never ${act} it` };
  }
  const reason = `who made what is to be approved never ${act} it`;
  return { code: 'approval.excluded', reason };
}
