import { levelOf } from './approval-policy.js';
import type { StateDefinition, TransitionDefinition, WorkflowDefinition } from './definition.js';
import { triggerText } from './drawing.js';

/** Longest condition that a label shows whole in a picture. */
const SHORT = 60;

/** How much of a definition the labels hold: what a reader wants to see, or what an import can read back. */
export type MermaidDetail = 'picture' | 'whole';

/**
 * A Mermaid state diagram (`stateDiagram-v2`). States get ids of their own (`s0`), because Mermaid's take fewer
 * characters than names do and some words are its own; whatever else could end a label stands as a character code
 * (`#59;`), which Mermaid shows as the character. In parentheses stands what is no event: timeouts, rejections,
 * started workflows, protection. States that do not exist are drawn as they are named.
 *
 * Tried with the parser of Mermaid 11.17.2 (2026-11) on the built-in templates and some hundred hostile names, texts
 * and conditions: it takes all of them, and finds every state and arrow. That is no test here, because Mermaid
 * brings 150 packages and wants a document to parse at all.
 */
export function mermaidOf(
  definition: WorkflowDefinition,
  detail: MermaidDetail = 'picture',
): string {
  const { states, transitions, initial } = definition;
  const ids = new Map<string, string>();
  const lines = ['stateDiagram-v2'];
  const idOf = (name: string): string => {
    const known = ids.get(name);
    if (known !== undefined) return known;
    const id = `s${ids.size}`;
    ids.set(name, id);
    lines.push(`  state "${escaped(name)}" as ${id}`);
    return id;
  };
  const arrow = (from: string, to: string, label: string): void => {
    const [source, target] = [idOf(from), idOf(to)];
    lines.push(`  ${source} --> ${target}: ${label}`);
  };
  for (const state of states) {
    const id = idOf(state.name);
    for (const text of textsOf(state, definition)) lines.push(`  ${id}: ${text}`);
  }
  lines.push(`  [*] --> ${idOf(initial)}`);
  for (const transition of transitions) {
    const { from, to, event, requiresApproval } = transition;
    arrow(from, to, labelOf(transition, detail));
    const rejected = requiresApproval?.onRejected;
    if (rejected !== undefined) arrow(from, rejected, `(${escaped(event)} rejected)`);
  }
  for (const { name, timeout, final } of states) {
    if (timeout !== undefined) arrow(name, timeout.to, `(timeout ${timeout.after})`);
    if (final !== undefined) lines.push(`  ${idOf(name)} --> [*]: ${final}`);
  }
  return `${lines.join('\n')}\n`;
}

function* textsOf(
  { name, description, invoke }: StateDefinition,
  { protected: guarded = [], autoEscalate, timeout }: WorkflowDefinition,
): Generator<string> {
  // In quotes it is what it says, also when it begins with a parenthesis.
  if (description !== undefined) yield `#34;${escaped(description)}#34;`;
  if (invoke !== undefined) yield `(starts ${invoke.template})`;
  for (const { state, level } of guarded) if (state === name) yield `(protected ${level})`;
  if (typeof autoEscalate === 'object' && autoEscalate.to === name) {
    yield `(overall timeout ${timeout ?? 'never'})`;
  }
}

function labelOf(transition: TransitionDefinition, detail: MermaidDetail): string {
  const { event, trigger, condition, requiresApproval } = transition;
  const shown =
    condition !== undefined && detail === 'picture' && condition.length > SHORT
      ? `${condition.slice(0, SHORT - 1)}…`
      : condition;
  return [
    `${escaped(event)}${triggerText(trigger)}`,
    ...(shown === undefined ? [] : [`[${escaped(shown)}]`]),
    ...(requiresApproval === undefined ? [] : [`/ ${levelOf(requiresApproval)}`]),
  ].join(' ');
}

/** Characters that mean something to Mermaid or to HTML. */
const SPECIAL = /[^A-Za-z0-9 _.,()=!+*?@$…-]/gu;

/** Words that Mermaid reads as the direction of the drawing wherever they stand, swallowing their line. */
const DIRECTION = /direction(?= +(?:TB|BT|RL|LR))/gi;

/** Characters as they are where they mean nothing, and as codes otherwise. */
function escaped(text: string): string {
  return text
    .replaceAll(SPECIAL, code)
    .replaceAll(DIRECTION, (word) => `${code(word)}${word.slice(1)}`);
}

/** Of the first character. */
const code = (text: string): string => `#${text.codePointAt(0) ?? 0};`;

/** Turns character codes back. */
export function unescaped(text: string): string {
  return text.replaceAll(/#(\d{1,7});/g, (whole, digits: string) => {
    const point = Number(digits);
    return point <= 0x10_ff_ff ? String.fromCodePoint(point) : whole;
  });
}
