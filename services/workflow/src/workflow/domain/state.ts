import type { WorkflowEvent } from '@countersign/contracts';
import { type Aggregate, type JsonObject, notFound, rule } from '@countersign/kernel';
import type {
  ApprovalPolicy,
  DefinitionOverrides,
  TriggerKind,
  WorkflowStatus,
} from '@countersign/state-machine';

type DataOf<Type extends WorkflowEvent['type']> = Extract<WorkflowEvent, { type: Type }>['data'];

/** A transition that waits for its approval. */
export interface PendingTransition {
  readonly sequence: number;
  readonly event: string;
  readonly from: string;
  readonly to: string;
  readonly trigger: TriggerKind;
  readonly reason?: string | undefined;
  readonly input?: JsonObject | undefined;
  readonly approvalId: string;
  readonly requester: string;
  readonly policy: ApprovalPolicy;
  /** Where a rejection leads; nowhere when absent. */
  readonly onRejected?: string | undefined;
}

export interface ApprovalOutcome {
  readonly approvalId: string;
  /** Withdrawn: no longer asked for, as if it had never been. */
  readonly outcome: 'granted' | 'rejected' | 'withdrawn';
  readonly reason?: string | undefined;
  /** Those who decided it, in order. */
  readonly decidedBy?: readonly string[] | undefined;
}

/** What every event of an instance repeats. */
interface WorkflowIdentity {
  readonly workflowId: string;
  readonly template: string;
  readonly businessKey?: string;
  readonly scope?: string;
}

export type Timer = DataOf<'workflow.timers-set'>['timers'][number];
type FrozenTimer = NonNullable<DataOf<'workflow.paused'>['frozen']>[number];
export type Signal = Pick<
  DataOf<'workflow.signal-received'>,
  'signalId' | 'name' | 'payload' | 'sentAt' | 'expiresAt' | 'editors' | 'sender'
>;
type OpenIncident = Pick<
  DataOf<'workflow.incident-raised'>,
  'incidentId' | 'code' | 'message' | 'state' | 'raisedAt'
>;
/** A state that takes an approval of a level, by so many people, whatever version is followed. */
export type KeptProtection = NonNullable<DataOf<'workflow.migrated'>['protections']>[number];
/** What somebody wants to do to the instance beside its definition, waiting for a second person. */
export type Intervention = Omit<DataOf<'workflow.intervention-requested'>, 'subject'>;

export interface ExistingWorkflow {
  readonly kind: 'existing';
  readonly identity: WorkflowIdentity;
  readonly templateVersion: number;
  readonly definitionHash: string;
  readonly status: WorkflowStatus;
  readonly state: string;
  readonly context: JsonObject;
  /** Everybody who gave a part of the context. */
  readonly editors: readonly string[];
  /** Everybody who asked for a move, sent a signal that made one, or decided about one. */
  readonly movers: readonly string[];
  readonly startedBy: string;
  /** What it was started with, and keeps when it follows another version. */
  readonly overrides?: DefinitionOverrides | undefined;
  /** Number of moves and of rejected attempts so far. */
  readonly sequence: number;
  /** The sequence at which it came to its state. */
  readonly enteredAt: number;
  readonly pending?: PendingTransition | undefined;
  /** Outcome of the pending approval that could not be applied yet. */
  readonly deferred?: ApprovalOutcome | undefined;
  readonly intervention?: Intervention | undefined;
  /** Timers that run, and the `enteredAt` that they belong to. */
  readonly timers: readonly Timer[];
  readonly timersOf: number;
  /** Timers that a pause has stopped. */
  readonly frozen: readonly FrozenTimer[];
  /** Signals that no transition has taken yet, oldest first. */
  readonly signals: readonly Signal[];
  readonly parentId?: string | undefined;
  /** How many instances above this one wait for each other. */
  readonly depth: number;
  /** The instance that this one waits for. */
  readonly childId?: string | undefined;
  readonly incidents: readonly OpenIncident[];
  /** What the versions that it has followed before protect. */
  readonly protections: readonly KeptProtection[];
}

