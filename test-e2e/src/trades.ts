import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../shared/data/cdm/', import.meta.url));

/** Name and content of every file of one kind of the CDM examples. They are not part of the project. */
export function cdmFiles(kind: 'fx' | 'execution-advice'): { name: string; text: string }[] {
  const path = join(folder, kind);
  if (!existsSync(path)) {
    throw new Error(
      `The CDM examples are not there: ../shared/data/cdm/${kind} beside the checkout is needed by these tests.`,
    );
  }
  return readdirSync(path)
    .sort()
    .map((name) => ({ name, text: readFileSync(join(path, name), 'utf8') }));
}

/** A context for the trade_approval template. */
export function tradeContext(tradeId: string): Record<string, string> {
  return {
    tradeId,
    notional: '25000000.00',
    currency: 'USD',
    desk: 'rates',
    counterparty: 'ACME Bank',
  };
}

/** A mapping to a context for the trade_approval template, from something with `id` and `notional`. */
export function tradeMapping(from: string): Record<string, string> {
  return {
    tradeId: `${from}.id`,
    notional: `${from}.notional`,
    currency: '"USD"',
    desk: '"rates"',
    counterparty: '"ACME Bank"',
  };
}
