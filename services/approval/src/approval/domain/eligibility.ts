import type { Claims, Distrust, Organisation } from '@countersign/state-machine';

import { type Act, askedUnder, type Exclusion, exclusionOfMaker, makersOf } from './makers.js';
import { addedTo, changedFor, decidedSoFar, peopleBehind, roundAt } from './stages.js';
import type { ExistingApproval } from './state.js';

/**
 * Each way in which somebody is named for the stage that is open and that counts (`trustedIn`): `alice`,
 * `role:risk-officer`, `group:trade-approvers`. Whether other rules keep that person out is not asked.
 */
export function waysNamed(
  state: ExistingApproval,
  person: string,
  organisation: Organisation,
  claims?: Claims,
): readonly string[] {
  return waysIn(state, person, trustedIn(state, organisation), claims);
}

function waysIn(
  state: ExistingApproval,
  person: string,
  organisation: Organisation,
  claims?: Claims,
): readonly string[] {
  const { approvers } = roundAt(state.request.policy, state.stage);
  const allowed = limitsOf(state).every(
    (list) => organisation.qualifies(person, list, claims) !== undefined,
  );
  return [
    ...(allowed ? organisation.waysNamed(person, approvers, claims) : []),
    ...organisation.waysNamed(person, addedTo(state, state.stage), claims),
  ];
}

/** As somebody sees it who would decide: by asking more people nobody makes themselves an approver, nor their deputy. */
export function withoutEscalationsBy(
  state: ExistingApproval,
  person: string,
  organisation: Organisation,
): ExistingApproval {
  const distrust = { since: askedUnder(state), of: new Set([person]) };
  const escalations = state.escalations.filter(
    ({ by }) =>
      by === undefined ||
      (!organisation.peopleBehind(by).has(person) &&
        organisation.culprit(by, [], distrust) === undefined),
  );
  return escalations.length === state.escalations.length ? state : { ...state, escalations };
}

/** Each `within` that holds for the stage that is open. */
export function limitsOf({ request: { policy }, stage }: ExistingApproval): (readonly string[])[] {
  return [policy.within, roundAt(policy, stage).within].filter((list) => list !== undefined);
}

/**
 * The organisation without what those who may not decide have made of it since the request: nobody who is kept out
 * of an approval makes its approvers.
 */
export function trustedIn(state: ExistingApproval, organisation: Organisation): Organisation {
  return organisation.without(distrustIn(state, organisation));
}

function distrustIn(state: ExistingApproval, organisation: Organisation): Distrust {
  const { overriddenBy } = state;
  const kept = [...excludedPeople(state, organisation), ...decidedSoFar(state, organisation)];
  if (overriddenBy !== undefined) kept.push(organisation.personOf(overriddenBy));
  return { since: askedUnder(state), of: new Set(kept) };
}

/** What is said of somebody who would be named, were it not for changes by those who may not decide. */
export function madeApproverBy(
  state: ExistingApproval,
  person: string,
  organisation: Organisation,
  claims?: Claims,
): Exclusion | undefined {
  if (waysNamed(state, person, organisation, claims).length > 0) return undefined;
  if (waysIn(state, person, organisation, claims).length === 0) return undefined;
  const { approvers } = roundAt(state.request.policy, state.stage);
  const names = [...approvers, ...addedTo(state, state.stage), ...limitsOf(state).flat()];
  return distrustOf(state, person, names, organisation);
}

/** What is said of somebody who is what they are by changes of those who may not decide. */
export function distrustOf(
  state: ExistingApproval,
  person: string,
  names: readonly string[],
  organisation: Organisation,
): Exclusion {
  const maker = organisation.culprit(person, names, distrustIn(state, organisation));
  const who = maker ?? 'somebody who is not on record';
  const reason = `${person} could decide it only by what ${who} changed in the directory after it was asked for; nobody who may not decide makes approvers`;
  return { code: 'approval.excluded', reason };
}

/** Who asked, who made the subject what it is, and who approved an earlier stage never decide, escalate, override or review. */
export function exclusionOf(
  state: ExistingApproval,
  person: string,
  organisation: Organisation,
  act: Act = 'decides',
): Exclusion | undefined {
  return exclusionsIn(state, organisation, act)(person);
}

/** The same, to be asked about many people: what it takes is found once. */
export function exclusionsIn(
  state: ExistingApproval,
  organisation: Organisation,
  act: Act = 'decides',
): (person: string) => Exclusion | undefined {
  const makers = makersOf(state, organisation);
  const earlier = decidedEarlier(state, organisation);
  const changed = changedFor(state.votes, organisation);
  return (person) => {
    if (makers.has(person)) return exclusionOfMaker(state, person, organisation, act);
    if (earlier.has(person)) {
      const reason = `who decided an earlier stage never ${act} a later one`;
      return { code: 'approval.excluded', reason };
    }
    if (!changed.has(person)) return undefined;
    const reason = `who made somebody an approver that has decided never ${act} it as well`;
    return { code: 'approval.excluded', reason };
  };
}

/** Everybody whom `exclusionOf` keeps out. */
export function excludedPeople(state: ExistingApproval, organisation: Organisation): Set<string> {
  return new Set([...makersOf(state, organisation), ...decidedEarlier(state, organisation)]);
}

function decidedEarlier(
  { votes, stage }: ExistingApproval,
  organisation: Organisation,
): Set<string> {
  const earlier = votes.filter((vote) => vote.stage < stage);
  return new Set(earlier.flatMap((vote) => peopleBehind(vote, organisation)));
}
