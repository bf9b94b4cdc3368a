import type { StateDefinition, TransitionDefinition, WorkflowDefinition } from '../definition.js';
import { UnmappedList } from './unmapped.js';

type Reasons<Of> = Readonly<Partial<Record<keyof Of, string>>>;

/** Members of a definition, and why a notation has no word for them. */
export interface UnmappedReasons {
  readonly definition: Reasons<WorkflowDefinition>;
  readonly state: Reasons<StateDefinition>;
  readonly transition: Reasons<TransitionDefinition>;
}

/** The members of a definition that an export leaves out, each with its place in the definition. */
export function unmappedMembers(
  definition: WorkflowDefinition,
  reasons: UnmappedReasons,
): UnmappedList {
  const list = new UnmappedList();
  const look = <Of extends object>(of: Of, path: string, why: Reasons<Of>): void => {
    for (const [member, reason] of Object.entries<string | undefined>(
      why as object as Record<string, string>,
    )) {
      const value = (of as Readonly<Record<string, unknown>>)[member];
      const empty = value === undefined || (Array.isArray(value) && value.length === 0);
      if (!empty && reason !== undefined) list.add(`${path}/${member}`, reason);
    }
  };
  look(definition, '', reasons.definition);
  for (const [index, state] of definition.states.entries()) {
    look(state, `/states/${index}`, reasons.state);
  }
  for (const [index, transition] of definition.transitions.entries()) {
    look(transition, `/transitions/${index}`, reasons.transition);
    look<{ senders?: unknown }>(
      Object(transition.trigger) as object,
      `/transitions/${index}/trigger`,
      {
        senders: 'a signal is anybody’s',
      },
    );
  }
  return list;
}

/** Said of what neither XState nor Mermaid knows. */
export const OURS_ALONE: Reasons<WorkflowDefinition> = {
  title: 'a name is all there is',
  contextSchema: 'there are no declared fields',
  protected: 'there is no protection of states',
  timeout: 'there is no timeout of the whole',
  autoEscalate: 'there is no timeout of the whole',
  administrators: 'there are no administrators',
  operators: 'there are no operators',
};
