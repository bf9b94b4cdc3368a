import { type BulkQuery, MAX_BULK_ITEMS } from '@countersign/contracts';
import type { JsonObject } from '@countersign/kernel';
import { PLATFORM, type Platform } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

/** Instances that a preview shows. */
const SAMPLE = 20;

interface Frozen {
  readonly workflow_id: string;
  readonly state: string;
  readonly template_version: number;
  readonly started_by: string;
}

interface Sample {
  readonly workflow_id: string;
  readonly business_key: string | null;
  readonly state: string;
  readonly context: JsonObject;
  readonly definition_hash: string;
}

const MATCHING = `
  FROM public.workflow_instances
  WHERE ended_at IS NULL
    AND ($1::text IS NULL OR status = $1)
    AND ($2::text IS NULL OR template = $2)
    AND ($3::text IS NULL OR state = $3)
    AND ($4::text IS NULL OR business_key = $4)
    AND ($5::jsonb IS NULL OR search @> $5)
    AND ($6::text[] IS NULL OR scope = ANY($6))`;

/** The running instances that a query means, as far as whoever asks may see them. Read tables: a moment old. */
@Injectable()
export class MatchingInstances {
  constructor(@Inject(PLATFORM) private readonly platform: Platform) {}

  /** All of them, in one statement; one more than a job may hold when there are too many. */
  async freeze(query: BulkQuery, scopes: readonly string[] | null): Promise<Frozen[]> {
    const text = `SELECT workflow_id, state, template_version, started_by ${MATCHING}
                  ORDER BY workflow_id LIMIT ${MAX_BULK_ITEMS + 1}`;
    const values = valuesOf(query, scopes);
    return (await this.platform.pool.query<Frozen>(text, values)).rows;
  }

  /** Some of them, spread over their states. */
  async sample(query: BulkQuery, scopes: readonly string[] | null): Promise<Sample[]> {
    const text = `
      SELECT workflow_id, business_key, state, context, definition_hash FROM (
        SELECT workflow_id, business_key, state, context, definition_hash,
          row_number() OVER (PARTITION BY state ORDER BY created_at DESC, workflow_id) AS nth
        ${MATCHING}
      ) AS of_state ORDER BY nth, state, workflow_id LIMIT ${SAMPLE}`;
    return (await this.platform.pool.query<Sample>(text, valuesOf(query, scopes))).rows;
  }
}

function valuesOf(query: BulkQuery, scopes: readonly string[] | null): unknown[] {
  const { status, template, state, businessKey, context } = query;
  // Fields are kept as text, so that a query need not know their type.
  const fields = Object.entries(context ?? {}).map(([name, value]) => [name, String(value)]);
  const search = fields.length === 0 ? null : JSON.stringify(Object.fromEntries(fields));
  return [status ?? null, template ?? null, state ?? null, businessKey ?? null, search, scopes];
}
