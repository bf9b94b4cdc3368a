import { readdirSync, readFileSync } from 'node:fs';

import { statusOfCode } from '../src/http/problem.js';

const ROOT = new URL('../../../', import.meta.url);

const statuses: Readonly<Record<string, string>> = {
  invalid: '400',
  unauthenticated: '401',
  forbidden: '403',
  notFound: '404',
  'not-found': '404',
  conflict: '409',
  rule: '422',
  unavailable: '503',
};

const CODE = String.raw`'([a-z-]+\.[a-z-]+)'`;
/** `rule('a.b'`, and `'rule', 'a.b'` of a constructor. */
const BY_KIND = [
  new RegExp(String.raw`\b(${Object.keys(statuses).join('|')})\(\s*${CODE}`, 'g'),
  new RegExp(String.raw`'(${Object.keys(statuses).join('|')})',\s*(?:code: )?${CODE}`, 'g'),
];
/** What describes the codes is what is being checked. */
const DESCRIPTION = /shared-errors\.ts$/;
const OPERATION = /@Operation\(\{[\s\S]*?\}\)\n/g;

const ANY = new RegExp(CODE, 'g');

/**
 * The error codes in the product's sources, with the statuses that they are sent with; none where a
 * code stands without its kind, as in `parseInput(schema, input, 'a.b')`.
 */
export function codesInSources(): ReadonlyMap<string, ReadonlySet<string>> {
  const codes = new Map<string, Set<string>>();
  const note = (code = '', status?: string) => {
    const known = codes.get(code) ?? new Set();
    codes.set(code, status === undefined ? known : known.add(status));
  };
  for (const text of sources()) {
    for (const [, code] of text.matchAll(ANY)) note(code);
    for (const pattern of BY_KIND) {
      for (const [, kind = '', code = ''] of text.matchAll(pattern)) {
        note(code, String(statusOfCode[code] ?? statuses[kind]));
      }
    }
  }
  return codes;
}

function* sources(): Generator<string> {
  for (const top of ['libs', 'services']) {
    const folder = new URL(`${top}/`, ROOT);
    for (const name of readdirSync(folder)) {
      const src = new URL(`${name}/src/`, folder);
      for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
        if (!file.endsWith('.ts') || file.endsWith('.spec.ts') || DESCRIPTION.test(file)) continue;
        yield readFileSync(new URL(file, src), 'utf8').replaceAll(OPERATION, '');
      }
    }
  }
}
