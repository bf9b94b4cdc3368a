import { analysis } from './analysis.js';
import { approvalReport } from './approval-report.js';
import { printed } from './closed-loop.js';
import { httpWorkloads } from './http-workloads.js';
import { type Line, ratios, runPeers } from './peers.js';
import { startProduct } from './product.js';
import { stateMachine } from './state-machine.js';
import { projectorRebuild, rawAppends } from './store-workloads.js';
import { publishTemplates } from './templates.js';

/**
 * Prints figures as JSON lines. Arguments name the workloads to run, all of them by default; `--peers` runs the
 * other engines as well and prints the ratios of this one run.
 */
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const wanted = (name: string) => names.length === 0 || names.includes(name);

if (wanted('state-machine')) stateMachine();
if (wanted('analysis')) await analysis();
const alone = ['state-machine', 'analysis'];
if (names.length === 0 || names.some((name) => !alone.includes(name))) await onProduct();

if (process.argv.includes('--peers')) {
  const peers = await runPeers();
  for (const line of ratios(printed as readonly Line[], peers)) {
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

/** The workloads that take the whole product. */
async function onProduct(): Promise<void> {
  const product = await startProduct();
  try {
    await publishTemplates(product);
    if (wanted('append-1')) await rawAppends(product.databaseUrl);
    await httpWorkloads(product.base, wanted);
    if (wanted('projector-rebuild')) await projectorRebuild(product.databaseUrl);
    // Last: it fills the read tables with what is not in the store.
    if (wanted('approval-report')) await approvalReport(product.base, product.databaseUrl);
  } finally {
    await product.stop();
  }
}
