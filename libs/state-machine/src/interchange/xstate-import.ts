import { invalid, segment } from '@countersign/kernel';
import { z } from 'zod';

import type { TransitionTrigger, WorkflowDefinitionInput } from '../definition.js';
import { FinalOutcome } from '../definition.js';
import { Name } from '../names.js';
import { asDefinitionName, asName, type Imported, imported } from './naming.js';
import { UnmappedList } from './unmapped.js';
import { SIGNAL } from './xstate-export.js';
import {
  actionsFrom,
  conditionFrom,
  durationOf,
  type Place,
  recordAt,
  textAt,
} from './xstate-parts.js';

type State = WorkflowDefinitionInput['states'][number];
type Transition = WorkflowDefinitionInput['transitions'][number];

const MOST_STATES = 1_000;
const MOST_TRANSITIONS = 5_000;

const MACHINE_MEMBERS = new Set(['id', 'description', 'initial', 'states', 'type']);
const STATE_MEMBERS = new Set('type description meta entry exit on always after states'.split(' '));
const TRANSITION_MEMBERS = new Set('target reenter description guard cond actions meta'.split(' '));

const StateMeta = z.strictObject({ outcome: FinalOutcome.optional() });
const TransitionMeta = z.strictObject({
  event: Name.optional(),
  timeout: z.literal(true).optional(),
});

/**
 * Reads the JSON of an XState machine: flat states, `on`, `always`, `after`, and what `toXState` writes for conditions
 * and actions. What is code or has no counterpart here (guards and actions by name, actors, parallel, nested and
 * history states, wildcards) is left out and named in `unmapped` by its place in the JSON; a transition whose guard is
 * left out gets the condition `false`, so that nothing passes where a guard was meant. Numbers of `after` are
 * milliseconds. There are no approvals: whoever imports a machine writes them.
 *
 * @throws AppError `invalid` `xstate.malformed` with `details.at`, or `details.problems` when the definition would be
 *   over a limit
 */
export function fromXState(json: unknown): Imported {
  const unmapped = new UnmappedList();
  const root: Place = { path: '', unmapped };
  const machine = recordAt(json, root);
  others(machine, MACHINE_MEMBERS, root);
  if (machine['type'] !== undefined && machine['type'] !== 'compound') {
    unmapped.add('/type', `a machine that is ${textAt(machine['type'], at(root, 'type'))}`);
  }
  const nodes = Object.entries(recordAt(machine['states'], at(root, 'states')));
  if (nodes.length === 0 || nodes.length > MOST_STATES) {
    throw invalid('xstate.malformed', `/states: between one and ${MOST_STATES} states`, {
      details: { at: '/states' },
    });
  }
  const names = new Map<string, string>();
  for (const [key] of nodes) {
    const name = asName(key, `/states/${segment(key)}`, unmapped);
    if ([...names.values()].includes(name)) {
      throw invalid('xstate.malformed', `two states would be called ${name}`, {
        details: { at: `/states/${segment(key)}` },
      });
    }
    names.set(key, name);
  }
  const transitions: Transition[] = [];
  const states = nodes.map(([key, node]) => {
    const place = at(at(root, 'states'), key);
    return new StateReader(names, key, place, transitions).read(recordAt(node, place));
  });
  const { initial, description } = machine;
  const first = names.get(nodes[0]?.[0] ?? '') ?? '';
  const start = typeof initial === 'string' ? names.get(initial) : undefined;
  if (start === undefined) unmapped.add('/initial', `no state by name: it starts in ${first} here`);
  return imported(
    {
      name: asDefinitionName(machine['id'], '/id', unmapped),
      ...(description === undefined
        ? {}
        : { description: textAt(description, at(root, 'description')) }),
      initial: start ?? first,
      states,
      transitions,
    },
    unmapped,
    'xstate.malformed',
  );
}

/** Reads one state and what leaves it. */
class StateReader {
  constructor(
    private readonly names: ReadonlyMap<string, string>,
    private readonly key: string,
    private readonly place: Place,
    private readonly transitions: Transition[],
  ) {}

  read(node: Readonly<Record<string, unknown>>): State {
    const { place } = this;
    const { unmapped } = place;
    others(node, STATE_MEMBERS, place);
    const state: State = { name: this.#name };
    if (node['description'] !== undefined) {
      state.description = textAt(node['description'], at(place, 'description'));
    }
    const meta = StateMeta.safeParse(node['meta'] ?? {});
    if (!meta.success) unmapped.add(`${place.path}/meta`, 'remarks for a program');
    if (node['type'] === 'final') state.final = meta.data?.outcome ?? 'completed';
    else if (node['type'] !== undefined && node['type'] !== 'atomic') {
      unmapped.add(`${place.path}/type`, 'a state like any other here');
    }
    if (node['states'] !== undefined) unmapped.add(`${place.path}/states`, 'states inside a state');
    Object.assign(
      state,
      actionsFrom('onEntry', node['entry'], at(place, 'entry')),
      actionsFrom('onExit', node['exit'], at(place, 'exit')),
    );
    this.#events(node['on']);
    this.#list(node['always'], at(place, 'always'), 'automatic', undefined);
    this.#delays(node['after'], state);
    return state;
  }

  get #name(): string {
    return this.names.get(this.key) ?? this.key;
  }

