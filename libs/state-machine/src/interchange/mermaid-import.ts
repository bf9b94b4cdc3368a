import { invalid } from '@countersign/kernel';

import { FinalOutcome, type WorkflowDefinitionInput } from '../definition.js';
import { Duration } from '../duration.js';
import { unescaped } from '../mermaid.js';
import { Name } from '../names.js';
import { POINT, type Statement, statementsOf } from './mermaid-lines.js';
import { asCondition, asDefinitionName, asName, type Imported, imported } from './naming.js';
import { UnmappedList } from './unmapped.js';

type State = WorkflowDefinitionInput['states'][number];
type Transition = WorkflowDefinitionInput['transitions'][number];
type Trigger = NonNullable<Transition['trigger']>;

/**
 * Reads a Mermaid `stateDiagram-v2`: states, `[*]` as start and end, transitions with labels of the form
 * `event (automatic | after PT1H | signal name) [condition] / note`, `(timeout PT1H)` for a state's timeout. Of
 * states inside states and what is only drawn, `unmapped` says where it is (`line:7`). Conditions are CEL; one that is
 * not is `false` afterwards, so that nothing passes where a guard was meant. Approvals are not read: whoever imports a
 * diagram writes them.
 *
 * @throws AppError `invalid` `mermaid.malformed` with `details.line`, or `details.problems` when the definition would
 *   be over a limit
 */
export function fromMermaid(text: string): Imported {
  const unmapped = new UnmappedList();
  const reader = new Reader(unmapped);
  const statements = statementsOf(text, unmapped);
  // Labels first: an arrow may stand before the state that it names.
  for (const statement of statements) if (statement.kind === 'state') reader.state(statement);
  for (const statement of statements) reader.read(statement);
  return imported(reader.definition(), unmapped, 'mermaid.malformed');
}

class Reader {
  readonly #states = new Map<string, State>();
  readonly #names = new Set<string>();
  readonly #transitions: Transition[] = [];
  #title: { text: string; path: string } | undefined;
  #initial: string | undefined;

  constructor(private readonly unmapped: UnmappedList) {}

  definition(): WorkflowDefinitionInput {
    const states = [...this.#states.values()];
    const [first] = states;
    if (first === undefined) throw invalid('mermaid.malformed', 'there is no state');
    if (this.#initial === undefined) {
      this.unmapped.add('line:1', `nothing leads from [*]: it starts in ${first.name} here`);
    }
    const { text, path } = this.#title ?? { text: undefined, path: 'line:1' };
    return {
      name: asDefinitionName(text, path, this.unmapped),
      initial: this.#initial ?? first.name,
      states,
      transitions: this.#transitions,
    };
  }

  /** The state of an id, made when it is new. */
  state({ id, label, line }: { id: string; label?: string; line: number }): State {
    const known = this.#states.get(id);
    if (known) {
      if (label !== undefined) this.unmapped.add(`line:${line}`, 'a second name of a state');
      return known;
    }
    let name = asName(label === undefined ? id : unescaped(label), `line:${line}`, this.unmapped);
    for (let n = 2; this.#names.has(name); n++) {
      const free = `${name.replace(/-\d+$/, '')}-${n}`;
      if (this.#names.has(free)) continue;
      this.unmapped.add(`line:${line}`, `a second state ${name}: it is called ${free} here`);
      name = free;
    }
    this.#names.add(name);
    const state: State = { name };
    this.#states.set(id, state);
    return state;
  }

  read(statement: Statement): void {
    const { line } = statement;
    switch (statement.kind) {
      case 'title':
        this.#title = { text: statement.text, path: `line:${line}` };
        break;
      case 'state':
        break;
      case 'text':
        this.#describe(this.state({ id: statement.id, line }), statement.text, line);
        break;
      case 'arrow':
        this.#arrow(statement);
    }
  }

  #describe(state: State, raw: string, line: number): void {
    if (/^\([^()]*\)$/.test(raw)) {
      this.unmapped.add(`line:${line}`, 'a remark about the state');
      return;
    }
    const text = unescaped(raw);
    const quoted = text.length > 1 && text.startsWith('"') && text.endsWith('"');
    const plain = quoted ? text.slice(1, -1) : text;
    state.description = state.description === undefined ? plain : `${state.description}\n${plain}`;
  }

  #arrow({ from, to, label, line }: Extract<Statement, { kind: 'arrow' }>): void {
    const path = `line:${line}`;
    if (from === POINT) {
      if (to === POINT) return;
      const { name } = this.state({ id: to, line });
      if (this.#initial !== undefined) this.unmapped.add(path, 'a second start');
      this.#initial ??= name;
      if (label !== '') this.unmapped.add(path, 'the start has no label');
      return;
    }
    const source = this.state({ id: from, line });
    if (to === POINT) {
      const outcome = FinalOutcome.safeParse(label);
      if (!outcome.success && label !== '') {
        this.unmapped.add(path, 'no outcome: it is completed here');
      }
      source.final ??= outcome.data ?? 'completed';
      return;
    }
    const target = this.state({ id: to, line }).name;
    const { event, remark, condition, note } = partsOf(label);
    if (note !== '') this.unmapped.add(path, `an effect or an approval: ${note.slice(0, 80)}`);
    if (event === '' && remark !== undefined) {
      const [kind, after = ''] = remark.split(' ');
      if (kind === 'timeout' && Duration.safeParse(after).success && source.timeout === undefined) {
        source.timeout = { after, to: target };
      } else {
        this.unmapped.add(path, `an arrow that is no transition: ${remark.slice(0, 80)}`);
      }
      return;
    }
    const trigger = remark === undefined ? 'manual' : triggerOf(remark);
    if (trigger === undefined) this.unmapped.add(path, `a remark: ${remark?.slice(0, 80) ?? ''}`);
    const given = trigger ?? 'manual';
    this.#transitions.push({
      event:
        event === '' ? `to-${target}`.slice(0, 64) : asName(unescaped(event), path, this.unmapped),
      from: source.name,
      to: target,
      trigger: given,
      ...(condition === undefined
        ? {}
        : { condition: asCondition(unescaped(condition), given, path, this.unmapped) }),
    });
  }
}

interface Parts {
  readonly event: string;
  /** What stands in parentheses. */
  readonly remark: string | undefined;
  readonly condition: string | undefined;
  readonly note: string;
}

/** Takes `event (remark) [condition] / note` apart; what has another form is the event as a whole. */
function partsOf(label: string): Parts {
  const open = label.indexOf('[');
  const close = open < 0 ? -1 : label.indexOf(']', open);
  const slash = close < 0 ? label.search(/(?<= |^)\/ /) : -1;
  let head = label;
  let note = '';
  let condition: string | undefined;
  if (close >= 0) {
    head = label.slice(0, open);
    condition = label.slice(open + 1, close);
    note = label.slice(close + 1).trim();
  } else if (slash >= 0) {
    head = label.slice(0, slash);
    note = label.slice(slash).trim();
  }
  const [, event = head, remark] = /^([^(]*)\(([^()]*)\)$/.exec(head.trim()) ?? [];
  return {
    event: event.trim(),
    remark,
    condition: condition?.trim() === '' ? undefined : condition,
    note,
  };
}

function triggerOf(remark: string): Trigger | undefined {
  const [kind, value = ''] = remark.split(' ');
  if (remark === 'automatic') return 'automatic';
  if (kind === 'after' && Duration.safeParse(value).success) return { after: value };
  return kind === 'signal' && Name.safeParse(value).success ? { signal: value } : undefined;
}
