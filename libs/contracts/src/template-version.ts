import { z } from 'zod';

import { Name, Sha256 } from './scalars.js';

/** Where a version of a template stands. A retired one is started no more; instances pinned to it go on. */
export const TemplateStatus = z.enum(['DRAFT', 'IN_REVIEW', 'PUBLISHED', 'RETIRED']);
export type TemplateStatus = z.infer<typeof TemplateStatus>;

/** One thing that is wrong or doubtful about a definition; see `Finding` of the state machine library. */
export const TemplateFinding = z.object({
  code: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  /** JSON pointer into the definition. */
  path: z.string(),
  message: z.string(),
  /** A way through the definition that shows it. */
  counterexample: z
    .array(
      z.object({
        from: z.string(),
        to: z.string(),
        event: z.string(),
        by: z.string(),
        approval: z.string().optional(),
      }),
    )
    .readonly()
    .optional(),
});
export type TemplateFinding = z.infer<typeof TemplateFinding>;

/** How many findings of each severity there were. */
export const FindingCounts = z.strictObject({
  errors: z.int().nonnegative(),
  warnings: z.int().nonnegative(),
  infos: z.int().nonnegative(),
});
export type FindingCounts = z.infer<typeof FindingCounts>;

/** Where an imported definition says that it comes from. Nobody vouches for it but its file. */
export const Provenance = z.strictObject({
  name: Name,
  version: z.int().positive(),
  status: TemplateStatus,
  definitionHash: Sha256,
  author: z.string().min(1).max(200),
  publishedBy: z.string().min(1).max(200).nullable(),
  /** RFC 3339. */
  publishedAt: z.iso.datetime().nullable(),
});
export type Provenance = z.infer<typeof Provenance>;
