import { invalid } from '@countersign/kernel';

/** A place in the server's transaction log; `commit` and `prepare` differ only in foreign transactions. */
export interface LogPosition {
  readonly commit: bigint;
  readonly prepare: bigint;
}

const POSITION = /^(\d{1,19}):(\d{1,19})$/;

/** The position as callers keep it: `commit:prepare`. */
export function formatPosition({ commit, prepare }: LogPosition): string {
  return `${commit}:${prepare}`;
}

/** @throws AppError `invalid` (`event-store.invalid-position`). */
export function parsePosition(position: string): LogPosition {
  const [, commit, prepare] = POSITION.exec(position) ?? [];
  if (commit === undefined || prepare === undefined) {
    throw invalid('event-store.invalid-position', 'not a position of this event store', {
      details: { position: position.slice(0, 100) },
    });
  }
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
}

/** Negative, zero or positive as `a` lies before, at or after `b`. */
export function compareLogPositions(a: LogPosition, b: LogPosition): number {
  return Number(a.commit - b.commit) || Number(a.prepare - b.prepare);
}

/** The later of two places; undefined is before the first. */
export function later(a: LogPosition | undefined, b: LogPosition | undefined) {
  if (a === undefined || b === undefined) return a ?? b;
  return compareLogPositions(a, b) < 0 ? b : a;
}
