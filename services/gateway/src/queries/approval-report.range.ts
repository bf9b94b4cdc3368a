import { type RawBuilder, sql } from 'kysely';

import { MOST } from './approval-report.replies.js';
import type { Moment } from './read-view.js';

/** What a report is about. */
export interface Range {
  /** Inclusive. */
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
  readonly now: Date;
  readonly template: string | undefined;
  readonly person: string | undefined;
  readonly minimum: number;
}

type Condition = RawBuilder<boolean>;

/** Whether a time is in the range. */
export const within = ({ from, to }: Range, column: string): Condition =>
  sql<boolean>`${sql.ref(column)} >= ${from} AND ${sql.ref(column)} < ${to}`;

/** Whether the person is one of these expressions; true when the report is about everybody. */
export function isOneOf({ person }: Range, ...people: readonly RawBuilder<unknown>[]): Condition {
  return person === undefined ? sql`true` : sql`${person}::text IN (${sql.join(people)})`;
}

/** The approvals that the report is about, whoever has to do with them. */
export function approvalsOf({ approvals }: Moment, { template }: Range) {
  return template === undefined ? approvals : approvals.where('template', '=', template);
}

/** Those of them that the person asked for, edited, decided or overrode. */
export function approvalsWith(moment: Moment, range: Range) {
  const { person } = range;
  const approvals = approvalsOf(moment, range);
  if (person === undefined) return approvals;
  return approvals.where(
    sql<boolean>`(${person}::text IN (requester, overridden_by) OR ${person} = ANY (editors || voters))`,
  );
}

/** Decisions of the range that count, neither revoked nor void. */
export const counted = (moment: Moment, range: Range) =>
  moment.decisions.where('status', '=', 'COUNTED').where(within(range, 'at'));

/** What an item of a list says about its approval `a`. */
export const about = sql`a.approval_id AS "approvalId", a.template, a.business_key AS "businessKey", a.requester`;

/** Parts a row into what a list shows and what it says about the whole. */
export function listFrom<Item extends object>(
  rows: readonly (Item & { readonly total: number })[],
): { items: Omit<Item, 'total'>[]; total: number; truncated: boolean } {
  const total = rows[0]?.total ?? 0;
  const items = rows.map(({ total: _, ...item }) => item);
  return { items, total, truncated: total > MOST };
}
