import type { WorkflowDefinition } from '../definition.js';
import { mermaidOf } from '../mermaid.js';
import type { Unmapped } from './unmapped.js';
import { OURS_ALONE, unmappedMembers } from './unmapped-members.js';

const none = 'a diagram does nothing';

/**
 * A definition as a Mermaid state diagram that `fromMermaid` can read back, up to what `unmapped` names (places in
 * the definition). Approvals are drawn, by their level, but not read back.
 */
export function toMermaid(definition: WorkflowDefinition): {
  text: string;
  unmapped: readonly Unmapped[];
} {
  const unmapped = unmappedMembers(definition, {
    definition: { ...OURS_ALONE, description: 'a diagram has a title only' },
    state: { onEntry: none, onExit: none, invoke: none, allowedTransitions: 'the arrows say it' },
    transition: {
      action: none,
      requiresApproval: 'only the level of an approval is drawn',
      roles: 'an arrow says nothing about who',
      description: 'an arrow has no description',
    },
  });
  const text = `---\ntitle: ${definition.name}\n---\n${mermaidOf(definition, 'whole')}`;
  return { text, unmapped: unmapped.items };
}
