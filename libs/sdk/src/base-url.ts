import { CountersignError } from './problem.js';

/**
 * The address below which `api/v1` is.
 *
 * @throws CountersignError `sdk.bad-options` when it is none, or names `/api/v1` itself
 */
export function baseOf(url: string): URL {
  // Not URL.parse: the examples run on Node 20, which has none.
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol)) {
    throw badOptions('url is the address of the gateway, such as https://countersign.example.com');
  }
  base.pathname = base.pathname.replace(/\/*$/, '/');
  if (base.pathname.endsWith('/api/v1/'))
    throw badOptions('url ends before /api/v1: leave that out');
  return base;
}

export const badOptions = (message: string): CountersignError =>
  new CountersignError('sdk.bad-options', message, { status: 0 });
