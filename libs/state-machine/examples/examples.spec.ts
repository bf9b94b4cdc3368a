import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fileURLToPath } from 'node:url';

const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  jest.spyOn(console, 'log').mockImplementation((...parts: unknown[]) => {
    lines.push(parts.map(String).join(' '));
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

async function run(name: string): Promise<string> {
  await import(fileURLToPath(new URL(name, import.meta.url)));
  return lines.join('\n');
}

describe('the examples run and say', () => {
  it('expense: who is paid', async () => {
    expect(await run('expense.mjs')).toContain(
      [
        'small is paid at once: true',
        'large is paid at once: false',
        'large without approval: false',
        'large with approval: true',
        'errors: 0',
        'stateDiagram-v2',
      ].join('\n'),
    );
  });

  it('settlement: how it goes', async () => {
    expect(await run('settlement.mjs')).toBe(
      [
        'remind is due after 4 hours',
        'a wrong amount: condition-false',
        'instructed -> matched (match) []',
        'gives up: {"afterMs":172800000,"to":"failed"}',
        'matched -> settled (settle) [{"event":"settled","payload":{"trade":"T-1"}}]',
        'outcome: completed {"tradeId":"T-1","amount":"1000.00","reminders":0,"confirmedBy":"bank-b"}',
      ].join('\n'),
    );
  });

  it('interchange: what is lost', async () => {
    const said = await run('interchange.mjs');
    expect(said).toContain('"path": "line:7"');
    expect(said).toContain('"path": "line:8"');
    expect(said).toContain('errors: []');
    expect(said).toContain('as XState: {"grant":[{"target":"Granted"');
    expect(said).toContain('/transitions/2/requiresApproval');
    expect(said).toContain('schema: urn:countersign:template.json');
  });
});
