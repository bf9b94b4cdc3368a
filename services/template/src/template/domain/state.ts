import type { TemplateEvent, TemplateStatus, TemplateVersion } from '@countersign/contracts';
import type { Aggregate } from '@countersign/kernel';

/** One version, from its first draft on. */
export interface VersionState extends TemplateVersion {
  readonly status: TemplateStatus;
  /** Who wrote the draft; absent where there was none, as with the templates that come with the product. */
  readonly author?: string;
  /** Who said that it is ready for review, each time: more than one when it was sent back in between. */
  readonly submitters: readonly string[];
}

/** All versions, oldest first; version n stands at index n - 1. */
export interface TemplateState {
  readonly versions: readonly VersionState[];
}

export const templateAggregate: Aggregate<TemplateState, TemplateEvent> = {
  category: 'template',
  initialState: { versions: [] },
  evolve({ versions }, event) {
    const index = event.data.version - 1;
    const next = evolveVersion(versions[index], event);
    return { versions: [...versions.slice(0, index), ...next, ...versions.slice(index + 1)] };
  },
};

/** The version after the event; none when the event is about a version that was never saved. */
function evolveVersion(
  version: VersionState | undefined,
  { type, data }: TemplateEvent,
): readonly VersionState[] {
  const { submitters = [] } = version ?? {};
  switch (type) {
    case 'template.draft-saved':
      return [{ ...contentOf(data), status: 'DRAFT', author: data.author, submitters }];
    case 'template.version-published':
      return [{ ...version, ...contentOf(data), status: 'PUBLISHED', submitters }];
    case 'template.version-submitted': {
      if (!version) return [];
      return [{ ...version, status: 'IN_REVIEW', submitters: [...submitters, data.submittedBy] }];
    }
    case 'template.version-returned':
      return version ? [{ ...version, status: 'DRAFT' }] : [];
    case 'template.version-retired':
      return version ? [{ ...version, status: 'RETIRED' }] : [];
  }
}

function contentOf(data: TemplateVersion): TemplateVersion {
  const { name, version, definition, definitionHash, language } = data;
  return { name, version, definition, definitionHash, language };
}