export type WorkflowState =
  { readonly kind: 'none' } | { readonly kind: 'abandoned' } | ExistingWorkflow;

export const workflowAggregate: Aggregate<WorkflowState, WorkflowEvent> = {
  category: 'workflow',
  initialState: { kind: 'none' },
  evolve(state, event) {
    if (event.type === 'workflow.started') return started(event.data);
    if (event.type === 'workflow.start-abandoned') return { kind: 'abandoned' };
    return state.kind === 'existing' ? evolveExisting(state, event) : state;
  },
};

function started(data: DataOf<'workflow.started'>): ExistingWorkflow {
  const { workflowId, template, businessKey, scope } = data;
  return {
    kind: 'existing',
    identity: {
      workflowId,
      template,
      ...(businessKey === undefined ? {} : { businessKey }),
      ...(scope === undefined ? {} : { scope }),
    },
    templateVersion: data.templateVersion,
    definitionHash: data.definitionHash,
    status: data.draft ? 'DRAFT' : 'ACTIVE',
    state: data.state,
    context: data.context,
    editors: [...new Set([data.startedBy, ...(data.editors ?? [])])],
    movers: [],
    startedBy: data.startedBy,
    overrides: data.overrides,
    sequence: 0,
    enteredAt: 0,
    timers: [],
    timersOf: -1,
    frozen: [],
    signals: [],
    parentId: data.parentId,
    depth: data.depth ?? 0,
    incidents: [],
    protections: [],
  };
}

const NO_TIMERS = { timers: [], frozen: [] } as const;
const SETTLED = { pending: undefined, deferred: undefined } as const;

function evolveExisting(state: ExistingWorkflow, event: WorkflowEvent): ExistingWorkflow {
  switch (event.type) {
    case 'workflow.activated':
      return { ...state, status: 'ACTIVE' };
    case 'workflow.resumed':
      return { ...state, status: 'ACTIVE' };
    case 'workflow.paused':
      return { ...state, status: 'PAUSED', timers: [], frozen: event.data.frozen ?? [] };
    case 'workflow.transition-requested': {
      const { onRejected } = event.data.policy;
      const pending = { ...event.data, onRejected };
      return { ...usedUp(state, event.data), pending };
    }
    case 'workflow.approval-outcome-deferred':
      return { ...state, deferred: event.data };
    case 'workflow.transition-rejected':
      return { ...state, ...SETTLED, sequence: event.data.sequence };
    case 'workflow.transitioned':
      return moved(state, event.data);
    case 'workflow.completed':
      return { ...state, ...NO_TIMERS, status: 'COMPLETED' };
    case 'workflow.failed':
      return { ...state, ...NO_TIMERS, ...SETTLED, status: 'FAILED' };
    case 'workflow.cancelled':
      return { ...state, ...NO_TIMERS, ...SETTLED, status: 'CANCELLED' };
    case 'workflow.context-changed':
      return contextChanged(state, event.data);
    case 'workflow.timers-set':
      return { ...state, timers: event.data.timers, frozen: [], timersOf: state.enteredAt };
    case 'workflow.signal-received':
      return signalReceived(state, event.data);
    case 'workflow.signal-expired':
    case 'workflow.signal-withdrawn':
      return { ...state, signals: without(state, event.data.signalId) };
    case 'workflow.child-requested':
      return { ...state, childId: event.data.childId };
    case 'workflow.child-abandoned':
      return { ...state, childId: undefined };
    case 'workflow.approval-abandoned':
      return state.pending?.approvalId === event.data.approvalId ? { ...state, ...SETTLED } : state;
    case 'workflow.intervention-requested':
      return { ...state, intervention: event.data };
    case 'workflow.intervention-ended':
      return { ...state, intervention: undefined };
    case 'workflow.migrated': {
      const { templateVersion, definitionHash, protections = state.protections } = event.data;
      return { ...state, templateVersion, definitionHash, protections };
    }
    case 'workflow.incident-raised': {
      const { incidentId, code, message, state: at, raisedAt } = event.data;
      const open = { incidentId, code, message, state: at, raisedAt };
      return { ...state, incidents: [...otherIncidents(state, incidentId), open] };
    }
    case 'workflow.incident-resolved':
      return { ...state, incidents: otherIncidents(state, event.data.incidentId) };
    case 'workflow.started':
    case 'workflow.start-abandoned':
    case 'workflow.emitted':
    case 'workflow.escalated':
    case 'workflow.child-ended':
      return state;
  }
}

