import { WorkflowDefinition } from '@countersign/state-machine/schemas';
import { z } from 'zod';

import { Name, Position, Reason, Sha256 } from '../scalars.js';
import { FindingCounts, Provenance, TemplateFinding, TemplateStatus } from '../template-version.js';
import { defineCommand } from './command-type.js';

/** A published version of a template. */
export const TemplateVersion = z.object({
  name: Name,
  version: z.int().positive(),
  definition: WorkflowDefinition,
  definitionHash: Sha256,
  language: z.string(),
});
export type TemplateVersion = z.infer<typeof TemplateVersion>;

const versionNumber = z.int().positive().max(999_999);
const ofVersion = { name: Name, version: versionNumber };

/** Where a version stands after a command. */
export const TemplateReply = z.object({
  name: Name,
  version: z.int().positive(),
  status: TemplateStatus,
  definitionHash: Sha256,
  position: Position,
});
export type TemplateReply = z.infer<typeof TemplateReply>;

export const SubmitTemplateBody = z.strictObject({ comment: Reason.optional() });
export const ReturnTemplateBody = z.strictObject({ reason: Reason });
export const PublishTemplateBody = z.strictObject({
  comment: Reason.optional(),
  definitionHash: Sha256.optional().describe(
    'of the definition that the reviewer was shown: when it is not that any more, nothing happens; needed once the version was submitted more than once',
  ),
});
export const RetireTemplateBody = z.strictObject({ reason: Reason.optional() });

/** Saves a draft: the author's present one with other content, or a new version. */
export const SaveTemplateDraft = defineCommand(
  'template',
  'save-draft',
  z.strictObject({ definition: WorkflowDefinition, importedFrom: Provenance.optional() }),
  TemplateReply.extend({ findings: FindingCounts }),
);

export const SubmitTemplate = defineCommand(
  'template',
  'submit',
  SubmitTemplateBody.extend(ofVersion),
  TemplateReply,
);

export const ReturnTemplate = defineCommand(
  'template',
  'return',
  ReturnTemplateBody.extend(ofVersion),
  TemplateReply,
);

export const PublishTemplate = defineCommand(
  'template',
  'publish',
  PublishTemplateBody.extend(ofVersion),
  TemplateReply,
);

export const RetireTemplate = defineCommand(
  'template',
  'retire',
  RetireTemplateBody.extend(ofVersion),
  TemplateReply,
);

/** What the analysis finds in a definition; nothing is saved. */
export const ValidateTemplate = defineCommand(
  'template',
  'validate',
  z.strictObject({ definition: WorkflowDefinition }),
  z.object({ findings: z.array(TemplateFinding).readonly() }),
);

/** The latest published version, or the published one named. */
export const ResolveTemplate = defineCommand(
  'template',
  'resolve',
  z.strictObject({ name: Name, version: versionNumber.optional() }),
  TemplateVersion,
);
