import { invalid } from '@countersign/kernel';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import { PROBLEM_TYPE, toProblem } from './problem.js';

/** What the HTTP parser's own refusals are called; everything else is a malformed request. */
const refusals: Readonly<Partial<Record<string, readonly [code: string, detail: string]>>> = {
  HPE_HEADER_OVERFLOW: ['request.headers-too-large', 'the request line and headers exceed 16 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request.timeout', 'the request did not arrive in time'],
};

/**
 * Answers a connection on which no request could be read with a problem document, and ends it. There is
 * neither a request nor a reply yet, so the answer is written as it is.
 */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [code, detail] = refusals[error.code ?? ''] ?? [
    'request.malformed',
    'this is no HTTP request',
  ];
  const { status, body } = toProblem(invalid(code, detail));
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'x-content-type-options: nosniff',
    'cache-control: no-store',
    'connection: close',
  ];
  if (socket.writable) socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
  else socket.destroy();
}
