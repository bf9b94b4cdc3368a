import { z } from 'zod';

import { FieldName } from './names.js';

/** Members of one such object. */
export const MOST_FIELDS = 50;

/** CEL source. */
export const ExpressionText = z.string().min(1).max(8_192);

/** Members of an object and the CEL expression of each. */
export const ExpressionMap = z
  .record(FieldName, ExpressionText)
  .refine((fields) => Object.keys(fields).length <= MOST_FIELDS, `at most ${MOST_FIELDS} members`);
