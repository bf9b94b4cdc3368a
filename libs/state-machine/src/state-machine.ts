import { invalid, type JsonObject, parseInput } from '@countersign/kernel';
import type { z } from 'zod';

import { type CompiledDefinition, compileDefinition, type CompiledTransition } from './compile.js';
import {
  parseDefinition,
  StateDefinition,
  TransitionDefinition,
  WorkflowDefinition,
  type WorkflowDefinitionInput,
} from './definition.js';
import type { Finding } from './finding.js';
import { validateDefinition } from './validate.js';
import { type Visualization, visualize } from './visualize.js';

/** What a transition is asked with, beside the context. */
export interface TransitionOptions {
  /** What the caller sends; conditions of manual transitions see it as `input`. */
  readonly input?: JsonObject;
  /** Events whose approval has been granted. A transition that needs one and is not named is refused. */
  readonly approved?: readonly string[];
}

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
  static from(input: WorkflowDefinitionInput): StateMachine {
    const definition = parseDefinition(input);
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
    return compiled
      .outgoing(current)
      .filter(({ to }) => to === target)
      .some((candidate) => candidate.holds(context, options.input) && !waits(candidate, options));
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
    const outgoing = this.#compile().outgoing(current);
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

  #compile(): CompiledDefinition {
    return (this.#compiled ??= compileDefinition(this.#definition));
  }
}

function waits(transition: CompiledTransition, { approved = [] }: TransitionOptions): boolean {
  const { requiresApproval: policy, event } = transition;
  return policy !== undefined && policy.level !== 'AUTO' && !approved.includes(event);
}
