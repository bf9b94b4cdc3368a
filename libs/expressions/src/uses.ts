import { calledName, type CelNode, childrenOf } from './cel-internals.js';
import { parseExpression } from './expression.js';
import { isLoop } from './inspect.js';
import { print, readsOf } from './outline.js';

/** What a field holds; `decimal` is a number or a text, as the sender likes. */
export type FieldKind = 'string' | 'number' | 'decimal' | 'boolean' | 'object' | 'list';

/** What a value is; `exact` is what `decimal()` makes. */
export type ValueKind = FieldKind | 'exact';

/** An operation on fields that cannot be meant. */
export interface Misuse {
  /**
   * `fails`: whenever it is evaluated. `decimal`: with a decimal that is a text it fails or means something else.
   * `never-equal`: values of these kinds are never equal.
   */
  readonly outcome: 'fails' | 'decimal' | 'never-equal';
  readonly message: string;
}

/** What an expression does with its variables. */
export interface Uses {
  /** The members it looks at, as `context.x`; `context` for anything of it. */
  readonly reads: readonly string[];
  readonly misuses: readonly Misuse[];
  /** What its value is, where that is certain. */
  readonly kind: ValueKind | undefined;
}

/**
 * Looks at an expression as far as it uses fields directly: no finding does not mean that it cannot fail, but a misuse
 * is one for all values that fit the fields.
 *
 * @param fields what members of the variables hold, by `context.x`; of others nothing is known
 * @throws AppError `invalid` `expression.invalid`, as `compileExpression` does
 */
export function usesOf(
  source: string,
  variables: readonly string[],
  fields: ReadonlyMap<string, FieldKind>,
): Uses {
  const root = parseExpression(source, variables);
  const reads = readsOf(root, variables);
  // A loop may call its element by the name of a variable.
  if (shadows(root, variables)) return { reads, misuses: [], kind: undefined };
  const misuses: Misuse[] = [];
  const kind = new Reader(variables, fields, misuses).kindOf(root);
  return { reads, misuses, kind };
}

function shadows(node: CelNode, variables: readonly string[]): boolean {
  const children = childrenOf(node);
  const named = children[1];
  if (isLoop(node) && named?.op === 'id' && variables.includes(named.args as string)) return true;
  return children.some((child) => shadows(child, variables));
}

type Operand = readonly [CelNode, ValueKind | undefined];

/** What a decimal may be meant to be compared or reckoned with. */
const SCALARS: readonly ValueKind[] = ['number', 'exact', 'decimal', 'string'];

/** Kinds that operators take together. */
const family = (kind: ValueKind): string => (kind === 'exact' ? 'number' : kind);

class Reader {
  constructor(
    private readonly variables: readonly string[],
    private readonly fields: ReadonlyMap<string, FieldKind>,
    private readonly misuses: Misuse[],
  ) {}

  /** The kind of a node; what is wrong with it and below it is noted. */
  kindOf(node: CelNode): ValueKind | undefined {
    const operands = childrenOf(node).map((child): Operand => [child, this.kindOf(child)]);
    switch (node.op) {
      case 'value':
        return kindOfLiteral(node.args);
      case 'list':
        return 'list';
      case 'map':
        return 'object';
      case '.':
      case '.?':
      case '[]':
      case '[?]':
        return this.#member(node, operands);
      case '<':
      case '<=':
      case '>':
      case '>=':
        this.#together(node.op, operands);
        return 'boolean';
      case '==':
      case '!=':
        this.#equal(operands);
        return 'boolean';
      case 'in':
        this.#among(operands);
        return 'boolean';
      case '+':
        return this.#sum(node.op, operands, ['number', 'exact', 'decimal', 'string', 'list']);
      case '-':
      case '*':
      case '/':
      case '%':
      case '-_':
        return this.#sum(node.op, operands, ['number', 'exact', 'decimal']);
      case '&&':
      case '||':
      case '!_':
        this.#only(node.op, operands, ['boolean']);
        return 'boolean';
      case '?:':
        this.#only(node.op, operands.slice(0, 1), ['boolean']);
        return commonKind(operands.slice(1));
      case 'call':
      case 'rcall':
        return this.#call(node, operands);
      default:
        return undefined;
    }
  }

