import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

import { parseDefinition } from './definition.js';
import { validateDefinition } from './validate.js';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

const example: unknown = JSON.parse(read('examples/limit-increase.json'));
const guide = read('docs/guides/model-your-own-process.md');

/** The one block of the guide that starts with a text. */
function block(language: string, start: string): string {
  const blocks = [...guide.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  const found = blocks.filter(([, kind, text]) => kind === language && text?.startsWith(start));
  expect(found).toHaveLength(1);
  return found[0]?.[2] ?? '';
}

describe('the guide to a process of your own', () => {
  it('has an example without findings', () => {
    expect(validateDefinition(parseDefinition(example))).toEqual([]);
  });

  it('shows the findings that its broken variant really has', () => {
    const [, from = '', to = ''] = /^sed 's\/([^/]+)\/([^/]+)\/'/m.exec(guide) ?? [];
    const text = read('examples/limit-increase.json');
    const broken = text.replace(from, to);
    expect(broken).not.toBe(text);
    const shown: unknown = JSON.parse(block('json', '{\n  "findings"'));
    expect({ findings: validateDefinition(parseDefinition(JSON.parse(broken))) }).toEqual(shown);
  });

  it('shows what a decimal that is compared as it stands is answered with', () => {
    const text = read('examples/limit-increase.json');
    const bare = text.replace(
      'decimal(context.requestedLimit) > decimal(5000000)',
      'context.requestedLimit > 5000000',
    );
    expect(bare).not.toBe(text);
    const shown: unknown = JSON.parse(block('json', '{\n  "code"'));
    expect(validateDefinition(parseDefinition(JSON.parse(bare)))).toEqual([shown]);
  });

  it('quotes the example as it is', () => {
    const quoted = [...guide.matchAll(/^```json\n(.*?)^```$/gms)]
      .map(([, text = '']) => JSON.parse(text) as object)
      .filter((each) => !('findings' in each || 'code' in each));
    expect(quoted.length).toBeGreaterThan(2);
    const whole = JSON.stringify(example);
    for (const each of quoted) expect(whole).toContain(JSON.stringify(each));
  });
});
