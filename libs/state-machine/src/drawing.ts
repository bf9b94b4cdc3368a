import { levelOf } from './approval-policy.js';
import {
  type FinalOutcome,
  type Protection,
  type TransitionDefinition,
  triggerKind,
  type TriggerKind,
  type WorkflowDefinition,
} from './definition.js';
import type { ApprovalLevel } from './enums.js';
import { layers, type Placement } from './layering.js';

/** A state as something to draw, with a place for it. */
export interface DrawnNode extends Placement {
  readonly id: string;
  readonly label: string;
  readonly kind: 'initial' | 'state' | 'final';
  readonly outcome?: FinalOutcome;
  readonly protectedLevel?: Protection['level'];
  /** The template of the workflow that it starts. */
  readonly invokes?: string;
  /** Whether the overall timeout leads here. */
  readonly escalation?: true;
}

/** A way between two states as something to draw. */
export interface DrawnEdge {
  /** Unique within the drawing: `t3`, `t3-rejection`, `s2-timeout`, after places in the definition. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly label: string;
  /** `rejection`: where a rejected approval leads. `timeout`: where a state's timeout does. */
  readonly kind: 'transition' | 'rejection' | 'timeout';
  readonly trigger?: TriggerKind;
  readonly approval?: ApprovalLevel;
  readonly condition?: string;
  /** Leads to an earlier layer, or to where it comes from. */
  readonly back: boolean;
}

/** Every state and every way, layer by layer from the initial state on. Deterministic. */
export function drawingOf(definition: WorkflowDefinition): {
  nodes: DrawnNode[];
  edges: DrawnEdge[];
} {
  const { states, initial, protected: guarded = [], autoEscalate } = definition;
  const names = [initial, ...states.map(({ name }) => name).filter((name) => name !== initial)];
  const bare = edgesOf(definition);
  const { placements, back } = layers(names, bare);
  const nodes = states.map(({ name, final, invoke }): DrawnNode => {
    const protection = guarded.find(({ state }) => state === name);
    const kind = final !== undefined ? 'final' : name === initial ? 'initial' : 'state';
    return {
      id: name,
      label: name,
      kind,
      ...(final === undefined ? {} : { outcome: final }),
      ...(protection === undefined ? {} : { protectedLevel: protection.level }),
      ...(invoke === undefined ? {} : { invokes: invoke.template }),
      ...(typeof autoEscalate === 'object' && autoEscalate.to === name ? { escalation: true } : {}),
      ...(placements.get(name) ?? { layer: 0, order: 0 }),
    };
  });
  return { nodes, edges: bare.map((edge, index) => ({ ...edge, back: back.has(index) })) };
}

function edgesOf({ states, transitions }: WorkflowDefinition): Omit<DrawnEdge, 'back'>[] {
  const timeouts = states.flatMap(({ name, timeout }, index) =>
    timeout === undefined
      ? []
      : [
          {
            id: `s${index}-timeout`,
            from: name,
            to: timeout.to,
            label: `timeout ${timeout.after}`,
            kind: 'timeout' as const,
          },
        ],
  );
  const moves = transitions.flatMap((transition, index) => {
    const { event, from, to, trigger, condition, requiresApproval } = transition;
    const approval = requiresApproval && levelOf(requiresApproval);
    const edge: Omit<DrawnEdge, 'back'> = {
      id: `t${index}`,
      from,
      to,
      label: `${event}${triggerText(trigger)}`,
      kind: 'transition',
      trigger: triggerKind(trigger),
      ...(approval === undefined ? {} : { approval }),
      ...(condition === undefined ? {} : { condition }),
    };
    const rejected = requiresApproval?.onRejected;
    if (rejected === undefined) return [edge];
    return [
      edge,
      {
        id: `t${index}-rejection`,
        from,
        to: rejected,
        label: `${event} rejected`,
        kind: 'rejection' as const,
      },
    ];
  });
  return [...moves, ...timeouts];
}

/** How a trigger is written behind an event: nothing for a manual one. */
export function triggerText(trigger: TransitionDefinition['trigger']): string {
  if (typeof trigger === 'string') return trigger === 'manual' ? '' : ' (automatic)';
  return 'after' in trigger ? ` (after ${trigger.after})` : ` (signal ${trigger.signal})`;
}
