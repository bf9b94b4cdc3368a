import type { ApprovalEvent, Deadlines } from '@countersign/contracts';
import { hashOf } from '@countersign/kernel';
import type { ApprovalPolicy, DelegationTerms, Person, Quorum } from '@countersign/state-machine';

/** Who was there after a change of the directory. */
export interface PeopleAfterChange {
  /** Whoever made it: null when that is not on record, undefined for the operator's. */
  readonly by: string | null | undefined;
  readonly people: readonly Person[];
}

/** An event as it was recorded, and the world at that moment. */
export interface RecordedApprovalEvent {
  readonly event: ApprovalEvent;
  readonly now: Date;
  /** All changes of people so far, in order. */
  readonly changes: readonly PeopleAfterChange[];
  readonly people: readonly Person[];
  readonly delegations: readonly DelegationTerms[];
}

type Decision = Extract<ApprovalEvent, { type: 'approval.decision-recorded' }>['data'];
interface Stage {
  readonly level: string;
  readonly quorum?: Quorum | undefined;
  readonly approvers: readonly string[];
  readonly within?: readonly string[] | undefined;
  readonly rejection?: ApprovalPolicy['rejection'];
}

const OUTCOMES = ['granted', 'rejected', 'timed-out', 'withdrawn', 'cancelled'];

/**
 * Reads the record of one approval like an auditor who trusts nothing but events and the directory, and says what is
 * wrong with it. Slow and simple on purpose: it shares no code with the aggregate.
 */
export function faultsInApproval(record: readonly RecordedApprovalEvent[]): string[] {
  const auditor = new Auditor();
  for (const entry of record) auditor.read(entry);
  return auditor.faults;
}

class Auditor {
  readonly faults: string[] = [];
  #policy: ApprovalPolicy | undefined;
  #barred: string[] = [];
  #changesBefore: readonly PeopleAfterChange[] = [];
  #template: string | undefined;
  #subject: unknown;
  #expiresAt: string | undefined;
  #counted: { decision: Decision; at: RecordedApprovalEvent; subject: unknown }[] = [];
  #required: number[] = [];
  #open = 0;
  #escalated: { stage: number; approvers: readonly string[]; by?: string | undefined }[] = [];
  #overriddenBy: string | undefined;
  #ended = false;

