import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

interface DevUser {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
}

/**
 * What a newcomer needs once the system is ready: where it is, who may sign in, and one command
 * to paste.
 */
export async function welcome(baseUrl: string): Promise<string> {
  const users = await developmentUsers(baseUrl);
  const width = Math.max(0, ...users.map(({ id }) => id.length));
  const nameWidth = Math.max(0, ...users.map(({ name }) => name.length));
  const people = users.map(
    ({ id, name, roles }) =>
      `  ${id.padEnd(width)}  ${name.padEnd(nameWidth)}  ${roles.join(', ')}`,
  );
  const [first] = users;
  return [
    `Countersign is ready: ${baseUrl}`,
    ...(people.length > 0 ? ['', 'Development users (no password):', ...people] : []),
    ...(first === undefined ? [] : ['', 'Start a workflow:', '', tryThis(baseUrl, first.id)]),
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}

/** None when the system refuses to name them, as it does in production. */
async function developmentUsers(baseUrl: string): Promise<DevUser[]> {
  try {
    const response = await fetch(`${baseUrl}/api/v1/dev/users`);
    if (!response.ok) return [];
    return ((await response.json()) as { items: DevUser[] }).items;
  } catch {
    return [];
  }
}

function tryThis(baseUrl: string, user: string): string {
  const api = `${baseUrl}/api/v1`;
  const who = JSON.stringify({ user });
  const what = JSON.stringify({
    template: 'trade_approval',
    context: {
      tradeId: 'T-1',
      notional: '2500000.00',
      currency: 'EUR',
      desk: 'rates',
      counterparty: 'Example Bank',
    },
  });
  const json = `-H 'content-type: application/json'`;
  if (onPath('curl')) {
    return [
      `TOKEN=$(curl -s ${api}/dev/token ${json} -d '${who}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/'); \\`,
      `curl -s ${api}/workflows -H "authorization: Bearer $TOKEN" ${json} \\`,
      `  -d '${what}'`,
    ].join('\n');
  }
  // A fresh Debian has no curl, but whoever reads this has Node.
  return [
    `node -e 'const post = async (path, body, token) => (await fetch("${api}" + path, { method: "POST",`,
    `  headers: { "content-type": "application/json", ...(token && { authorization: "Bearer " + token }) },`,
    `  body: JSON.stringify(body) })).json();`,
    `post("/dev/token", ${who}).then(({ token }) => post("/workflows",`,
    `  ${what}, token)).then(console.log)'`,
  ].join('\n');
}

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}
