import type { Outline } from '@countersign/expressions';

import type { Formula } from './facts.js';

interface Cell {
  readonly kind: 'term' | 'truth' | 'whole';
  readonly text: string;
  readonly reads: readonly string[];
}

const MEMBER = /^(context|input)\.[^.()[\]]+$/;

/** Numbers the terms and parts that conditions are made of, so that equal ones of different conditions are one. */
export class Cells {
  readonly #numbers = new Map<string, number>();
  readonly #cells: Cell[] = [];

  /** A condition in terms of cells. */
  formula(outline: Outline): Formula {
    switch (outline.kind) {
      case 'constant':
        return outline;
      case 'not':
        return { kind: 'not', part: this.formula(outline.part) };
      case 'and':
      case 'or': {
        const parts = outline.parts.map((part) => this.formula(part));
        const cell = this.#number('whole', outline.text, readsOf(outline));
        return { kind: outline.kind, parts, cell };
      }
      case 'atom': {
        const { comparison, text, reads } = outline;
        if (comparison === undefined) {
          return { kind: 'cell', cell: this.#number('truth', text, reads) };
        }
        return { kind: 'cell', cell: this.#number('term', comparison.term, reads), comparison };
      }
    }
  }

  /** What a cell looks at: `context.x`, or `context` for anything of it. */
  reads(cell: number): readonly string[] {
    return this.#cells[cell]?.reads ?? [];
  }

  /** Whether a cell says nothing beyond the moment: what a caller sends is gone with the move. */
  passing(cell: number): boolean {
    return this.reads(cell).some((read) => read === 'input' || read.startsWith('input.'));
  }

  /** Whether each of these terms can have any value, whatever the others have. */
  independent(cells: Iterable<number>): boolean {
    for (const number of cells) {
      const cell = this.#cells[number];
      // What is known of a whole has been made true part by part.
      if (cell?.kind === 'whole') continue;
      if (cell?.kind !== 'term' || !MEMBER.test(cell.text)) return false;
    }
    return true;
  }

  #number(kind: Cell['kind'], text: string, reads: readonly string[]): number {
    const key = `${kind} ${text}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#cells.length;
    this.#numbers.set(key, number);
    this.#cells.push({ kind, text, reads });
    return number;
  }
}

function readsOf(outline: Outline): readonly string[] {
  switch (outline.kind) {
    case 'constant':
      return [];
    case 'not':
      return readsOf(outline.part);
    case 'atom':
      return outline.reads;
    default:
      return [...new Set(outline.parts.flatMap(readsOf))];
  }
}
