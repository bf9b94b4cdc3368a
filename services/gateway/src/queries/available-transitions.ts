import type { WorkflowInstanceRow } from '@countersign/contracts';
import { CorruptDataError, messageOf } from '@countersign/kernel';
import {
  type Availability,
  type CompiledDefinition,
  compileDefinition,
  mayFire,
  parseDefinition,
} from '@countersign/state-machine';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

import type { ReadView } from './read-view.js';

const MAX_COMPILED = 1_000;

type Instance = Pick<
  WorkflowInstanceRow,
  'status' | 'state' | 'context' | 'definition_hash' | 'pending_transition'
>;

/** What a caller may ask an instance to do, and why not the rest. */
@Injectable()
export class AvailableTransitions {
  /** By content hash, so an entry is never out of date. */
  readonly #compiled = new LRUCache<string, CompiledDefinition>({ max: MAX_COMPILED });

  /** Empty unless the instance is active and waits for nobody. */
  async of(view: ReadView, instance: Instance): Promise<readonly object[]> {
    const { status, state, context, definition_hash: hash, pending_transition } = instance;
    if (status !== 'ACTIVE' || pending_transition !== null) return [];
    const definition = await this.#definitionOf(view, hash);
    return definition.available(state, context).map((each) => toItem(each, view.caller.roles));
  }

  /** Names of the signals that lead on from where an instance stands; none when it has ended. */
  async signalsOf(view: ReadView, instance: Instance): Promise<readonly string[]> {
    const { status, state, definition_hash: hash } = instance;
    if (status !== 'ACTIVE' && status !== 'PAUSED') return [];
    const definition = await this.#definitionOf(view, hash);
    const names = definition
      .outgoing(state)
      .flatMap(({ trigger }) =>
        typeof trigger === 'object' && 'signal' in trigger ? [trigger.signal] : [],
      );
    return [...new Set(names)];
  }

  async #definitionOf(view: ReadView, hash: string): Promise<CompiledDefinition> {
    return this.#compiled.get(hash) ?? (await this.#load(view, hash));
  }

  async #load(view: ReadView, hash: string): Promise<CompiledDefinition> {
    const row = await view
      .definitions()
      .select('definition')
      .where('hash', '=', hash)
      .executeTakeFirst();
    if (!row) throw new CorruptDataError(`definition ${hash}`, 'an instance is pinned to it');
    const compiled = compileStored(hash, row.definition);
    this.#compiled.set(hash, compiled);
    return compiled;
  }
}

/** What was published once must compile: if it does not, that is not the reader's fault. */
function compileStored(hash: string, stored: unknown): CompiledDefinition {
  try {
    return compileDefinition(parseDefinition(stored));
  } catch (error) {
    throw new CorruptDataError(`definition ${hash}`, messageOf(error), { cause: error });
  }
}

function toItem({ transition, verdict, error }: Availability, roles: readonly string[]) {
  const { event, to, trigger, description, requiresApproval } = transition;
  const refusal = mayFire(transition, roles) ? refusals[verdict] : 'role-missing';
  return {
    event,
    to,
    trigger,
    ...(description === undefined ? {} : { description }),
    requiresApproval: requiresApproval ?? null,
    available: refusal === undefined,
    /** Whether its condition looks at the input, so that only trying tells. */
    dependsOnInput: transition.usesInput,
    ...(refusal === undefined ? {} : { reason: refusal }),
    ...(error === undefined ? {} : { detail: error.message }),
  };
}

const refusals: Readonly<Record<Availability['verdict'], string | undefined>> = {
  open: undefined,
  'depends-on-input': undefined,
  closed: 'condition-false',
  failed: 'condition-failed',
};