  read(at: RecordedApprovalEvent): void {
    const { event } = at;
    if (this.#ended && !['approval.review-closed', 'approval.commented'].includes(event.type)) {
      this.#fault(`${event.type} after the outcome`);
    }
    switch (event.type) {
      case 'approval.requested': {
        const { requester, editors, policy, template, subject } = event.data;
        this.#barred = [requester, ...editors];
        this.#changesBefore = at.changes;
        this.#policy = policy;
        this.#template = template;
        this.#subject = subject;
        for (let stage = 0; stage < (policy.stages?.length ?? 1); stage++) this.#require(stage, at);
        this.#deadlines(event.data.deadlines);
        return;
      }
      case 'approval.decision-recorded':
        this.#decision(event.data, at);
        return;
      case 'approval.decision-revoked': {
        const gone = [event.data.decisionId, ...event.data.voided];
        this.#counted = this.#counted.filter((c) => !gone.includes(c.decision.decisionId));
        this.#open = event.data.stage;
        const later = this.#counted.some((c) => (c.decision.stage ?? 0) > this.#open);
        if (later) this.#fault('a later decision outlives a revocation');
        return;
      }
      case 'approval.subject-changed': {
        const before = this.#subject;
        this.#subject = event.data.subject;
        const pointers = this.#policy?.material;
        const touched = pointers
          ? pointers.some((p) => hashAt(before, p) !== hashAt(this.#subject, p))
          : true;
        if (touched !== event.data.material) this.#fault('materiality is wrong');
        if (!touched) return;
        this.#counted = [];
        this.#open = 0;
        this.#require(0, at);
        return;
      }
      case 'approval.stage-completed':
        this.#complete(this.#open);
        this.#open += 1;
        this.#require(this.#open, at);
        return;
      case 'approval.escalated': {
        const { stage, approvers, escalatedBy, cause } = event.data;
        if (escalatedBy !== undefined && this.#barred.includes(escalatedBy)) {
          this.#fault(`${escalatedBy} escalated`);
        }
        this.#escalated.push({ stage, approvers, by: escalatedBy });
        if (cause === 'expiry') this.#expiresAt = undefined;
        return;
      }
      case 'approval.deadlines-frozen':
        this.#expiresAt = undefined;
        return;
      case 'approval.deadlines-resumed':
        this.#deadlines(event.data.deadlines);
        return;
      case 'approval.overridden': {
        const { overriddenBy } = event.data;
        const named = names(this.#trusted(at), overriddenBy, this.#policy?.breakGlass ?? []);
        if (!named || this.#barred.includes(overriddenBy)) this.#fault(`${overriddenBy} overrode`);
        this.#overriddenBy = overriddenBy;
        return;
      }
      case 'approval.granted':
        this.#granted();
        break;
      case 'approval.rejected':
        if (!this.#rejected(at)) this.#fault('rejected without its rule');
        break;
      default:
    }
    if (OUTCOMES.includes(event.type.slice('approval.'.length))) this.#ended = true;
  }

  #decision(decision: Decision, at: RecordedApprovalEvent): void {
    const { approver, onBehalfOf, stage = 0, subjectHash } = decision;
    const principal = onBehalfOf ?? approver;
    if (stage !== this.#open) this.#fault('a decision about another stage');
    if (subjectHash !== hashOf(this.#subject)) this.#fault('a decision about another subject');
    if (this.#expiresAt !== undefined && at.now.toISOString() >= this.#expiresAt) {
      this.#fault('a decision after the deadline');
    }
    for (const person of [approver, principal]) {
      if (this.#barred.includes(person)) this.#fault(`${person} may never decide`);
      if (!isActive(at.people, person)) this.#fault(`${person} is not there`);
      if (
        this.#counted.some((c) => [c.decision.approver, c.decision.onBehalfOf].includes(person))
      ) {
        this.#fault(`${person} decides twice`);
      }
    }
    const ways = this.#waysNamed(principal, approver, stage, at);
    if (ways.length === 0) this.#fault(`${principal} is not asked`);
    if (
      onBehalfOf !== undefined &&
      !ways.some((way) => this.#delegated(onBehalfOf, approver, way, at))
    ) {
      this.#fault(`${onBehalfOf} has not delegated to ${approver}`);
    }
    this.#counted.push({ decision, at, subject: this.#subject });
    // A rejection that rejects has to be followed by nothing else than the outcome, which is looked at there.
  }

  /** @param actor who asked more people does not decide because of that. */
  #waysNamed(person: string, actor: string, stage: number, at: RecordedApprovalEvent): string[] {
    const { approvers, within } = this.#stage(stage);
    const people = this.#trusted(at);
    const limits = [this.#policy?.within, within].filter((list) => list !== undefined);
    const allowed = limits.every((list) => names(people, person, list));
    const added = this.#escalated
      .filter((e) => e.stage === stage && e.by !== actor)
      .flatMap((e) => e.approvers);
    return [...(allowed ? approvers : []), ...added].filter((a) => names(people, person, [a]));
  }

  /** The people without what those who may not decide, and whomever they made administrators, gave since the request. */
  #trusted(at: RecordedApprovalEvent): readonly Person[] {
    const decided = this.#counted.flatMap(({ decision: d }) => [d.approver, d.onBehalfOf]);
    const given = new Set<string>();
    const isGiven = (person: Person, names: string[]) =>
      names.some((name) => given.has(`${person.id} has ${name}`));
    let before = this.#changesBefore.at(-1)?.people ?? [];
    for (const { by, people } of at.changes.slice(this.#changesBefore.length)) {
      const author = before.find(({ id }) => id === by);
      const distrusted =
        by === null ||
        (by !== undefined && [...this.#barred, ...decided].includes(by)) ||
        (author !== undefined && isGiven(author, [...calls(author), 'group:workflow-admins']));
      for (const person of people) {
        const had = before.find(({ id }) => id === person.id);
        for (const name of allNames(person)) {
          if (had && allNames(had).includes(name)) continue;
          if (distrusted) given.add(`${person.id} has ${name}`);
          else given.delete(`${person.id} has ${name}`);
        }
      }
      before = people;
    }
    return at.people.map((person) => ({
      ...person,
      active: person.active && !isGiven(person, calls(person)),
      groups: person.groups.filter((group) => !isGiven(person, [`group:${group}`])),
      roles: person.roles.filter((role) => !isGiven(person, [`role:${role}`])),
    }));
  }

  #delegated(
    from: string,
    to: string,
    way: string,
    at: RecordedApprovalEvent,
    hops = 0,
    seen = [from],
  ): boolean {
    if (hops === 3) return false;
    return at.delegations.some((each) => {
      if (each.from !== from || seen.includes(each.to)) return false;
      if (Date.parse(each.start) > at.now.getTime()) return false;
      if (Date.parse(each.end) <= at.now.getTime()) return false;
      const { templates, approvers } = each.scope ?? {};
      if (templates && !templates.includes(this.#template ?? '')) return false;
      if (approvers && !approvers.includes(way)) return false;
      if (!isActive(this.#trusted(at), each.to) || this.#barred.includes(each.to)) return false;
      const earlier = this.#counted.filter((c) => (c.decision.stage ?? 0) < this.#open);
      if (earlier.some((c) => [c.decision.approver, c.decision.onBehalfOf].includes(each.to))) {
        return false;
      }
      if (each.to === to) return true;
      return this.#delegated(each.to, to, way, at, hops + 1, [...seen, each.to]);
    });
  }

  #granted(): void {
    if (this.#overriddenBy !== undefined || this.#policy?.level === 'AUTO') return;
    const last = (this.#policy?.stages?.length ?? 1) - 1;
    if (this.#open !== last) this.#fault('granted before its last stage');
    for (let stage = 0; stage <= last; stage++) this.#complete(stage);
    const pointers = this.#policy?.material;
    for (const { decision, subject } of this.#counted) {
      const same = pointers
        ? pointers.every((p) => hashAt(subject, p) === hashAt(this.#subject, p))
        : hashOf(subject) === hashOf(this.#subject);
      if (!same) this.#fault(`${decision.approver} saw something else`);
    }
    const people = this.#counted.flatMap(({ decision: { approver, onBehalfOf } }) =>
      onBehalfOf === undefined ? [approver] : [approver, onBehalfOf],
    );
    if (new Set(people).size < people.length) this.#fault('one person counts twice');
  }

  #complete(stage: number): void {
    const given = this.#counted.filter(
      ({ decision }) => (decision.stage ?? 0) === stage && decision.action === 'approve',
    );
    if (given.length < (this.#required[stage] ?? Infinity)) this.#fault(`stage ${stage} is short`);
  }

  #rejected(at: RecordedApprovalEvent): boolean {
    if (this.#policy?.level === 'AUTO') return true;
    const { rejection = 'any' } = this.#stage(this.#open);
    const against = this.#counted.filter(
      ({ decision }) => (decision.stage ?? 0) === this.#open && decision.action === 'reject',
    );
    if (rejection === 'any') return against.length > 0;
    if ('count' in rejection) return against.length >= rejection.count;
    return against.some(({ decision: { approver, onBehalfOf } }) =>
      [approver, onBehalfOf ?? approver].some((id) => names(at.people, id, rejection.veto)),
    );
  }

  /** Once it has been so many, it is never less. */
  #require(stage: number, at: RecordedApprovalEvent): void {
    this.#required[stage] = Math.max(this.#required[stage] ?? 0, this.#needed(stage, at));
  }

  #needed(stage: number, at: RecordedApprovalEvent): number {
    const { level, quorum, approvers, within } = this.#stage(stage);
    if (level === 'AUTO') return 0;
    if (level === 'SINGLE') return 1;
    if (level === 'DUAL') return 2;
    if (typeof quorum === 'number') return quorum;
    const named = at.people.filter(
      ({ id }) =>
        names(at.people, id, approvers) &&
        [this.#policy?.within, within].every((list) => !list || names(at.people, id, list)),
    );
    return Math.max(1, Math.ceil((named.length * (quorum?.percent ?? 100)) / 100));
  }

  #stage(stage: number): Stage {
    const policy = this.#policy;
    if (!policy) throw new Error('nothing was asked');
    const { level = 'AUTO', quorum, approvers, rejection } = policy;
    const found = policy.stages ? policy.stages[stage] : { level, quorum, approvers, rejection };
    if (!found) throw new Error(`there is no stage ${stage}`);
    return found;
  }

  #deadlines(deadlines: Deadlines | undefined): void {
    const closes = this.#policy?.expiry?.outcome !== 'escalate';
    this.#expiresAt = closes ? deadlines?.expiresAt : undefined;
  }

  #fault(what: string): void {
    this.faults.push(what);
  }
}

const isActive = (people: readonly Person[], id: string): boolean =>
  people.some((person) => person.id === id && person.active);

const calls = ({ id, logins = [] }: Person): string[] => [id, ...logins];

/** Whoever is not there has none. */
const allNames = (person: Person): string[] =>
  person.active
    ? [
        ...calls(person),
        ...person.groups.map((group) => `group:${group}`),
        ...person.roles.map((role) => `role:${role}`),
      ]
    : [];

function names(people: readonly Person[], id: string, list: readonly string[]): boolean {
  const person = people.find((each) => each.id === id);
  if (!person?.active) return false;
  const ways = [
    id,
    ...person.groups.map((group) => `group:${group}`),
    ...person.roles.map((role) => `role:${role}`),
  ];
  return list.some((each) => ways.includes(each));
}

/** Of a subject whose members are flat. */
function hashAt(subject: unknown, pointer: string): string {
  const value = (subject as Record<string, unknown>)[pointer.slice(1)];
  return value === undefined ? 'none' : hashOf(value);
}
