import { invalid } from '@countersign/kernel';

import type { UnmappedList } from './unmapped.js';

/** What a line of a state diagram says, with the number of the line, from 1. */
export type Statement = { readonly line: number } & (
  | { readonly kind: 'title'; readonly text: string }
  | { readonly kind: 'state'; readonly id: string; readonly label?: string }
  | { readonly kind: 'text'; readonly id: string; readonly text: string }
  | { readonly kind: 'arrow'; readonly from: string; readonly to: string; readonly label: string }
);

/** Start and end. */
export const POINT = '[*]';

const MOST_CHARACTERS = 2_000_000;
const MOST_LINES = 20_000;

const ID = String.raw`[\p{L}\p{N}_.-]+?`;
const END = String.raw`\[\*\]|${ID}`;
const CLASS = String.raw`(?::::[\w-]+)?`;
const ARROW = new RegExp(`^(${END})${CLASS}\\s*-->\\s*(${END})${CLASS}\\s*(?::(.*))?$`, 'u');
const NAMED = new RegExp(`^state\\s+"([^"]*)"\\s+as\\s+(${ID})${CLASS}\\s*(\\{)?$`, 'u');
const STATE = new RegExp(
  `^(?:state\\s+)?(${ID})${CLASS}\\s*(<<[a-zA-Z]+>>|\\[\\[[a-zA-Z]+\\]\\]|\\{)?$`,
  'u',
);
const TEXT = new RegExp(`^(${ID})\\s*:(.*)$`, 'u');

/**
 * The statements of a `stateDiagram-v2`, outermost states only.
 *
 * @throws AppError `invalid` `mermaid.malformed` with `details.line`
 */
export function statementsOf(source: string, unmapped: UnmappedList): Statement[] {
  const lines = source.split(/\r?\n/, MOST_LINES + 1);
  if (source.length > MOST_CHARACTERS || lines.length > MOST_LINES) {
    throw malformed(1, `at most ${MOST_CHARACTERS} characters and ${MOST_LINES} lines`);
  }
  const statements: Statement[] = [];
  let expected: 'start' | 'front' | 'header' | 'body' | 'note' | 'block' = 'start';
  let depth = 0;
  const leftOut = (line: number, reason: string): void => {
    unmapped.add(`line:${line}`, reason);
  };
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const text = raw.trim();
    if (expected === 'start' && text === '---') {
      expected = 'front';
    } else if (expected === 'front') {
      if (text === '---') expected = 'header';
      else if (text.startsWith('title:')) {
        statements.push({ line, kind: 'title', text: text.slice(6).trim() });
      } else if (text !== '') leftOut(line, 'configuration of the drawing');
    } else if (expected === 'note') {
      if (text === 'end note') expected = 'body';
    } else if (expected === 'block') {
      if (text.endsWith('{')) depth++;
      if (text === '}') depth--;
      if (depth === 0) expected = 'body';
    } else if (text === '' || text.startsWith('%%')) {
      if (text.startsWith('%%{')) leftOut(line, 'configuration of the drawing');
    } else if (expected !== 'body') {
      if (!/^stateDiagram(-v2)?$/.test(text)) throw malformed(line, 'expected stateDiagram-v2');
      expected = 'body';
    } else if (/^note\s/.test(text)) {
      leftOut(line, 'a note');
      if (!text.includes(':')) expected = 'note';
    } else if (text === '--') {
      leftOut(line, 'states side by side');
    } else if (/^(direction\s|acc(Title|Descr)\s*[:{])/.test(text)) {
      leftOut(line, 'configuration of the drawing');
    } else {
      const arrow = ARROW.exec(text);
      const statement = arrow ? undefined : stateOf(text, line, leftOut);
      if (arrow) {
        const [, from = '', to = '', label = ''] = arrow;
        statements.push({ line, kind: 'arrow', from, to, label: label.trim() });
      } else if (statement === 'block') {
        expected = 'block';
        depth = 1;
        const id = (NAMED.exec(text)?.[2] ?? STATE.exec(text)?.[1]) as string;
        const label = NAMED.exec(text)?.[1];
        statements.push({ line, kind: 'state', id, ...(label === undefined ? {} : { label }) });
      } else if (statement) {
        statements.push(statement);
      } else if (/^(classDef|class|style|click|hide|scale)\b/.test(text)) {
        leftOut(line, 'configuration of the drawing');
      } else {
        throw malformed(line, `cannot be read: ${text.slice(0, 80)}`);
      }
    }
  }
  if (expected !== 'body') throw malformed(lines.length, 'the diagram does not end, or not begin');
  return statements;
}

function stateOf(
  text: string,
  line: number,
  leftOut: (line: number, reason: string) => void,
): Statement | 'block' | undefined {
  const named = NAMED.exec(text);
  if (named) {
    const [, label = '', id = '', opens] = named;
    if (opens === undefined) return { line, kind: 'state', id, label };
    leftOut(line, 'states inside a state');
    return 'block';
  }
  const state = STATE.exec(text);
  if (state) {
    const [, id = '', suffix] = state;
    if (suffix === '{') {
      leftOut(line, 'states inside a state');
      return 'block';
    }
    if (suffix !== undefined) leftOut(line, `${suffix}: it is a state like any other here`);
    return { line, kind: 'state', id };
  }
  const described = TEXT.exec(text);
  if (!described) return undefined;
  const [, id = '', about = ''] = described;
  return { line, kind: 'text', id, text: about.trim() };
}

function malformed(line: number, message: string): Error {
  return invalid('mermaid.malformed', `line ${line}: ${message}`, { details: { line } });
}