  #events(on: unknown): void {
    if (on === undefined) return;
    const place = at(this.place, 'on');
    for (const [key, value] of Object.entries(recordAt(on, place))) {
      const here = at(place, key);
      const signal = key.startsWith(SIGNAL) ? key.slice(SIGNAL.length) : undefined;
      if (key === '' || key.includes('*')) {
        this.place.unmapped.add(here.path, 'an event of any name');
      } else if (signal !== undefined && Name.safeParse(signal).success) {
        this.#list(value, here, { signal }, signal);
      } else {
        this.#list(value, here, 'manual', asName(key, here.path, this.place.unmapped));
      }
    }
  }

  #delays(after: unknown, state: State): void {
    if (after === undefined) return;
    const place = at(this.place, 'after');
    for (const [key, value] of Object.entries(recordAt(after, place))) {
      const here = at(place, key);
      const duration = durationOf(key);
      if (duration === undefined) {
        this.place.unmapped.add(here.path, 'a delay that is code, or none that is allowed here');
      } else {
        this.#list(value, here, { after: duration }, `after-${key}`, (to) => {
          if (state.timeout !== undefined) return false;
          state.timeout = { after: duration, to };
          return true;
        });
      }
    }
  }

  /** @param timeout takes the target of a state's timeout; false when there is one already */
  #list(
    value: unknown,
    place: Place,
    trigger: TransitionTrigger,
    event: string | undefined,
    timeout?: (to: string) => boolean,
  ): void {
    if (value === undefined) return;
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const [index, entry] of list.entries()) {
      const here = Array.isArray(value) ? at(place, index) : place;
      this.#transition(entry, here, trigger, event, timeout);
    }
  }

  #transition(
    entry: unknown,
    place: Place,
    trigger: TransitionTrigger,
    event: string | undefined,
    timeout: ((to: string) => boolean) | undefined,
  ): void {
    const { unmapped } = place;
    const given = typeof entry === 'string' ? { target: entry } : recordAt(entry, place);
    others(given, TRANSITION_MEMBERS, place);
    const to = this.#target(given['target'], at(place, 'target'));
    if (to === undefined) return;
    const meta = TransitionMeta.safeParse(given['meta'] ?? {});
    if (!meta.success) unmapped.add(`${place.path}/meta`, 'remarks for a program');
    if (meta.data?.timeout === true && timeout?.(to) === true) return;
    if (to === this.#name && given['reenter'] !== true) {
      unmapped.add(place.path, 'stays in its state: here it leaves it and enters it again');
    }
    if (this.transitions.length >= MOST_TRANSITIONS) {
      throw invalid('xstate.malformed', `more than ${MOST_TRANSITIONS} transitions`, {
        details: { at: place.path },
      });
    }
    const { description } = given;
    this.transitions.push({
      event: meta.data?.event ?? (event ?? `to-${to}`).slice(0, 64),
      from: this.#name,
      to,
      trigger,
      ...(description === undefined
        ? {}
        : { description: textAt(description, at(place, 'description')) }),
      ...conditionFrom(given, trigger, place),
      ...actionsFrom('action', given['actions'], at(place, 'actions')),
    });
  }

  /** The state that a target names: by its key, `.`-escaped, or `#machine.key`; none is the state itself. */
  #target(target: unknown, place: Place): string | undefined {
    if (target === undefined || target === null) return this.#name;
    const [only, ...more] = Array.isArray(target) ? (target as readonly unknown[]) : [target];
    const text = textAt(only, place);
    const name = this.names.get(text.replaceAll(/\\(.)/gs, '$1'));
    const path = /(^|[^\\])\./.test(text);
    if (more.length === 0 && name !== undefined && !path) return name;
    place.unmapped.add(place.path, 'leads to no state of the machine by its key: it is left out');
    return undefined;
  }
}

function at(place: Place, key: string | number): Place {
  return { path: `${place.path}/${segment(key)}`, unmapped: place.unmapped };
}

function others(
  record: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  { path, unmapped }: Place,
): void {
  for (const key of Object.keys(record)) {
    if (!known.has(key)) unmapped.add(`${path}/${segment(key)}`, 'has no counterpart here');
  }
}
