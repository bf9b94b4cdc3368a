import { notFound } from '@countersign/kernel';
import { z } from 'zod';

const Uuid = z.uuid();

/**
 * An id from a path, in the form that streams and tables use.
 *
 * @throws AppError `not-found` with the given code: what is no id cannot name anything.
 */
export function pathId(text: string, code: string): string {
  if (!Uuid.safeParse(text).success) throw notFound(code, 'there is nothing with this id');
  return text.toLowerCase();
}
