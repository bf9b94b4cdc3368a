import type { Cells } from './cells.js';
import type { Formula } from './facts.js';
import type { Move } from './model.js';

/** Cells that are followed at most; the others are forgotten at once, which is never wrong. */
const MOST_FOLLOWED = 512;

/**
 * Which cells are worth knowing in which state: those that some move further on asks about before they may have changed.
 * Whatever else is known is forgotten, so that places which differ in nothing that matters are the same place.
 */
export class UsefulCells {
  /** Bits of the cells, by cell. */
  readonly #bits = new Map<number, number>();
  readonly #words: number;
  readonly #live = new Map<string, Uint32Array>();

  constructor(
    private readonly cells: Cells,
    moves: readonly Move[],
  ) {
    const asked = moves.map((move) => this.#asked(move));
    this.#words = Math.ceil(this.#bits.size / 32);
    for (const [index, { from }] of moves.entries()) {
      const live = this.#of(from);
      for (const bit of asked[index] ?? [])
        live[bit >> 5] = (live[bit >> 5] ?? 0) | (1 << (bit & 31));
    }
    this.#spread(moves);
  }

  /** Whether a fact about a cell is kept by an instance that came to a state by this move. */
  keeps({ to, assigns }: Move, cell: number): boolean {
    const bit = this.#bits.get(cell);
    if (bit === undefined) return false;
    const word = this.#live.get(to)?.[bit >> 5] ?? 0;
    return (word & (1 << (bit & 31))) !== 0 && !changes(this.cells, assigns, cell);
  }

  /** Whether anything is worth knowing in a state. */
  any(state: string): boolean {
    return this.#live.get(state)?.some((word) => word !== 0) ?? false;
  }

  #asked({ assumptions }: Move): number[] {
    return assumptions
      .flatMap(([formula]) => cellsOf(formula))
      .flatMap((cell) => {
        if (this.cells.passing(cell)) return [];
        const known = this.#bits.get(cell);
        if (known !== undefined) return [known];
        if (this.#bits.size >= MOST_FOLLOWED) return [];
        this.#bits.set(cell, this.#bits.size);
        return [this.#bits.size - 1];
      });
  }

  #of(state: string): Uint32Array {
    const known = this.#live.get(state);
    if (known) return known;
    const fresh = new Uint32Array(this.#words);
    this.#live.set(state, fresh);
    return fresh;
  }

  /** Backwards along the moves, until nothing is added. */
  #spread(moves: readonly Move[]): void {
    const into = Map.groupBy(moves, ({ to }) => to);
    const kept = new Map(moves.map((move) => [move, this.#unchanged(move)]));
    const pending = new Set(this.#live.keys());
    for (const state of pending) {
      pending.delete(state);
      const live = this.#of(state);
      for (const move of into.get(state) ?? []) {
        const before = this.#of(move.from);
        const mask = kept.get(move);
        let added = false;
        for (let word = 0; word < this.#words; word++) {
          const old = before[word] ?? 0;
          const now = (old | ((live[word] ?? 0) & (mask?.[word] ?? -1))) >>> 0;
          if (now === old) continue;
          before[word] = now;
          added = true;
        }
        if (added) pending.add(move.from);
      }
    }
  }

  /** The cells that a move leaves as they are; undefined when it leaves all. */
  #unchanged({ assigns }: Move): Uint32Array | undefined {
    if (assigns.size === 0) return undefined;
    const mask = new Uint32Array(this.#words).fill(-1);
    for (const [cell, bit] of this.#bits) {
      if (changes(this.cells, assigns, cell)) {
        mask[bit >> 5] = (mask[bit >> 5] ?? 0) & ~(1 << (bit & 31));
      }
    }
    return mask;
  }
}

/** Whether a cell may have another value after actions that set these members. */
export function changes(cells: Cells, assigns: ReadonlySet<string>, cell: number): boolean {
  if (cells.passing(cell)) return true;
  if (assigns.size === 0) return false;
  return cells.reads(cell).some((read) => read === 'context' || assigns.has(read));
}

function cellsOf(formula: Formula): number[] {
  switch (formula.kind) {
    case 'constant':
      return [];
    case 'not':
      return cellsOf(formula.part);
    case 'cell':
      return [formula.cell];
    default:
      return [formula.cell, ...formula.parts.flatMap(cellsOf)];
  }
}
