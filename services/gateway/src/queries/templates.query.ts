import type { TemplateRow } from '@countersign/contracts';
import { invalid, notFound } from '@countersign/kernel';
import type { WorkflowDefinition } from '@countersign/state-machine';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

import { diffDefinitions } from './definition-diff.js';
import { anyCase, paging, Text, wholeNumber } from './parameters.js';
import type { ReadView } from './read-view.js';

export const TemplatesParameters = z.strictObject({
  status: anyCase(['DRAFT', 'IN_REVIEW', 'PUBLISHED', 'RETIRED']).optional(),
  author: Text.optional().describe('a person’s id, or `me`'),
  ...paging,
});
export const TemplateParameters = z.strictObject({
  version: wholeNumber(999_999).optional().describe('absent: the latest published one'),
});
export const DiffParameters = z.strictObject({
  from: wholeNumber(999_999).describe('the older version'),
  to: wholeNumber(999_999).describe('the newer version'),
});

/** Where a page ends: name and version. */
const Place = z.tuple([z.string(), z.int()]);

/** A version, and the definition that it has today. */
export interface StoredVersion {
  readonly row: TemplateRow;
  readonly definition: WorkflowDefinition;
}

/** Templates and their versions. */
@Injectable()
export class TemplatesQuery {
  /**
   * Without a status, the latest published version of each template, by name. With one, all versions that have
   * it, the newest of each template first.
   */
  async list(view: ReadView, parameters: z.output<typeof TemplatesParameters>) {
    const { status, author, limit: most, cursor } = parameters;
    let query = view
      .templates()
      .selectAll()
      .where('status', '=', status ?? 'PUBLISHED')
      .orderBy('name')
      .orderBy('version', 'desc');
    if (status === undefined) query = query.distinctOn('name');
    if (author !== undefined) {
      query = query.where('author', '=', author === 'me' ? view.caller.id : author);
    }
    if (cursor !== undefined) {
      const [name, version] = decode(cursor);
      query = query.where((where) =>
        where.or([
          where('name', '>', name),
          ...(status === undefined
            ? []
            : [where.and([where('name', '=', name), where('version', '<', version)])]),
        ]),
      );
    }
    const rows = await query.limit(most + 1).execute();
    const shown = rows.slice(0, most);
    const last = rows.length > most ? shown.at(-1) : undefined;
    return { items: shown.map(toItem), nextCursor: last ? encode(last) : null };
  }

  /** All versions of a template, the newest first. @throws AppError `template.not-found`. */
  async versions(view: ReadView, name: string): Promise<{ items: readonly object[] }> {
    const rows = await view
      .templates()
      .selectAll()
      .where('name', '=', name)
      .orderBy('version', 'desc')
      .execute();
    if (rows.length === 0) throw notFound('template.not-found', 'there is no such template');
    return { items: rows.map(toItem) };
  }

  /**
   * A version with its definition. When none is named, the latest published one; of a template that has none,
   * the newest. @throws AppError `template.not-found`.
   */
  async get(view: ReadView, name: string, version: number | undefined): Promise<object> {
    const { row, definition } = await this.load(view, name, version);
    return { ...toItem(row), importedFrom: row.imported_from, history: row.history, definition };
  }

  /** @throws AppError `template.not-found`. */
  async diff(
    view: ReadView,
    name: string,
    { from, to }: z.output<typeof DiffParameters>,
  ): Promise<object> {
    const [older, newer] = await Promise.all([
      this.load(view, name, from),
      this.load(view, name, to),
    ]);
    return { name, from, to, changes: diffDefinitions(older.definition, newer.definition) };
  }

  /** @throws AppError `template.not-found`. */
  async load(view: ReadView, name: string, version: number | undefined): Promise<StoredVersion> {
    let query = view.templates().selectAll().where('name', '=', name);
    if (version !== undefined) query = query.where('version', '=', version);
    const row = await query
      .orderBy((column) => column('status', '=', 'PUBLISHED'), 'desc')
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!row) throw notFound('template.not-found', 'there is no such template or version');
    const { definition } = await view
      .definitions()
      .select('definition')
      .where('hash', '=', row.definition_hash)
      .executeTakeFirstOrThrow();
    return { row, definition: definition as WorkflowDefinition };
  }
}

function toItem(row: TemplateRow) {
  const others = row.history.filter(({ action }) => ['returned', 'published'].includes(action));
  return {
    name: row.name,
    version: row.version,
    status: row.status,
    title: row.title,
    description: row.description,
    definitionHash: row.definition_hash,
    language: row.language,
    author: row.author,
    submittedBy: row.submitted_by,
    reviewers: [...new Set(others.map(({ by }) => by))],
    publishedBy: row.published_by,
    publishedAt: row.published_at,
    findings: row.findings,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function encode({ name, version }: TemplateRow): string {
  return Buffer.from(JSON.stringify([name, version])).toString('base64url');
}

/** @throws AppError `query.bad-cursor`. */
function decode(cursor: string): z.output<typeof Place> {
  try {
    return Place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw invalid('query.bad-cursor', 'not a cursor as a list gave it', { cause });
  }
}
