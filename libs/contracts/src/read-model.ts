import type { JsonObject } from '@countersign/kernel';

import type {
  ApprovalDecisionRow,
  ApprovalLogRow,
  ApprovalRequestRow,
  DecisionJobItemRow,
  DecisionJobRow,
} from './read-model-approvals.js';
import type { FindingCounts, Provenance } from './template-version.js';

/**
 * The read tables, as the projector writes and the gateway reads them. All live in schema `public`;
 * `json` members are `jsonb`, times `timestamptz`.
 */
export interface ReadModel {
  workflow_instances: WorkflowInstanceRow;
  workflow_transitions: WorkflowTransitionRow;
  approval_requests: ApprovalRequestRow;
  approval_decisions: ApprovalDecisionRow;
  approval_log: ApprovalLogRow;
  decision_jobs: DecisionJobRow;
  decision_job_items: DecisionJobItemRow;
  templates: TemplateRow;
  definitions: DefinitionRow;
  triggers: TriggerRow;
  trigger_firings: TriggerFiringRow;
  incidents: IncidentRow;
  bulk_jobs: BulkJobRow;
  bulk_job_items: BulkJobItemRow;
  projection_checkpoint: ProjectionCheckpointRow;
  parked_streams: ParkedStreamRow;
}

export interface WorkflowInstanceRow {
  workflow_id: string;
  template: string;
  template_version: number;
  definition_hash: string;
  business_key: string | null;
  /** DRAFT, ACTIVE, PAUSED, COMPLETED, CANCELLED or FAILED. */
  status: string;
  state: string;
  context: JsonObject;
  /** `{event, from, to, sequence, approvalId, requester, requestedAt}` while an approval is open. */
  pending_transition: JsonObject | null;
  /** `{kind, from, to, reason, approvalId, requester, requestedAt}` while one waits for its approval. */
  intervention: JsonObject | null;
  /**
   * `{timers: [{kind, transition?, dueAt}], frozen?: [{kind, transition?, remainingMs}], stopped?: true}`: those that
   * run, those that a pause has stopped, and whether they stand still because of an incident.
   */
  timers: JsonObject;
  /** When the next of them is due; null when none runs or none may fire now. */
  due_at: Date | null;
  /** Signals that no transition has taken yet, oldest first; `sender` is null for the engine's own. */
  signals: {
    readonly signalId: string;
    readonly name: string;
    readonly sender: string | null;
    readonly sentAt: string;
    readonly expiresAt: string;
  }[];
  /** Those that are open. */
  incidents: {
    readonly incidentId: string;
    readonly code: string;
    readonly message: string;
    readonly raisedAt: string;
  }[];
  /** The instance that this one waits for. */
  child: { readonly workflowId: string; readonly template: string } | null;
  /** What approvals were to be like for this instance. */
  overrides: JsonObject | null;
  /** Fields of the context that the definition declares as indexed. */
  indexed: string[];
  /** Those of them that are text, numbers or booleans, as text. */
  search: JsonObject;
  /** The instance that waits for this one. */
  parent_id: string | null;
  /** Who ended it, and why if it was not the definition. */
  ended_by: string | null;
  end_reason: string | null;
  started_by: string;
  scope: string | null;
  /** Revision of the last event that is in this row. */
  revision: number;
  created_at: Date;
  updated_at: Date;
  ended_at: Date | null;
}

export interface WorkflowTransitionRow {
  workflow_id: string;
  /** From 1, in the order of the moves. */
  sequence: number;
  from_state: string;
  to_state: string;
  event: string;
  /** manual, automatic, after, signal, timeout, escalation, force, migration or reset. */
  trigger: string;
  actor: string;
  on_behalf_of: string | null;
  at: Date;
  reason: string | null;
  approval_id: string | null;
  /** granted or rejected, when an approval decided it. */
  approval_outcome: string | null;
  /** Who asked for it, when that is another one than who caused it. */
  requester: string | null;
  /** Those who granted or rejected its approval, in order. */
  decided_by: string[] | null;
  event_id: string;
  scope: string | null;
}

