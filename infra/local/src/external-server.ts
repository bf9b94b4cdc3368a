import { connect } from 'node:net';
import { ServerError } from '@countersign/servers';

const ANSWER_WITHIN_MS = 5_000;

/**
 * Checks that a server that somebody else runs can be reached, so that a wrong address is one
 * sentence at once and not a stack trace of some client later.
 *
 * @param variable the environment variable that named it, for the message.
 * @throws ServerError when the address is no address or nothing accepts connections there.
 */
export async function checkReachable(
  variable: string,
  address: string,
  defaultPort: number,
): Promise<void> {
  // Several servers may be listed; any client needs the first one to be well formed at least.
  const [first = ''] = address.split(',');
  if (!URL.canParse(first)) {
    throw new ServerError(`${variable} is not an address like scheme://host:port.`);
  }
  const { hostname, port } = new URL(first);
  const host = hostname.replace(/^\[|\]$/g, '') || '127.0.0.1';
  // A list is the client's to work through: the first one may be down.
  if (address.includes(',')) return;
  const reason = await refusal(host, Number(port) || defaultPort);
  if (reason !== undefined) {
    throw new ServerError(
      `${variable} names ${hostname}:${port || defaultPort}, where no server answers (${reason}).`,
    );
  }
}

function refusal(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (reason?: string) => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(ANSWER_WITHIN_MS, () => {
      finish('no answer in time');
    });
    socket.once('connect', () => {
      finish();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      finish(error.code ?? error.message);
    });
  });
}
