import { WorkflowDefinition } from '@countersign/state-machine/schemas';
import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { Name, RecordedReason, Sha256 } from '../scalars.js';
import { FindingCounts, Provenance } from '../template-version.js';

const version = { name: Name, version: z.int().positive() };

const content = {
  ...version,
  definition: WorkflowDefinition,
  definitionHash: Sha256,
  /** Expression language that the definition was checked with. */
  language: z.string(),
};

/** A new draft, or other content of one that its author had. */
export const TemplateDraftSaved = defineEvent('template.draft-saved', {
  ...content,
  author: z.string(),
  /** Of the analysis when it was saved; publishing analyses again. */
  findings: FindingCounts,
  importedFrom: Provenance.optional(),
});

/** A draft stands as it is from now on, for others to review. */
export const TemplateVersionSubmitted = defineEvent('template.version-submitted', {
  ...version,
  definitionHash: Sha256,
  submittedBy: z.string(),
  comment: RecordedReason.optional(),
});

/** A version under review is a draft again. */
export const TemplateVersionReturned = defineEvent('template.version-returned', {
  ...version,
  returnedBy: z.string(),
  reason: RecordedReason,
});

/** An immutable version of a template may be started from now on. */
export const TemplateVersionPublished = defineEvent('template.version-published', {
  ...content,
  /** The hash that the reviewer named as what they had looked at: the same as `definitionHash`. */
  shownHash: Sha256.optional(),
  comment: RecordedReason.optional(),
});

/** A published version is started no more. */
export const TemplateVersionRetired = defineEvent('template.version-retired', {
  ...version,
  retiredBy: z.string(),
  reason: RecordedReason.optional(),
});

export const templateEvents = [
  TemplateDraftSaved,
  TemplateVersionSubmitted,
  TemplateVersionReturned,
  TemplateVersionPublished,
  TemplateVersionRetired,
] as const;
export type TemplateEvent = EventOf<typeof templateEvents>;
