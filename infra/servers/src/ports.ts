import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerError } from './server-error.js';

const LOOPBACK = '127.0.0.1';

/**
 * A TCP port that nobody listened on a moment ago, chosen by the operating system.
 * Another process may still take it before the caller does.
 */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, LOOPBACK, () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('the operating system named no port'));
      });
    });
  });
}

/** Whether a server could listen on this loopback port now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await portProblem(port)) === undefined;
}

/** Why a server could not listen on this loopback port now; undefined when it could. */
export async function portProblem(port: number): Promise<'taken' | 'forbidden' | undefined> {
  const failure = await listenFailure(port);
  if (failure === 'EACCES') return 'forbidden';
  // Where a listener on all addresses does not stop one on loopback, the other one still answers.
  return failure !== undefined || (await answers(port)) ? 'taken' : undefined;
}

/**
 * Waits until something accepts TCP connections on a loopback port.
 *
 * @throws ServerError when nothing does within `timeoutMs` (default 10 s).
 */
export async function waitForPort(port: number, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await answers(port))) {
    if (Date.now() > deadline) {
      throw new ServerError(`Nothing listens on port ${port} after ${timeoutMs / 1000} s.`);
    }
    await sleep(25);
  }
}

function listenFailure(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: LOOPBACK });
    const finish = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(1_000, () => {
      finish(false);
    });
    socket.once('connect', () => {
      finish(true);
    });
    socket.once('error', () => {
      finish(false);
    });
  });
}
