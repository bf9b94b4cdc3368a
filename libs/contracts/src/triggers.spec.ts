import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';

import { Trigger } from './triggers.js';

describe('the documentation of triggers', () => {
  it('names the members of each type, and which are needed', async () => {
    const text = await readFile(new URL('../../../docs/triggers.md', import.meta.url), 'utf8');
    const namesIn = (cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort();
    const rows = [...text.matchAll(/^\| `([A-Z]+)` +\|(.*`name`.*)\|(.*)\|$/gm)];
    const documented = rows.map(([, type, needed, optional]) => ({
      type,
      needed: namesIn(needed),
      optional: namesIn(optional),
    }));
    const declared = Trigger.options.map(({ shape }) => {
      const members = Object.entries<z.ZodType>(shape);
      const isOptional = ([, schema]: (typeof members)[number]) =>
        schema.safeParse(undefined).success;
      return {
        type: shape.type.value,
        needed: members
          .filter((each) => !isOptional(each))
          .map(([name]) => name)
          .sort(),
        optional: members
          .filter(isOptional)
          .map(([name]) => name)
          .sort(),
      };
    });
    expect(documented).toEqual(declared);
  });
});
