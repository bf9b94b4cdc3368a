import { invalid, type JsonObject, parseInput } from '@countersign/kernel';
import type { z } from 'zod';

import { levelOf } from './approval-policy.js';
import { type CompiledDefinition, compileDefinition } from './compile.js';
import type { CompiledTransition } from './compiled-transition.js';
import {
  parseDefinition,
  StateDefinition,
  TransitionDefinition,
  triggerKind,
  WorkflowDefinition,
  type WorkflowDefinitionInput,
} from './definition.js';
import type { Finding } from './finding.js';
import { validateDefinition } from './validate.js';
import { type Visualization, visualize } from './visualize.js';

/** What a transition is asked with, beside the context. */
export interface TransitionOptions {
  /** What the caller or the signal sends; conditions of manual and signal transitions see it as `input`. */
  readonly input?: JsonObject;
  /** Events whose approval has been granted. A transition that needs one and is not named is refused. */
  readonly approved?: readonly string[];
}

/**
 * A machine as PRD-127 configures one: a definition whose `initial` may be left out, which is then the first of
 * its states.
 */
export type WorkflowConfig = Omit<WorkflowDefinitionInput, 'initial'> & {
  readonly initial?: string;
};

/**
 * A machine to build and ask step by step. It holds no current state and no approvals: both are given with
 * each question, so that one machine serves any number of instances.
 *
 * @example
 * const machine = new StateMachine('expense')
 *   .addState({ name: 'submitted' })
 *   .addState({ name: 'paid', final: 'completed' })
 *   .addTransition({ event: 'pay', from: 'submitted', to: 'paid', condition: 'context.amount < 100' });
 * machine.transition('submitted', 'paid', { amount: 40 }); // true
 */
export class StateMachine {
  readonly #definition: WorkflowDefinition;
  #compiled: CompiledDefinition | undefined;

  /** @param initial the state that instances start in; by default the first one added */
  constructor(
    name: string,
    private readonly initial?: string,
  ) {
    const { name: checked } = parseInput(WorkflowDefinition.pick({ name: true }), { name });
    this.#definition = {
      name: checked,
      initial: initial ?? '',
      states: [],
      transitions: [],
      contextSchema: [],
    };
  }

  /** @throws AppError `invalid` `definition.malformed` */
  static from(config: WorkflowConfig): StateMachine {
    const definition = parseDefinition(withInitial(config));
    const machine = new StateMachine(definition.name, definition.initial);
    Object.assign(machine.#definition, definition);
    return machine;
  }

  /** @throws AppError `invalid` `definition.malformed`, or `state.duplicate` when there is one of that name */
  addState(input: z.input<typeof StateDefinition>): this {
    const state = parseInput(StateDefinition, input, 'definition.malformed');
    if (this.#definition.states.some(({ name }) => name === state.name)) {
      throw invalid('state.duplicate', `there is a state ${state.name} already`);
    }
    this.#definition.states.push(state);
    if (this.initial === undefined) this.#definition.initial ||= state.name;
    this.#compiled = undefined;
    return this;
  }

  /** Its states may be added later. @throws AppError `invalid` `definition.malformed` */
  addTransition(input: z.input<typeof TransitionDefinition>): this {
    const transition = parseInput(TransitionDefinition, input, 'definition.malformed');
    this.#definition.transitions.push(transition);
    this.#compiled = undefined;
    return this;
  }

  /**
   * Whether an instance may go from one state to another: a transition between them exists, its condition
   * holds, and no approval is outstanding, that is it needs none or `options.approved` names its event.
   *
   * Of several such transitions with the same event the first whose condition holds decides, so that none behind
   * it takes its approval away. A state with `allowedTransitions` leads nowhere else. Time and signals are the
   * caller's to know: for a transition after a time or on a signal this tells whether it could be made now.
   *
   * @throws ExpressionError when a condition has no answer
   * @throws AppError `invalid` when the machine does not compile or has no such state
   */
  transition(
    current: string,
    target: string,
    context: JsonObject,
    options: TransitionOptions = {},
  ): boolean {
    const compiled = this.#compile();
    compiled.state(target);
    const decided = new Set<string>();
    for (const candidate of this.#leaving(current)) {
      const key = `${triggerKind(candidate.trigger)} ${candidate.event}`;
      if (candidate.to !== target || decided.has(key)) continue;
      if (!candidate.holds(context, options.input)) continue;
      if (!waits(candidate, options)) return true;
      decided.add(key);
    }
    return false;
  }

  /**
   * The transitions that leave a state; with a context, only those whose condition holds in it.
   *
   * @throws ExpressionError when a condition has no answer
   * @throws AppError `invalid` when the machine does not compile or has no such state
   */
  getAvailableTransitions(
    current: string,
    context?: JsonObject,
    input?: JsonObject,
  ): readonly CompiledTransition[] {
    const outgoing = this.#leaving(current);
    if (context === undefined) return outgoing;
    return outgoing.filter((transition) => transition.holds(context, input));
  }

  /** What is wrong or doubtful about the machine; see `validateDefinition`. */
  validateWorkflow(): Finding[] {
    return validateDefinition(this.#definition);
  }

  visualize(): Visualization {
    return visualize(this.#definition);
  }

  /** The machine as data. @throws AppError `invalid` `definition.malformed` while it has no state */
  toDefinition(): WorkflowDefinition {
    return parseDefinition(structuredClone(this.#definition));
  }

  /** The transitions of a state, as far as it allows them. */
  #leaving(current: string): readonly CompiledTransition[] {
    const compiled = this.#compile();
    const { allowedTransitions: allowed } = compiled.state(current);
    const outgoing = compiled.outgoing(current);
    return allowed === undefined ? outgoing : outgoing.filter(({ to }) => allowed.includes(to));
  }

  #compile(): CompiledDefinition {
    return (this.#compiled ??= compileDefinition(this.#definition));
  }
}

/** Takes anything, because what comes here is checked only afterwards. */
function withInitial(config: unknown): unknown {
  if (typeof config !== 'object' || config === null) return config;
  const { initial, states } = config as Readonly<Record<string, unknown>>;
  if (initial !== undefined || !Array.isArray(states)) return config;
  const [first] = states as readonly (Readonly<Record<string, unknown>> | null | undefined)[];
  return { ...config, initial: first?.['name'] };
}

/** An AUTO approval waits for nobody, but for its rule, which looks at more than is known here. */
function waits(transition: CompiledTransition, { approved = [] }: TransitionOptions): boolean {
  const { requiresApproval: policy, event } = transition;
  if (policy === undefined || approved.includes(event)) return false;
  return levelOf(policy) !== 'AUTO' || policy.rule !== undefined;
}