  #member(node: CelNode, [container]: readonly Operand[]): ValueKind | undefined {
    const [read, ...others] = readsOf(node, this.variables);
    const field = read === undefined || others.length > 0 ? undefined : this.fields.get(read);
    const root = childrenOf(node)[0]?.op === 'id';
    if (root) return node.op === '.' || node.op === '[]' ? field : undefined;
    if (container && (node.op === '.' || node.op === '[]')) {
      this.#only(node.op, [container], ['object', 'list']);
    }
    return undefined;
  }

  #call(node: CelNode, operands: readonly Operand[]): ValueKind | undefined {
    const name = calledName(node) ?? '';
    if (node.op === 'rcall') {
      this.#only(`.${name}()`, operands.slice(0, 1), ['string', 'decimal', 'object', 'list']);
      return undefined;
    }
    switch (name) {
      case 'decimal':
        this.#only('decimal()', operands, ['number', 'exact', 'decimal', 'string']);
        return 'exact';
      case 'size':
        this.#only('size()', operands, ['string', 'decimal', 'object', 'list']);
        return 'number';
      case 'string':
        return 'string';
      case 'int':
      case 'double':
        return 'number';
      case 'has':
        return 'boolean';
      default:
        return undefined;
    }
  }

  /** What an operator makes of operands of certain kinds, which have to be of one family. */
  #sum(
    operator: string,
    operands: readonly Operand[],
    kinds: readonly ValueKind[],
  ): ValueKind | undefined {
    const fine = this.#only(operator, operands, kinds) && this.#together(operator, operands);
    return fine ? commonKind(operands) : undefined;
  }

  /** Whether no operand is of another kind than an operator takes. */
  #only(operator: string, operands: readonly Operand[], kinds: readonly ValueKind[]): boolean {
    const wrong = operands.find(([, kind]) => kind !== undefined && !kinds.includes(kind));
    if (wrong) this.#note('fails', `${said(wrong)}: ${operator} fails`);
    return wrong === undefined;
  }

  /** Whether operands may be of one family, as an operator needs them. */
  #together(operator: string, operands: readonly Operand[]): boolean {
    const known = operands.filter(([, kind]) => kind !== undefined);
    const decimal = known.find(([, kind]) => kind === 'decimal');
    if (decimal && known.every(([, kind]) => SCALARS.includes(kind as ValueKind))) {
      this.#decimal(operator, decimal);
      return false;
    }
    const [left, right] = known;
    if (left === undefined || right === undefined) return true;
    if (family(left[1] as ValueKind) === family(right[1] as ValueKind)) return true;
    this.#note('fails', `${said(left)} and ${said(right)}: ${operator} fails`);
    return false;
  }

  #equal([left, right]: readonly Operand[]): void {
    if (left?.[1] === undefined || right?.[1] === undefined) return;
    const [a, b] = [left[1], right[1]];
    const decimal = [left, right].find(([, kind]) => kind === 'decimal');
    const families = new Set([family(a), family(b)]);
    if (decimal && [a, b].every((kind) => SCALARS.includes(kind))) {
      this.#decimal('==', decimal);
    } else if (families.size > 1) {
      const fails = families.has('string') && [a, b].includes('exact');
      const what = fails ? '== fails' : 'they are never equal';
      this.#note(fails ? 'fails' : 'never-equal', `${said(left)} and ${said(right)}: ${what}`);
    }
  }

  /** `x in [a, b]` compares with each. */
  #among([value, list]: readonly Operand[]): void {
    if (value === undefined || list?.[0].op !== 'list') return;
    const elements = childrenOf(list[0]).map((node): Operand => [
      node,
      new Reader(this.variables, this.fields, []).kindOf(node),
    ]);
    const kinds = new Set(elements.map(([, kind]) => kind));
    if (kinds.size === 1) this.#equal([value, elements[0] as Operand]);
  }

  #decimal(operator: string, [node]: Operand): void {
    const text = shortened(node);
    this.#note(
      'decimal',
      `${text} is a decimal, which may be a text that ${operator} does not take for a number: write decimal(${text})`,
    );
  }

  #note(outcome: Misuse['outcome'], message: string): void {
    this.misuses.push({ outcome, message });
  }
}

/** The kind that all operands have; of a number and an exact one, the exact one. */
function commonKind(operands: readonly Operand[]): ValueKind | undefined {
  const kinds = new Set(operands.map(([, kind]) => kind));
  const [kind] = kinds;
  if (kinds.size === 1) return kind === 'decimal' ? undefined : kind;
  const exact = kinds.size === 2 && kinds.has('number') && kinds.has('exact');
  return exact ? 'exact' : undefined;
}

function kindOfLiteral(value: unknown): ValueKind | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return typeof value as 'string' | 'boolean';
    case 'number':
    case 'bigint':
      return 'number';
    default:
      return undefined;
  }
}

const MOST_SHOWN = 60;

function shortened(node: CelNode): string {
  const text = print(node);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 1)}…` : text;
}

function said([node, kind]: Operand): string {
  const article = kind === 'object' || kind === 'exact' ? 'an' : 'a';
  return `${shortened(node)} is ${article} ${kind === 'exact' ? 'exact number' : (kind ?? 'value')}`;
}