function moved(state: ExistingWorkflow, data: DataOf<'workflow.transitioned'>): ExistingWorkflow {
  const { to, sequence, requester, decidedBy = [] } = data;
  const settled = usedUp(state, data);
  const movers = [...new Set([...state.movers, ...[requester ?? []].flat(), ...decidedBy])];
  return { ...settled, ...SETTLED, movers, state: to, sequence, enteredAt: sequence };
}

/** The end of an invoked instance comes as a signal: it is waited for no more. */
function signalReceived(
  state: ExistingWorkflow,
  signal: DataOf<'workflow.signal-received'>,
): ExistingWorkflow {
  const { name, payload } = signal;
  const isEnd = isEngines(name) && payload['workflowId'] === state.childId;
  const childId = isEnd ? undefined : state.childId;
  return { ...state, childId, signals: [...state.signals, signal] };
}

/** Signals of this kind are the engine's own. */
export function isEngines(name: string): boolean {
  return name.startsWith('workflow.');
}

function contextChanged(
  state: ExistingWorkflow,
  { changes, removed = [], changedBy }: DataOf<'workflow.context-changed'>,
): ExistingWorkflow {
  const kept = Object.entries(state.context).filter(([name]) => !removed.includes(name));
  const context = { ...Object.fromEntries(kept), ...changes };
  const editors = state.editors.includes(changedBy) ? state.editors : [...state.editors, changedBy];
  return { ...state, context, editors };
}

/** Whoever sent what a transition was given is an editor from then on; a signal that it took is gone. */
function usedUp(
  state: ExistingWorkflow,
  taken: Pick<DataOf<'workflow.transitioned'>, 'input' | 'requester' | 'signalId'>,
): ExistingWorkflow {
  const editors = editorsAfter(state, taken);
  return { ...state, editors, signals: without(state, taken.signalId) };
}

/** Everybody who will have given a part of the context, or of what conditions saw, with an input. */
export function editorsAfter(
  { editors, signals }: ExistingWorkflow,
  {
    input,
    requester,
    signalId,
  }: Pick<DataOf<'workflow.transitioned'>, 'input' | 'requester' | 'signalId'>,
): readonly string[] {
  const signal = signals.find((kept) => kept.signalId === signalId);
  const senders = signal ? (signal.editors ?? []) : [requester ?? []].flat();
  const added = input === undefined ? [] : senders.filter((sender) => !editors.includes(sender));
  return added.length === 0 ? editors : [...editors, ...added];
}

function without({ signals }: ExistingWorkflow, signalId: string | undefined): readonly Signal[] {
  return signalId === undefined ? signals : signals.filter((kept) => kept.signalId !== signalId);
}

function otherIncidents({ incidents }: ExistingWorkflow, incidentId: string): OpenIncident[] {
  return incidents.filter((open) => open.incidentId !== incidentId);
}

/** Whether an instance can still do anything. */
export function isRunning(state: ExistingWorkflow): boolean {
  return state.status === 'DRAFT' || state.status === 'ACTIVE' || state.status === 'PAUSED';
}

/** @throws AppError `workflow.not-found`. */
export function existing(state: WorkflowState): ExistingWorkflow {
  if (state.kind === 'existing') return state;
  throw notFound('workflow.not-found', 'there is no such workflow');
}

/** @throws AppError `workflow.not-found`, `workflow.ended`. */
export function running(state: WorkflowState): ExistingWorkflow {
  const current = existing(state);
  if (isRunning(current)) return current;
  throw rule('workflow.ended', `the workflow is ${current.status} already`);
}
