import type { DefinitionEvent, DomainEvent, TemplateEvent } from '@countersign/contracts';

import type { Projection, RowOf } from './projection.js';

/** Every definition once, whether a template, a draft of one or an instance with overrides brought it. */
export const definitions: Projection<'definitions'> = {
  table: 'definitions',
  key: ['hash'],
  categories: ['template', 'definition'],
  folds: false,
  keyOf: ({ event }) => definitionIn(event)?.hash,
  project({ event }) {
    const row = definitionIn(event);
    if (!row) throw new TypeError(`${event.type} brings no definition`);
    return row;
  },
};

function definitionIn(event: DomainEvent): RowOf<'definitions'> | undefined {
  const { type, data } = event as TemplateEvent | DefinitionEvent;
  switch (type) {
    case 'definition.stored':
      return { hash: data.hash, definition: data.definition };
    case 'template.draft-saved':
    case 'template.version-published':
      return { hash: data.definitionHash, definition: data.definition };
    default:
      return undefined;
  }
}
