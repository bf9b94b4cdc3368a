import type { TemplateEvent, TemplateVersion } from '@countersign/contracts';
import type { Aggregate } from '@countersign/kernel';

/** All published versions, oldest first; version n stands at index n - 1. */
export interface TemplateState {
  readonly versions: readonly TemplateVersion[];
}

export const templateAggregate: Aggregate<TemplateState, TemplateEvent> = {
  category: 'template',
  initialState: { versions: [] },
  evolve: (state, event) => ({ versions: [...state.versions, event.data] }),
};
