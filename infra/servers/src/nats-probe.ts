import { connect } from 'node:net';

/**
 * Asks a NATS server over its text protocol whether JetStream is up, as the services' user.
 *
 * A client library would do; the few lines save every start its loading time and memory.
 *
 * @returns undefined when it is, else why not.
 */
export function probeJetStream(
  port: number,
  user: string,
  password: string,
  timeoutMs = 2_000,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let received = '';
    const finish = (failure?: string) => {
      socket.destroy();
      resolve(failure);
    };
    socket.setTimeout(timeoutMs, () => {
      finish('no answer in time');
    });
    socket.on('error', (error) => {
      finish(error.message);
    });
    socket.on('close', () => {
      finish('it closed the connection');
    });
    socket.on('data', (chunk: Buffer) => {
      const greeted = received.includes('\r\n');
      received += chunk.toString('latin1');
      if (!greeted && received.includes('\r\n')) {
        const options = { user, pass: password, verbose: false, pedantic: false, lang: 'probe' };
        socket.write(`CONNECT ${JSON.stringify(options)}\r\n`);
        socket.write('SUB _INBOX.probe 1\r\nPUB $JS.API.INFO _INBOX.probe 0\r\n\r\n');
      }
      const [, refusal] = /^-ERR '(.*)'/m.exec(received) ?? [];
      if (refusal !== undefined) finish(refusal);
      else if (received.includes('io.nats.jetstream.api.v1.account_info_response')) finish();
    });
  });
}
