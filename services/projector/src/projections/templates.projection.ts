import type { TemplateEvent } from '@countersign/contracts';

import { present, type ProjectedEvent, type Projection, type RowOf } from './projection.js';

type Row = RowOf<'templates'>;
type Content = Extract<
  TemplateEvent,
  { type: 'template.draft-saved' | 'template.version-published' }
>['data'];

/** Every version of every template, from its first draft on, with what people said about it. */
export const templates: Projection<'templates'> = {
  table: 'templates',
  key: ['name', 'version'],
  categories: ['template'],
  folds: true,
  keyOf: ({ event }) => keyOf((event as TemplateEvent).data),
  keysOfStored: ({ data }) => [keyOf(data)],
  project(projected, current) {
    const event = projected.event as TemplateEvent;
    const { revision, metadata } = projected.stored;
    const row = current ?? begun(projected);
    return { ...row, ...change(event, row, projected), revision, updated_at: metadata.recordedAt };
  },
};

const keyOf = ({ name, version }: { readonly name?: unknown; readonly version?: unknown }) =>
  `${String(name)}/${String(version)}`;

/** A version begins as somebody's draft, or as one that comes with the product. */
function begun(projected: ProjectedEvent): Row {
  const { type, data } = projected.event as TemplateEvent;
  if (type !== 'template.draft-saved' && type !== 'template.version-published') {
    return present<Row>(undefined, projected);
  }
  const { actor, recordedAt } = projected.stored.metadata;
  return {
    ...content(data),
    name: data.name,
    version: data.version,
    status: 'DRAFT',
    author: actor,
    submitted_by: null,
    published_by: null,
    published_at: null,
    findings: null,
    imported_from: null,
    history: [],
    revision: projected.stored.revision,
    created_at: recordedAt,
    updated_at: recordedAt,
  };
}

function change({ type, data }: TemplateEvent, row: Row, { stored }: ProjectedEvent): Partial<Row> {
  const { actor: by, recordedAt: at } = stored.metadata;
  const did = (action: string, comment?: string) => {
    const last = row.history.at(-1);
    // An author who saves again and again is one line.
    const again = action === 'saved' && last?.action === 'saved';
    const before = again ? row.history.slice(0, -1) : row.history;
    return { history: [...before, { action, by, at, comment: comment ?? null }] };
  };
  switch (type) {
    case 'template.draft-saved': {
      const { findings, importedFrom: from } = data;
      return { ...content(data), findings, imported_from: from ?? null, ...did('saved') };
    }
    case 'template.version-submitted':
      return { status: 'IN_REVIEW', submitted_by: by, ...did('submitted', data.comment) };
    case 'template.version-returned':
      return { status: 'DRAFT', submitted_by: null, ...did('returned', data.reason) };
    case 'template.version-published':
      return {
        ...content(data),
        status: 'PUBLISHED',
        published_by: by,
        published_at: at,
        ...did('published', data.comment),
      };
    case 'template.version-retired':
      return { status: 'RETIRED', ...did('retired', data.reason) };
  }
}

function content({ name, definition, definitionHash, language }: Content) {
  return {
    title: definition.title ?? name,
    description: definition.description ?? null,
    definition_hash: definitionHash,
    language,
  };
}
