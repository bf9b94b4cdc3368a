import { Name, Sha256, type TemplateRow } from '@countersign/contracts';
import { notFound } from '@countersign/kernel';
import { WorkflowDefinition } from '@countersign/state-machine';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

import { itemsOf, Timestamp, wholeNumber } from './parameters.js';
import type { ReadView } from './read-view.js';

export const TemplateParameters = z.strictObject({
  version: wholeNumber(999_999).optional().describe('absent: the latest'),
});

const TemplateItem = z.object({
  name: Name,
  version: z.int().positive(),
  title: z.string(),
  description: z.string().nullable(),
  definitionHash: Sha256,
  publishedBy: z.string(),
  publishedAt: Timestamp,
});

export const TemplateList = itemsOf(TemplateItem);
export const TemplateDetail = TemplateItem.extend({ definition: WorkflowDefinition });

/** Published templates. */
@Injectable()
export class TemplatesQuery {
  /** The latest version of each, by name. */
  async list(view: ReadView): Promise<{ items: readonly object[] }> {
    const rows = await view
      .templates()
      .distinctOn('name')
      .selectAll()
      .orderBy('name')
      .orderBy('version', 'desc')
      .execute();
    return { items: rows.map(toItem) };
  }

  /** A version with its definition; the latest when none is named. @throws AppError `template.not-found`. */
  async get(view: ReadView, name: string, version: number | undefined): Promise<object> {
    let query = view.templates().selectAll().where('name', '=', name);
    if (version !== undefined) query = query.where('version', '=', version);
    const row = await query.orderBy('version', 'desc').limit(1).executeTakeFirst();
    if (!row) throw notFound('template.not-found', 'there is no such template or version');
    const { definition } = await view
      .definitions()
      .select('definition')
      .where('hash', '=', row.definition_hash)
      .executeTakeFirstOrThrow();
    return { ...toItem(row), definition };
  }
}

function toItem(row: TemplateRow) {
  return {
    name: row.name,
    version: row.version,
    title: row.title,
    description: row.description,
    definitionHash: row.definition_hash,
    publishedBy: row.published_by,
    publishedAt: row.published_at,
  };
}
