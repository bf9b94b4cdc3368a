import { httpWorkloads } from './http-workloads.js';
import { startProduct } from './product.js';
import { publishTemplates } from './templates.js';

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const wanted = (name: string) => names.length === 0 || names.includes(name);

const product = await startProduct();
try {
  await publishTemplates(product);
  await httpWorkloads(product.base, wanted);
} finally {
  await product.stop();
}
