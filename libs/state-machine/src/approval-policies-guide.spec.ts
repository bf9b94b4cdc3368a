import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

import { addBusinessDuration, ApprovalPolicy, Calendar, POLICY_MEMBERS } from './index.js';

const url = new URL('../../../docs/guides/approval-policies.md', import.meta.url);
const guide = readFileSync(url, 'utf8');
const blocks = [...guide.matchAll(/^```json\n(.*?)^```$/gms)].map(
  ([, text = '']) => JSON.parse(text) as Record<string, unknown>,
);

describe('the guide to approval policies', () => {
  it('has an example of every member, each of them a policy', () => {
    const policies = blocks.filter((each) => !('timeZone' in each));
    for (const policy of policies) expect(() => ApprovalPolicy.parse(policy)).not.toThrow();
    const members = new Set(policies.flatMap(Object.keys));
    const left = POLICY_MEMBERS.filter((member) => !members.has(member));
    expect(left).toEqual(['quorum/percent']);
    expect(guide).toContain('"percent"');
  });

  it('tells the times of its calendar as they are', () => {
    const calendar = Calendar.parse(blocks.find((each) => 'timeZone' in each));
    const table = [...guide.matchAll(/^\| `(P\w+)` +\| \w+ (\d+)( December)?, (\d\d:\d\d) +\|$/gm)];
    expect(table).toHaveLength(4);
    for (const [, duration = '', day = '', december, time = ''] of table) {
      const date = `2026-${december === undefined ? '11' : '12'}-${day.padStart(2, '0')}`;
      const friday = new Date('2026-11-27T16:00:00Z');
      expect(addBusinessDuration(friday, duration, calendar).toISOString()).toBe(
        `${date}T${time}:00.000Z`,
      );
    }
  });
});
