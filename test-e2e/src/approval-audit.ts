import type { ApprovalEvent, DirectoryEvent } from '@countersign/contracts';
import type { StoredEvent } from '@countersign/kernel';
import type { DelegationTerms, Person } from '@countersign/state-machine';
import {
  faultsInApproval,
  type PeopleAfterChange,
  type RecordedApprovalEvent,
} from '@countersign/testing';

/** Who is there and who stands in for whom, at one revision of the directory. */
interface World {
  readonly people: readonly Person[];
  readonly changes: readonly PeopleAfterChange[];
  readonly delegations: readonly DelegationTerms[];
}

/** What the events of an approval say about the directory that they were decided with. */
interface Consulted {
  readonly directoryRevision?: number;
  readonly next?: { readonly directoryRevision: number };
  readonly decidedAt?: string;
}

const OUTCOMES = ['granted', 'rejected', 'timed-out', 'withdrawn', 'cancelled'];

/**
 * What is wrong with the approvals of a store by an oracle that shares no code with the product: each is judged with
 * the directory as it was by the revisions that its events name. Empty when nothing is.
 */
export function faultsInApprovals(stored: readonly StoredEvent[]): string[] {
  const worlds = worldsOf(stored);
  return [...approvalsOf(stored)].flatMap(([stream, events]) =>
    faultsInApproval(recordOf(events, worlds)).map((fault) => `${stream}: ${fault}`),
  );
}

/** How each approval ended, by its id: undefined while it is open. */
export function outcomesOf(stored: readonly StoredEvent[]): Map<string, string | undefined> {
  return new Map(
    [...approvalsOf(stored)].map(([stream, events]) => {
      const kinds = events.map(({ type }) => type.slice('approval.'.length));
      return [stream.slice('approval-'.length), kinds.find((kind) => OUTCOMES.includes(kind))];
    }),
  );
}

const approvalsOf = (stored: readonly StoredEvent[]) =>
  Map.groupBy(
    stored.filter(({ stream }) => stream.startsWith('approval-')),
    ({ stream }) => stream,
  );

function recordOf(
  events: readonly StoredEvent[],
  worlds: readonly World[],
): RecordedApprovalEvent[] {
  let revision = 0;
  return events.map(({ type, data, metadata }) => {
    const said = data as Consulted;
    revision = said.directoryRevision ?? said.next?.directoryRevision ?? revision;
    const world = worlds[revision];
    if (!world) throw new Error(`the directory was never at revision ${revision}`);
    const now = new Date(said.decidedAt ?? metadata.recordedAt);
    return { event: { type, data } as unknown as ApprovalEvent, now, ...world };
  });
}

/** The directory after each of its events; before them all it knows nobody. */
function worldsOf(stored: readonly StoredEvent[]): World[] {
  const people = new Map<string, Person>();
  const delegations = new Map<string, DelegationTerms>();
  const worlds: World[] = [{ people: [], changes: [], delegations: [] }];
  let changes: readonly PeopleAfterChange[] = [];
  for (const { stream, type, data } of stored) {
    if (!stream.startsWith('directory-')) continue;
    const event = { type, data } as unknown as DirectoryEvent;
    if (event.type === 'directory.people-changed') {
      for (const person of event.data.set) people.set(person.id, person);
      for (const id of event.data.removed) people.delete(id);
      const { source, changedBy = null } = event.data;
      const by = source === 'api' ? changedBy : undefined;
      changes = [...changes, { by, people: [...people.values()] }];
    }
    if (event.type === 'directory.delegation-created') {
      delegations.set(event.data.delegationId, event.data);
    }
    if (event.type === 'directory.delegation-ended') delegations.delete(event.data.delegationId);
    worlds.push({ people: [...people.values()], changes, delegations: [...delegations.values()] });
  }
  return worlds;
}