/** A version of a template, from its first draft on. */
export interface TemplateRow {
  name: string;
  version: number;
  /** DRAFT, IN_REVIEW, PUBLISHED or RETIRED. */
  status: string;
  title: string;
  description: string | null;
  definition_hash: string;
  /** Expression language that it was last checked with. */
  language: string;
  author: string;
  submitted_by: string | null;
  published_by: string | null;
  published_at: Date | null;
  /** Counts of the analysis when it was saved; null where it never was a draft. */
  findings: FindingCounts | null;
  /** What an imported file said of itself. */
  imported_from: Provenance | null;
  /** What people did, oldest first. */
  history: TemplateAction[];
  /** Revision of the last event that is in this row. */
  revision: number;
  created_at: Date;
  updated_at: Date;
}

export interface TemplateAction {
  /** saved, submitted, returned, published or retired. */
  readonly action: string;
  readonly by: string;
  /** RFC 3339. */
  readonly at: string;
  readonly comment: string | null;
}

/** Definitions by content hash: of templates, and of instances with overrides. */
export interface DefinitionRow {
  hash: string;
  definition: object;
}

export interface TriggerRow {
  trigger_id: string;
  name: string;
  /** MANUAL, SCHEDULED, EVENT or THRESHOLD. */
  type: string;
  /** ACTIVE, PAUSED or DELETED. */
  status: string;
  template: string;
  trigger: object;
  registered_by: string;
  registered_at: Date;
  /** Who changed its status last, why, and when. */
  changed_by: string;
  reason: string | null;
  updated_at: Date;
  /** Of a scheduled one that is active. */
  next_due: Date | null;
}

/** What became of a message, a time or an input under a trigger; once more when it is tried again. */
export interface TriggerFiringRow {
  firing_id: string;
  trigger_id: string;
  trigger: string;
  /** `TRADES:<sequence>:<nanoseconds>`, `schedule:<time>` or `manual:<command>`. */
  message_id: string;
  subject: string | null;
  /** started, ignored, signalled, paused, late, skipped or incident. */
  outcome: string;
  /** The one that was started, or that had the business key. */
  workflow_id: string | null;
  business_key: string | null;
  reason: string | null;
  scope: string | null;
  created_at: Date;
}

export interface IncidentRow {
  incident_id: string;
  /** dead-letter, trigger, workflow, approval or projection. */
  kind: string;
  /** OPEN or RESOLVED. */
  status: string;
  code: string;
  message: string;
  workflow_id: string | null;
  business_key: string | null;
  trigger: string | null;
  /** Where it came from: subject, stream, sequence and the like. */
  source: JsonObject;
  scope: string | null;
  created_at: Date;
  /** When it was raised last: later than `created_at` when it came back after a retry. */
  last_failed_at: Date;
  resolved_at: Date | null;
  resolved_by: string | null;
  /** `{resolution, outcomes}` of one that was tried again. */
  resolution: JsonObject | null;
}

export interface BulkJobRow {
  job_id: string;
  /** cancel, retry or migrate. */
  action: string;
  query: JsonObject;
  reason: string;
  requested_by: string;
  /** AWAITING_APPROVAL, RUNNING, STOPPING, COMPLETED, STOPPED or REJECTED. */
  status: string;
  count: number;
  done: number;
  skipped: number;
  refused: number;
  items_hash: string;
  /** `{template, fromVersions, templateVersion, definitionHash, states}` of a migration. */
  migration: JsonObject | null;
  approval_id: string | null;
  approvers: string[];
  /** Why it was stopped or rejected. */
  ended_reason: string | null;
  revision: number;
  created_at: Date;
  updated_at: Date;
  ended_at: Date | null;
}

export interface BulkJobItemRow {
  job_id: string;
  workflow_id: string;
  /** pending, done, skipped or refused. */
  result: string;
  code: string | null;
  message: string | null;
  processed_at: Date | null;
}

/** One row: how far the feed is in the tables of this schema. */
export interface ProjectionCheckpointRow {
  id: number;
  position: string | null;
  /** What the tables look like; see the projector's `shape.ts`. */
  shape: string;
  updated_at: Date;
}

/** Streams that the projector could not follow; their later events wait for a rebuild. */
export interface ParkedStreamRow {
  stream: string;
  revision: number;
  reason: string;
  parked_at: Date;
}

/** Core NATS subject on which the projector says how far it is: `{"position": "..."}`. */
export const PROJECTED_SUBJECT = 'hint.projected';

/** Core NATS subject on which writers hint that the feed has grown; the payload names the process. */
export const APPENDED_SUBJECT = 'hint.appended';
