import type { CelNode } from './cel-internals.js';
import { calledName, childrenOf } from './cel-internals.js';
import { parseChecked } from './expression.js';

/** A value that is written out in a condition and can be compared with another one of these. */
export type OutlineConstant = number | string | boolean | null;

/** A part of a condition that is taken as it stands. */
export interface Atom {
  readonly kind: 'atom';
  /** The same for the same expression, however it is spaced. */
  readonly text: string;
  /** What it looks at: `context.x` for a member of a variable, `context` for anything of it. */
  readonly reads: readonly string[];
  /**
   * Present when it compares a term with a constant: `==`, or an order between numbers. The term is `text` without the
   * comparison. A bare selection such as `context.flag` is a term that is compared with true.
   */
  readonly comparison?: {
    readonly term: string;
    readonly op: '==' | '<' | '<=' | '>' | '>=';
    readonly constant: OutlineConstant;
  };
}

/**
 * What a condition is made of. When the condition is true, so is every part of an `and` and one of an `or`; when it is
 * false, so is one part of an `and` and every part of an `or`. Nothing is said about one that cannot be answered.
 */
export type Outline =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'not'; readonly part: Outline; readonly text: string }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Outline[]; readonly text: string }
  | Atom;

/**
 * The outline of a condition, for reasoning about it without values.
 *
 * @throws AppError `invalid` `expression.invalid`, as `compileCondition` does
 */
export function outlineCondition(source: string, variables: readonly string[]): Outline {
  return outline(parseChecked(source, variables), variables);
}

const ORDER = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;
type OrderOp = keyof typeof ORDER;

function outline(node: CelNode, variables: readonly string[]): Outline {
  switch (node.op) {
    case 'value':
      if (typeof node.args === 'boolean') return { kind: 'constant', value: node.args };
      return atom(node, variables);
    case '!_': {
      const part = outline(node.args as CelNode, variables);
      return { kind: 'not', part, text: print(node) };
    }
    case '&&':
    case '||': {
      const kind = node.op === '&&' ? 'and' : 'or';
      const parts = chain(node, node.op).map((part) => outline(part, variables));
      return { kind, parts, text: print(node) };
    }
    case '!=': {
      const [left, right] = node.args as readonly [CelNode, CelNode];
      const equal = compared('==', left, right, variables);
      return equal === undefined
        ? atom(node, variables)
        : { kind: 'not', part: equal, text: print(node) };
    }
    case '==':
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const [left, right] = node.args as readonly [CelNode, CelNode];
      return compared(node.op, left, right, variables) ?? atom(node, variables);
    }
    case 'in':
      return membership(node, variables) ?? atom(node, variables);
    case '.':
    case '[]': {
      const bare = atom(node, variables);
      return { ...bare, comparison: { term: bare.text, op: '==', constant: true } };
    }
    default:
      return atom(node, variables);
  }
}

/** The sides of `a && b && c`, however they are bracketed. */
function chain(node: CelNode, op: string): CelNode[] {
  if (node.op !== op) return [node];
  return (node.args as readonly CelNode[]).flatMap((side) => chain(side, op));
}

function compared(
  op: '==' | OrderOp,
  left: CelNode,
  right: CelNode,
  variables: readonly string[],
): Atom | undefined {
  const [before, behind] = [constantOf(left), constantOf(right)];
  if ((before === undefined) === (behind === undefined)) return undefined;
  const [term, constant] = behind === undefined ? [right, before] : [left, behind];
  const turned = behind === undefined && op !== '==' ? ORDER[op] : op;
  if (constant === undefined || (turned !== '==' && typeof constant !== 'number')) return undefined;
  const text = print(term);
  const reads = readsOf(term, variables);
  const comparison = { term: text, op: turned, constant };
  return { kind: 'atom', text: `${text} ${turned} ${JSON.stringify(constant)}`, reads, comparison };
}

/** `term in [1, 2]` is `term == 1 || term == 2`. */
function membership(node: CelNode, variables: readonly string[]): Outline | undefined {
  const [term, list] = node.args as readonly [CelNode, CelNode];
  if (list.op !== 'list') return undefined;
  const parts = (list.args as readonly CelNode[]).map((element) =>
    compared('==', term, element, variables),
  );
  const equal = parts.filter((part) => part !== undefined);
  if (equal.length < parts.length || equal.length === 0) return undefined;
  return { kind: 'or', parts: equal, text: print(node) };
}

/** Digits that a double tells apart in every decimal. */
const EXACT_DIGITS = 15;

/** A literal whose comparison with others is that of JavaScript; undefined for any other node. */
function constantOf(node: CelNode): OutlineConstant | undefined {
  if (node.op === '-_') {
    const positive = constantOf(node.args as CelNode);
    return typeof positive === 'number' ? 0 - positive : undefined;
  }
  if (node.op === 'call' && calledName(node) === 'decimal') {
    const [argument] = childrenOf(node);
    if (argument?.op !== 'value') return undefined;
    if (typeof argument.args !== 'string') return constantOf(argument);
    const digits = argument.args.replace(/\D/g, '').length;
    return digits > EXACT_DIGITS ? undefined : Number(argument.args) + 0;
  }
  if (node.op !== 'value') return undefined;
  const value = node.args;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : undefined;
  }
  if (typeof value === 'number') return value + 0;
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  return undefined;
}

function atom(node: CelNode, variables: readonly string[]): Atom {
  return { kind: 'atom', text: print(node), reads: readsOf(node, variables) };
}

/** Every member of a variable that an expression may look at; the whole of it where that is not plain to see. */
export function readsOf(root: CelNode, variables: readonly string[]): readonly string[] {
  const reads = new Set<string>();
  const visit = (node: CelNode): void => {
    const [container, key] = Array.isArray(node.args) ? (node.args as unknown[]) : [];
    if (isVariable(container)) {
      const member = memberOf(node.op, key);
      if (member !== undefined) {
        reads.add(`${container.args}.${member}`);
        return;
      }
    }
    if (isVariable(node)) reads.add(node.args);
    for (const child of childrenOf(node)) visit(child);
  };
  const isVariable = (node: unknown): node is CelNode & { readonly args: string } =>
    typeof node === 'object' &&
    node !== null &&
    (node as CelNode).op === 'id' &&
    variables.includes((node as CelNode).args as string);
  visit(root);
  return [...reads];
}

function memberOf(op: string, key: unknown): string | undefined {
  if (op === '.' || op === '.?') return key as string;
  if (op !== '[]' && op !== '[?]') return undefined;
  const { op: keyOp, args } = key as CelNode;
  return keyOp === 'value' && typeof args === 'string' ? args : undefined;
}

/** The tree as text: equal for equal trees, and for no others. */
export function print(node: CelNode): string {
  switch (node.op) {
    case 'value':
      return printValue(node.args);
    case 'id':
      return node.args as string;
    case '.':
    case '.?': {
      const [container, key] = node.args as readonly [CelNode, string];
      return `${print(container)}${node.op}${key}`;
    }
    case 'call':
    case 'rcall':
      return `${node.op === 'call' ? '' : '.'}${calledName(node) ?? ''}(${printAll(node)})`;
    default:
      return `(${node.op} ${printAll(node)})`;
  }
}

const printAll = (node: CelNode): string => childrenOf(node).map(print).join(', ');

function printValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isInteger(value) ? `${value}.0` : String(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof Uint8Array) return `b${JSON.stringify([...value])}`;
  const { value: inner } = value as { readonly value?: unknown };
  return typeof inner === 'bigint' ? `${inner}u` : `#${JSON.stringify(value)}`;
}
