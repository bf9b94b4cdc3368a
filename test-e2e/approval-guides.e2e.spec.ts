import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { TestSystem } from './src/system.js';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** A block of commands, with the lines that the guide says to look for in what they print. */
interface Step {
  readonly heading: string;
  readonly commands: string;
  readonly look: readonly string[];
}

const PIECES = /^## (?<heading>[^\n]*)$|^```(?<kind>sh|text)\n(?<text>.*?)^```$/gms;

function stepsOf(guide: string): Step[] {
  const steps: Step[] = [];
  let under = '';
  for (const { groups = {} } of guide.matchAll(PIECES)) {
    const { heading, kind, text = '' } = groups;
    if (heading !== undefined) under = heading;
    else if (kind === 'sh') steps.push({ heading: under, commands: text, look: [] });
    else steps.push({ ...(steps.pop() as Step), look: text.trim().split('\n') });
  }
  return steps;
}

/** Pastes the blocks into one shell, one after the other. Answers what each of them printed. */
async function paste(blocks: readonly string[], env: Record<string, string>) {
  const mark = '--- the next block ---';
  const shell = spawn('bash', ['-s'], { cwd: ROOT, env: { ...process.env, ...env } });
  const out = { printed: '', complaints: '' };
  shell.stdout.on('data', (chunk: Buffer) => (out.printed += chunk.toString()));
  shell.stderr.on('data', (chunk: Buffer) => (out.complaints += chunk.toString()));
  const ended = new Promise((resolve) => shell.once('close', resolve));
  shell.stdin.end(blocks.map((block) => `${block}\necho '${mark}'\n`).join(''));
  await ended;
  return { printed: out.printed.split(mark), complaints: out.complaints };
}

/** In the order in which somebody reads them: the second one goes on in the shell of the first. */
const DOCUMENTS = ['docs/guides/four-eyes-in-ten-minutes.md', 'docs/audit-evidence.md'];

describe('the guides to approvals', () => {
  let system: TestSystem;
  let temporary: string;

  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'countersign-guide-'));
    system = await TestSystem.start();
  }, 120_000);

  afterAll(async () => {
    await system.stop();
    await rm(temporary, { recursive: true, force: true });
  }, 120_000);

  const pasted = (blocks: readonly string[]) =>
    paste(
      blocks.map((block) =>
        block.replaceAll('http://localhost:8080', system.base).replaceAll('/tmp/', `${temporary}/`),
      ),
      {
        NATS_PORT: new URL(system.nats.url).port,
        PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
        TMPDIR: temporary,
        NODE_OPTIONS: '',
      },
    );

  it('print what they say, block by block', async () => {
    const texts = await Promise.all(DOCUMENTS.map((path) => readFile(join(ROOT, path), 'utf8')));
    const steps = texts.flatMap(stepsOf);
    expect(steps.length).toBeGreaterThan(20);
    expect(texts[0]).toContain('http://localhost:8080');
    const { printed, complaints } = await pasted(steps.map(({ commands }) => commands));
    expect(complaints).toBe('');
    for (const [index, { heading, look }] of steps.entries()) {
      let rest = printed[index] ?? '';
      for (const line of look) {
        const at = rest.indexOf(line);
        if (at < 0) throw new Error(`${heading}: no ${line} in ${printed[index] ?? 'nothing'}`);
        rest = rest.slice(at + line.length);
      }
    }
  }, 180_000);

  it('are led to by a README that can be pasted', async () => {
    const steps = stepsOf(await readFile(join(ROOT, 'README.md'), 'utf8'));
    const blocks = steps
      .map(({ commands }) => commands.replaceAll('sleep 1', 'sleep 4'))
      .filter((block) => block !== 'npm start\n');
    const { printed } = await pasted(blocks);
    const about = (command: string) => printed[blocks.findIndex((each) => each.includes(command))];
    expect(about('category=triggerfiring')).toContain('"type":"trigger.event-ignored"');
    expect(about('approve $DAVE')).toMatch(
      /"IN_PROGRESS".*"approval.already-decided".*"status":"APPROVED"/s,
    );
    expect(about('/transitions')).toMatch(/"status":"COMPLETED".*"type":"approval.granted"/s);
    expect(about('broken.json')).toContain('"code":"message.malformed-json"');
    expect(about('OVERRIDES=')).toMatch(/"status":"ACTIVE".*"approvalId"/);
  }, 60_000);

  it("have policies that may be asked for, but for those that say that they are a transition's", async () => {
    const guide = await readFile(join(ROOT, 'docs/guides/approval-policies.md'), 'utf8');
    const alice = await system.as('alice');
    const found = [...guide.matchAll(/(?<before>.*?)^```json\n(?<text>.*?)^```$/gms)]
      .map(({ groups: { before = '', text = '' } = {} }) => ({
        before,
        policy: JSON.parse(text) as object,
      }))
      .filter(({ policy }) => !('timeZone' in policy));
    const asked = await Promise.all(
      found.map(async ({ before, policy }) => {
        const request = { policy, subject: { amount: '5.00' }, reason: 'a try' };
        const { status } = await alice.post('/approvals', request);
        const paragraph = before.trimEnd().split('\n\n').at(-1) ?? '';
        return [status, paragraph.toLowerCase().includes("**for a workflow's transition**")];
      }),
    );
    expect(asked.filter(([, transition]) => transition)).toEqual(Array(3).fill([422, true]));
    expect(asked.filter(([, transition]) => !transition)).toEqual(Array(6).fill([201, false]));
  });
});
