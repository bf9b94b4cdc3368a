import {
  delegationAt,
  type DelegationRecord,
  type DelegationScope,
  type DirectoryEvent,
  type DirectoryState,
  organisationOf,
} from '@countersign/contracts';
import { type Actor, forbidden, notFound, rule } from '@countersign/kernel';
import type { Organisation } from '@countersign/state-machine';

import { type Fault, faultOf, leadsTo } from './chains.js';
import { isDirectoryAdministrator } from './change.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const MAX_DAYS = 366;
/** How far the clock of whoever asks for "from now on" may be behind. */
const CLOCK_TOLERANCE_MS = 5 * 60 * 1_000;
/** That one person has given and that are not over. */
const MAX_OPEN = 50;

/** What somebody asks for. Times are RFC 3339, with any offset. */
export interface DelegationRequest {
  readonly delegationId: string;
  /** Absent: the caller. */
  readonly from?: string | undefined;
  readonly to: string;
  /** Absent: now. */
  readonly start?: string | undefined;
  readonly end: string;
  readonly scope?: DelegationScope | undefined;
  readonly outOfOffice: boolean;
  readonly reason: string;
}

const faults: Readonly<Record<Fault, () => Error>> = {
  cycle: () => rule('delegation.cycle', 'at some moment it would lead back to who gives it'),
  'too-long': () =>
    rule('delegation.too-long', 'at some moment it would be one of more than three in a row'),
};

/**
 * @throws AppError `delegation.not-yours`, `delegation.unknown-person`, `delegation.to-oneself`, `delegation.bad-period`,
 * `delegation.too-many`, `delegation.cycle`, `delegation.too-long`.
 */
export function createDelegation(
  state: DirectoryState,
  asked: DelegationRequest,
  actor: Actor,
  now: Date,
): readonly DirectoryEvent[] {
  const organisation = organisationOf(state);
  const caller = organisation.personOf(actor.id);
  const from = organisation.personOf(asked.from ?? caller);
  const to = organisation.personOf(asked.to);
  if (from !== caller && (!isDirectoryAdministrator(state, actor) || to === caller)) {
    throw notYours();
  }
  for (const id of [from, to]) {
    if (organisation.isActive(id)) continue;
    throw rule('delegation.unknown-person', `the directory has nobody active who is ${id}`);
  }
  if (from === to) throw rule('delegation.to-oneself', 'a delegation is to somebody else');
  const { start, end } = periodOf(asked, now);
  const open = openAt(state, now).map((each) => asPeople(organisation, each));
  if (open.filter((each) => each.from === from).length >= MAX_OPEN) {
    throw rule('delegation.too-many', `${from} has given ${MAX_OPEN} that are not over`);
  }
  if (from !== caller && leadsTo(caller, { from, to, start, end }, open)) throw notYours();
  const fault = faultOf({ from, to, start, end }, open);
  if (fault) throw faults[fault]();
  const { delegationId, scope, outOfOffice, reason } = asked;
  const createdAt = now.toISOString();
  const given = { from, to, createdAt, start, end, ...(scope === undefined ? {} : { scope }) };
  const data = { delegationId, ...given, outOfOffice, reason, createdBy: caller };
  return [{ type: 'directory.delegation-created', data }];
}

/** Nothing when it is over already. @throws AppError `delegation.not-found`, `delegation.not-yours`. */
export function endDelegation(
  state: DirectoryState,
  { delegationId, reason }: { readonly delegationId: string; readonly reason?: string | undefined },
  actor: Actor,
  now: Date,
): readonly DirectoryEvent[] {
  const delegation = state.delegations.get(delegationId);
  if (!delegation) throw notFound('delegation.not-found', 'there is no such delegation');
  const organisation = organisationOf(state);
  const caller = organisation.personOf(actor.id);
  const { from, to, createdBy } = delegation;
  const concerned = [from, to, createdBy].map((id) => organisation.personOf(id));
  if (!concerned.includes(caller) && !isDirectoryAdministrator(state, actor)) {
    throw forbidden('delegation.not-yours', 'it is for others to end');
  }
  if (delegationAt(delegation, now).status === 'ENDED') return [];
  const data = { delegationId, endedBy: caller, ...(reason === undefined ? {} : { reason }) };
  return [{ type: 'directory.delegation-ended', data }];
}

const notYours = (): Error =>
  forbidden(
    'delegation.not-yours',
    "another person's delegations take an administrator, who does not come to act by them themselves",
  );

function periodOf({ start, end }: DelegationRequest, now: Date): { start: string; end: string } {
  const at = now.getTime();
  const asked = start === undefined ? at : Date.parse(start);
  const from = Math.max(asked, at);
  const until = Date.parse(end);
  const fits =
    asked >= at - CLOCK_TOLERANCE_MS && from < until && until - from <= MAX_DAYS * DAY_MS;
  if (fits) return { start: new Date(from).toISOString(), end: new Date(until).toISOString() };
  throw rule(
    'delegation.bad-period',
    `it begins now or later, and ends after that, within ${MAX_DAYS} days`,
  );
}

function openAt({ delegations }: DirectoryState, now: Date): DelegationRecord[] {
  return [...delegations.values()].filter((each) => delegationAt(each, now).status !== 'ENDED');
}

/** The same between people, where one who gave or got it has become a login of another. */
function asPeople(organisation: Organisation, delegation: DelegationRecord): DelegationRecord {
  const { from, to } = delegation;
  return { ...delegation, from: organisation.personOf(from), to: organisation.personOf(to) };
}
