import { JsonValue, Provenance } from '@countersign/contracts';
import { hashOf, invalid, parseInput } from '@countersign/kernel';
import type { WorkflowDefinition } from '@countersign/state-machine';
import { z } from 'zod';

import type { StoredVersion } from '../queries/templates.query.js';
import { definitionOf } from './definition-body.js';

const FORMAT = 'countersign-template';

/** An exported version. */
export const TemplateFile = z.strictObject({
  format: z.literal(FORMAT),
  formatVersion: z.literal(1),
  definition: JsonValue,
  provenance: Provenance,
});

/** A version as a file, which another installation can import. */
export function toTemplateFile({ row, definition }: StoredVersion): z.input<typeof TemplateFile> {
  return {
    format: FORMAT,
    formatVersion: 1,
    definition: definition as z.input<typeof TemplateFile>['definition'],
    provenance: {
      name: row.name,
      version: row.version,
      status: row.status as Provenance['status'],
      definitionHash: row.definition_hash,
      author: row.author,
      publishedBy: row.published_by,
      publishedAt: row.published_at?.toISOString() ?? null,
    },
  };
}

/**
 * What a file holds that was exported here or elsewhere. Its provenance is its own word: the hash proves that
 * the definition is the one that it speaks of, nothing proves who published it.
 *
 * @throws AppError `invalid` `template-file.malformed`; `template-file.hash-mismatch`; what `definitionOf` throws.
 */
export function readTemplateFile(body: unknown): {
  definition: WorkflowDefinition;
  importedFrom: Provenance;
} {
  const { definition, provenance } = parseInput(TemplateFile, body, 'template-file.malformed');
  if (hashOf(definition) !== provenance.definitionHash) {
    throw invalid(
      'template-file.hash-mismatch',
      '/definition: is not the one that /provenance/definitionHash names',
    );
  }
  return { definition: definitionOf(definition), importedFrom: provenance };
}
