/**
 * The read tables, in a schema of the caller's choice: `public` for those in use, another one for a
 * rebuild beside them. `scope` is what decides who may see a row, such as a desk. Whoever changes something
 * here adds one to the number in `shape.ts`: it says how.
 */
export const readTables = (schema: string): string => `
CREATE TABLE IF NOT EXISTS ${schema}.workflow_instances (
  workflow_id uuid PRIMARY KEY,
  template text NOT NULL,
  template_version integer NOT NULL,
  definition_hash text NOT NULL,
  business_key text,
  status text NOT NULL,
  state text NOT NULL,
  context jsonb NOT NULL,
  pending_transition jsonb,
  intervention jsonb,
  timers jsonb NOT NULL,
  signals jsonb NOT NULL,
  incidents jsonb NOT NULL,
  child jsonb,
  overrides jsonb,
  due_at timestamptz,
  indexed text[] NOT NULL,
  search jsonb NOT NULL,
  parent_id uuid,
  ended_by text,
  end_reason text,
  started_by text NOT NULL,
  scope text,
  revision integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX IF NOT EXISTS workflow_instances_newest
  ON ${schema}.workflow_instances (created_at DESC, workflow_id DESC);
CREATE INDEX IF NOT EXISTS workflow_instances_business_key
  ON ${schema}.workflow_instances (business_key) WHERE business_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS workflow_instances_running
  ON ${schema}.workflow_instances (template, state) WHERE ended_at IS NULL;
CREATE INDEX IF NOT EXISTS workflow_instances_due
  ON ${schema}.workflow_instances (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS workflow_instances_search
  ON ${schema}.workflow_instances USING gin (search jsonb_path_ops);
CREATE INDEX IF NOT EXISTS workflow_instances_parent
  ON ${schema}.workflow_instances (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS ${schema}.workflow_transitions (
  workflow_id uuid NOT NULL,
  sequence integer NOT NULL,
  from_state text NOT NULL,
  to_state text NOT NULL,
  event text NOT NULL,
  trigger text NOT NULL,
  actor text NOT NULL,
  on_behalf_of text,
  at timestamptz NOT NULL,
  reason text,
  approval_id uuid,
  approval_outcome text,
  requester text,
  decided_by text[],
  event_id uuid NOT NULL,
  scope text,
  PRIMARY KEY (workflow_id, sequence)
);

CREATE TABLE IF NOT EXISTS ${schema}.approval_requests (
  approval_id uuid PRIMARY KEY,
  workflow_id uuid,
  bulk_job_id uuid,
  template text,
  business_key text,
  requester text NOT NULL,
  editors text[] NOT NULL,
  ad_hoc boolean NOT NULL,
  reason text,
  status text NOT NULL,
  level text NOT NULL,
  stage integer NOT NULL,
  stage_name text,
  required integer NOT NULL,
  given integer NOT NULL,
  stages jsonb NOT NULL,
  policy jsonb NOT NULL,
  approvers text[] NOT NULL,
  within jsonb NOT NULL,
  escalations jsonb NOT NULL,
  escalated text[] NOT NULL,
  votes jsonb NOT NULL,
  voters text[] NOT NULL,
  excluded text[] NOT NULL,
  subject jsonb NOT NULL,
  subject_hash text NOT NULL,
  deadlines jsonb NOT NULL,
  due_at timestamptz,
  frozen boolean NOT NULL,
  claimed_by text,
  incidents jsonb NOT NULL,
  review text,
  overridden_by text,
  ended_by text,
  end_reason text,
  scope text,
  revision integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX IF NOT EXISTS approval_requests_newest
  ON ${schema}.approval_requests (created_at DESC, approval_id DESC);
CREATE INDEX IF NOT EXISTS approval_requests_open
  ON ${schema}.approval_requests (created_at DESC, approval_id DESC) WHERE ended_at IS NULL;
CREATE INDEX IF NOT EXISTS approval_requests_workflow
  ON ${schema}.approval_requests (workflow_id);
CREATE INDEX IF NOT EXISTS approval_requests_requester
  ON ${schema}.approval_requests (requester, created_at DESC);
CREATE INDEX IF NOT EXISTS approval_requests_due
  ON ${schema}.approval_requests (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS approval_requests_ended
  ON ${schema}.approval_requests (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS approval_requests_reviewed
  ON ${schema}.approval_requests (created_at DESC, approval_id DESC) WHERE review IS NOT NULL;

CREATE TABLE IF NOT EXISTS ${schema}.approval_decisions (
  decision_id uuid PRIMARY KEY,
  approval_id uuid NOT NULL,
  stage integer NOT NULL,
  approver text NOT NULL,
  on_behalf_of text,
  delegations text[] NOT NULL,
  action text NOT NULL,
  reason text NOT NULL,
  qualified_by text NOT NULL,
  signature jsonb,
  subject jsonb,
  subject_hash text NOT NULL,
  status text NOT NULL,
  void_at timestamptz,
  at timestamptz NOT NULL,
  scope text
);
CREATE INDEX IF NOT EXISTS approval_decisions_approval
  ON ${schema}.approval_decisions (approval_id, at);
CREATE INDEX IF NOT EXISTS approval_decisions_at
  ON ${schema}.approval_decisions (at);

CREATE TABLE IF NOT EXISTS ${schema}.approval_log (
  approval_id uuid NOT NULL,
  revision integer NOT NULL,
  kind text NOT NULL,
  actor text NOT NULL,
  at timestamptz NOT NULL,
  data jsonb NOT NULL,
  scope text,
  PRIMARY KEY (approval_id, revision)
);
CREATE INDEX IF NOT EXISTS approval_log_openings
  ON ${schema}.approval_log (approval_id, at)
  WHERE kind IN ('stage-completed', 'subject-changed');
CREATE INDEX IF NOT EXISTS approval_log_exceptions
  ON ${schema}.approval_log (kind, at)
  WHERE kind IN ('overridden', 'decision-refused', 'escalated', 'timed-out');

CREATE TABLE IF NOT EXISTS ${schema}.decision_jobs (
  job_id uuid PRIMARY KEY,
  requester text NOT NULL,
  action text NOT NULL,
  reason text NOT NULL,
  on_behalf_of text,
  status text NOT NULL,
  count integer NOT NULL,
  decided integer NOT NULL,
  refused integer NOT NULL,
  revision integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX IF NOT EXISTS decision_jobs_of
  ON ${schema}.decision_jobs (requester, created_at DESC, job_id DESC);
CREATE INDEX IF NOT EXISTS decision_jobs_open
  ON ${schema}.decision_jobs (created_at) WHERE ended_at IS NULL;

CREATE TABLE IF NOT EXISTS ${schema}.decision_job_items (
  job_id uuid NOT NULL,
  approval_id uuid NOT NULL,
  result text NOT NULL,
  code text,
  message text,
  processed_at timestamptz,
  PRIMARY KEY (job_id, approval_id)
);

CREATE TABLE IF NOT EXISTS ${schema}.templates (
  name text NOT NULL,
  version integer NOT NULL,
  status text NOT NULL,
  title text NOT NULL,
  description text,
  definition_hash text NOT NULL,
  language text NOT NULL,
  author text NOT NULL,
  submitted_by text,
  published_by text,
  published_at timestamptz,
  findings jsonb,
  imported_from jsonb,
  history jsonb NOT NULL,
  revision integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (name, version)
);

CREATE TABLE IF NOT EXISTS ${schema}.definitions (
  hash text PRIMARY KEY,
  definition jsonb NOT NULL
);

CREATE TABLE IF NOT EXISTS ${schema}.triggers (
  trigger_id uuid PRIMARY KEY,
  name text NOT NULL,
  type text NOT NULL,
  status text NOT NULL,
  template text NOT NULL,
  trigger jsonb NOT NULL,
  registered_by text NOT NULL,
  registered_at timestamptz NOT NULL,
  changed_by text NOT NULL,
  reason text,
  updated_at timestamptz NOT NULL,
  next_due timestamptz
);

CREATE TABLE IF NOT EXISTS ${schema}.trigger_firings (
  firing_id uuid PRIMARY KEY,
  trigger_id uuid NOT NULL,
  trigger text NOT NULL,
  message_id text NOT NULL,
  subject text,
  outcome text NOT NULL,
  workflow_id uuid,
  business_key text,
  reason text,
  scope text,
  created_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS trigger_firings_newest
  ON ${schema}.trigger_firings (trigger_id, created_at DESC, firing_id DESC);

CREATE TABLE IF NOT EXISTS ${schema}.incidents (
  incident_id uuid PRIMARY KEY,
  kind text NOT NULL,
  status text NOT NULL,
  code text NOT NULL,
  message text NOT NULL,
  workflow_id uuid,
  business_key text,
  trigger text,
  source jsonb NOT NULL,
  scope text,
  created_at timestamptz NOT NULL,
  last_failed_at timestamptz NOT NULL,
  resolved_at timestamptz,
  resolved_by text,
  resolution jsonb
);
CREATE INDEX IF NOT EXISTS incidents_newest
  ON ${schema}.incidents (created_at DESC, incident_id DESC);

CREATE INDEX IF NOT EXISTS incidents_workflow
  ON ${schema}.incidents (workflow_id) WHERE workflow_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS ${schema}.bulk_jobs (
  job_id uuid PRIMARY KEY,
  action text NOT NULL,
  query jsonb NOT NULL,
  reason text NOT NULL,
  requested_by text NOT NULL,
  status text NOT NULL,
  count integer NOT NULL,
  done integer NOT NULL,
  skipped integer NOT NULL,
  refused integer NOT NULL,
  items_hash text NOT NULL,
  migration jsonb,
  approval_id uuid,
  approvers text[] NOT NULL,
  ended_reason text,
  revision integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX IF NOT EXISTS bulk_jobs_newest
  ON ${schema}.bulk_jobs (created_at DESC, job_id DESC);
CREATE INDEX IF NOT EXISTS bulk_jobs_open
  ON ${schema}.bulk_jobs (created_at) WHERE ended_at IS NULL;

CREATE TABLE IF NOT EXISTS ${schema}.bulk_job_items (
  job_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  result text NOT NULL,
  code text,
  message text,
  processed_at timestamptz,
  PRIMARY KEY (job_id, workflow_id)
);

CREATE TABLE IF NOT EXISTS ${schema}.parked_streams (
  stream text PRIMARY KEY,
  revision integer NOT NULL,
  reason text NOT NULL,
  parked_at timestamptz NOT NULL
);

CREATE TABLE IF NOT EXISTS ${schema}.projection_checkpoint (
  id integer PRIMARY KEY CHECK (id = 1),
  position text,
  shape text NOT NULL,
  updated_at timestamptz NOT NULL
);
`;
