/** Something that another notation has no word for. */
export interface Unmapped {
  /** Where in the source: a JSON pointer, or `line:<number>` of a text. */
  readonly path: string;
  readonly reason: string;
}

const MOST = 1_000;

/** What could not be mapped, up to a thousand places; the last says if there were more. */
export class UnmappedList {
  readonly items: Unmapped[] = [];

  add(path: string, reason: string): void {
    if (this.items.length < MOST) this.items.push({ path, reason });
    else this.items[MOST - 1] = { path: '', reason: 'and more than a thousand places' };
  }
}
