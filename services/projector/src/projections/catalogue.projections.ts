import type { DefinitionEvent, TemplateEvent, TriggerEvent } from '@countersign/contracts';

import type { Projection } from './projection.js';

export const templates: Projection<'templates'> = {
  table: 'templates',
  key: ['name', 'version'],
  categories: ['template'],
  folds: false,
  keyOf({ event }) {
    const { data } = event as TemplateEvent;
    return `${data.name}/${data.version}`;
  },
  project({ event, stored }) {
    const { name, version, definition, definitionHash } = (event as TemplateEvent).data;
    return {
      name,
      version,
      title: definition.title ?? name,
      description: definition.description ?? null,
      definition_hash: definitionHash,
      published_by: stored.metadata.actor,
      published_at: stored.metadata.recordedAt,
    };
  },
};

/** Every definition once, whether a template or an instance with overrides brought it. */
export const definitions: Projection<'definitions'> = {
  table: 'definitions',
  key: ['hash'],
  categories: ['template', 'definition'],
  folds: false,
  keyOf({ event }) {
    const { data } = event as TemplateEvent | DefinitionEvent;
    return 'hash' in data ? data.hash : data.definitionHash;
  },
  project({ event }) {
    const { data } = event as TemplateEvent | DefinitionEvent;
    return {
      hash: 'hash' in data ? data.hash : data.definitionHash,
      definition: data.definition,
    };
  },
};

type TriggerRegistered = Extract<TriggerEvent, { type: 'trigger.registered' }>;

export const triggers: Projection<'triggers'> = {
  table: 'triggers',
  key: ['trigger_id'],
  categories: ['trigger'],
  folds: false,
  keyOf: ({ event }) => (event as TriggerEvent).data.triggerId,
  project({ event, stored }) {
    const { triggerId, trigger } = (event as TriggerRegistered).data;
    return {
      trigger_id: triggerId,
      name: trigger.name,
      type: trigger.type,
      trigger,
      registered_at: stored.metadata.recordedAt,
    };
  },
};
