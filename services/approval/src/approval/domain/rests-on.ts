import type { DelegationChain, Organisation } from '@countersign/state-machine';

import { limitsOf } from './eligibility.js';
import { askedUnder } from './makers.js';
import { roundAt } from './stages.js';
import type { ExistingApproval, Vote } from './state.js';

interface Deciding {
  readonly approver: string;
  readonly onBehalfOf?: string | undefined;
  readonly qualifiedBy: string;
}

/** Other people without whose acts somebody could not decide, as a member of the decision; none when there are none. */
export function restsOn(
  state: ExistingApproval,
  { approver, onBehalfOf = approver, qualifiedBy }: Deciding,
  organisation: Organisation,
  chain: DelegationChain = [],
): Pick<Vote, 'restsOn'> {
  const since = askedUnder(state);
  const deputies = chain.slice(0, -1).map(({ to }) => organisation.personOf(to));
  const entered = chain.flatMap(({ from, createdBy = from }) =>
    organisation.personOf(createdBy) === organisation.personOf(from) ? [] : [createdBy],
  );
  const changes = [
    ...organisation.authors(onBehalfOf, [qualifiedBy, ...limitsOf(state).flat()], since),
    ...[approver, ...deputies, ...entered].flatMap((id) => [
      ...organisation.authors(id, [], since),
    ]),
    ...entered,
  ];
  const others = (ids: Iterable<string | null>) =>
    [...new Set(ids)].filter((id) => id !== null && id !== approver && id !== onBehalfOf);
  const found = {
    changes: others(changes),
    deputies: others(deputies),
    escalations: others(askedBy(state, qualifiedBy)),
  };
  const entries = Object.entries(found).filter(([, ids]) => ids.length > 0);
  return entries.length === 0 ? {} : { restsOn: Object.fromEntries(entries) };
}

/** Who asked for those whom the policy does not name for the stage that is open. */
function askedBy({ request, stage, escalations }: ExistingApproval, qualifiedBy: string): string[] {
  if (roundAt(request.policy, stage).approvers.includes(qualifiedBy)) return [];
  return escalations.flatMap(({ stage: asked, approvers, by }) =>
    asked === stage && by !== undefined && approvers.includes(qualifiedBy) ? [by] : [],
  );
}
