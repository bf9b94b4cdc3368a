import {
  type ApprovalEvent,
  directoryAggregate,
  type DirectoryEvent,
  organisationOf,
} from '@countersign/contracts';
import { type Actor, AppError, derivedId, fold, hashOf } from '@countersign/kernel';
import {
  ApprovalPolicy,
  type Calendar,
  type DelegationTerms,
  type Organisation,
  type Person,
} from '@countersign/state-machine';

import { decideApproval, type Decision } from './decide.js';
import type { Cause, Events } from './draft.js';
import { requestAdHoc, requestApproval } from './request.js';
import {
  approvalAggregate,
  type ApprovalState,
  type DataOf,
  type ExistingApproval,
} from './state.js';

const APPROVAL_ID = '1c9a4f2e-77aa-5b11-9c0d-abcdefabcdef';
export const SUBJECT = { tradeId: 'T-1', notional: 5_000_000 };

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  alice: ['group:desk'],
  bob: ['group:desk', 'role:head'],
  erin: ['group:risk'],
  frank: ['group:risk'],
  grace: ['group:risk', 'role:head'],
  heidi: ['group:workflow-admins'],
  ivan: [],
};

const person = (id: string, names: readonly string[], more: Partial<Person> = {}): Person => ({
  id,
  name: id.toUpperCase(),
  roles: names.filter((n) => n.startsWith('role:')).map((n) => n.slice(5)),
  groups: names.filter((n) => n.startsWith('group:')).map((n) => n.slice(6)),
  active: true,
  ...more,
});

export const people = (): Person[] =>
  Object.entries(MEMBERS).map(([id, names]) => person(id, names));

/** An approval in a small organisation, on a clock that a test moves. */
export class TestApproval {
  readonly events: ApprovalEvent[] = [];
  now = new Date('2026-11-24T09:00:00.000Z');
  directory = fold(directoryAggregate, [inFile(people(), [])], {
    ...directoryAggregate.initialState,
    revision: 6,
  });
  /** What it was after each change of people, and who made that. */
  readonly changes: { readonly by: string | null | undefined; readonly people: Person[] }[] = [
    { by: undefined, people: people() },
  ];
  delegations: DelegationTerms[] = [];
  #decisions = 0;

  /** One that a workflow asked for, by alice, with ed as editor. */
  static ofWorkflow(policy: object, setUp?: (it: TestApproval) => void) {
    const approval = new TestApproval();
    setUp?.(approval);
    const asked = {
      approvalId: APPROVAL_ID,
      workflowId: '0e3f6f0a-1b2c-5d3e-8f40-123456789abc',
      template: 'trade_approval',
      requester: 'alice',
      editors: ['ivan'],
      policy: ApprovalPolicy.parse(policy),
      subject: SUBJECT,
      subjectHash: hashOf(SUBJECT),
    };
    approval.do((state, cause) => requestApproval(state, asked, cause));
    return approval;
  }

  /** One that alice asked for. */
  static adHoc(body: object, setUp?: (it: TestApproval) => void) {
    const approval = new TestApproval();
    setUp?.(approval);
    const asked = { subject: SUBJECT, reason: 'please', ...body };
    approval.do((state, cause) => requestAdHoc(state, APPROVAL_ID, asked, cause), 'alice');
    return approval;
  }

  get state(): ExistingApproval {
    return this.any as ExistingApproval;
  }

  get any(): ApprovalState {
    return fold(approvalAggregate, this.events);
  }

  get organisation(): Organisation {
    const { directory, delegations } = this;
    return organisationOf(directory).withDelegations(delegations, directory.revision);
  }

  get people(): Person[] {
    return [...this.directory.people.values()];
  }

  /** As the operator's file has them. */
  set people(present: Person[]) {
    const before = this.people;
    const changed = present.filter((each) => !before.includes(each));
    const gone = before.filter(({ id }) => !present.some((each) => each.id === id));
    const removed = gone.map(({ id }) => id);
    this.#inDirectory(inFile(changed, removed));
  }

  set calendars(set: Calendar[]) {
    const data = { source: 'file' as const, set, removed: [] };
    this.#inDirectory({ type: 'directory.calendars-changed', data });
  }

  /** What an administrator makes of the directory; no name when it is not on record. */
  changeBy(changedBy: string | undefined, set: Person[], removed: string[] = []): void {
    const by = changedBy === undefined ? {} : { changedBy };
    const data = { source: 'api' as const, ...by, set, removed };
    this.#inDirectory({ type: 'directory.people-changed', data });
  }

  #inDirectory(event: DirectoryEvent): void {
    this.directory = fold(directoryAggregate, [event], this.directory);
    if (event.type !== 'directory.people-changed') return;
    const { source, changedBy = null } = event.data;
    this.changes.push({ by: source === 'api' ? changedBy : undefined, people: this.people });
  }

  cause(id: string, more: Partial<Actor> = {}): Cause {
    const actor = { id, ...claimsOf(this.people, id), authMethod: 'bearer', ...more };
    return { actor, now: this.now, organisation: this.organisation };
  }

  /** Carries something out. @throws what it throws; then nothing is recorded */
  do(
    act: (state: ApprovalState, cause: Cause) => Events,
    as = 'alice',
    more?: Partial<Actor>,
  ): Events {
    const events = act(this.any, this.cause(as, more));
    this.events.push(...events);
    return events;
  }

  decide(as: string, decision: Partial<Decision> = {}, more?: Partial<Actor>): Events {
    const decisionId = derivedId('decision', String(this.#decisions++));
    const { subjectHash } = this.state;
    const full = {
      decisionId,
      action: 'approve',
      reason: 'because',
      subjectHash,
      ...decision,
    } as const;
    return this.do((state, cause) => decideApproval(state, full, cause), as, more);
  }

  approve(...who: readonly string[]): void {
    for (const each of who) this.decide(each);
  }

  reject(who: string): void {
    this.decide(who, { action: 'reject' });
  }

  /** The code with which something is refused, `undefined` when it is not. Nothing is recorded. */
  refusal(act: () => unknown): string | undefined {
    const before = this.events.length;
    try {
      act();
      return undefined;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return error.code;
    } finally {
      this.events.length = before;
    }
  }

  pass(ms: number): void {
    this.now = new Date(this.now.getTime() + ms);
  }

  delegate(from: string, to: string, more: Partial<DelegationTerms> = {}): void {
    const delegationId = derivedId('delegation', from, to);
    const time = { start: '2026-11-01T00:00:00.000Z', end: '2026-12-31T00:00:00.000Z' };
    this.delegations.push({ delegationId, from, to, ...time, ...more });
  }

  change(id: string, more: Partial<Person>): void {
    this.people = this.people.map((each) => (each.id === id ? { ...each, ...more } : each));
  }

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  last<Type extends ApprovalEvent['type']>(type: Type): DataOf<Type> {
    const event = this.events.findLast((each) => each.type === type);
    if (!event) throw new Error(`there is no ${type}`);
    return event.data as DataOf<Type>;
  }
}

const inFile = (set: Person[], removed: string[]): DirectoryEvent => ({
  type: 'directory.people-changed',
  data: { source: 'file', set, removed },
});

function claimsOf(all: readonly Person[], id: string): Pick<Actor, 'roles' | 'groups'> {
  const { roles = [], groups = [] } = all.find((each) => each.id === id) ?? {};
  return { roles: [...roles], groups: [...groups] };
}
