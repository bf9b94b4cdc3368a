/** What a run measures. Times in milliseconds, rates per second. */
export interface Figures {
  readonly ops_per_s: number;
  readonly min: number;
  readonly max: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly runs: number;
}

export interface LoopOptions {
  readonly runs: number;
  readonly runSeconds: number;
  readonly warmUpSeconds: number;
}

const number = (name: string, standard: number) => Number(process.env[name] ?? standard);

/** The same variables that the peers' scripts take, so that one command sets both. */
export const options: LoopOptions = {
  runs: number('RUNS', 5),
  runSeconds: number('RUN_SECONDS', 3),
  warmUpSeconds: number('WARMUP', 2),
};

export const levels: readonly number[] = (process.env['LEVELS'] ?? '1,8,64').split(',').map(Number);

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/**
 * Closed loop: so many callers, each waiting for its answer before the next call. Warm-up first, then
 * several runs; the figures are the medians of the runs' figures.
 */
export async function closedLoop(
  concurrency: number,
  call: (caller: number) => Promise<void>,
  { runs, runSeconds, warmUpSeconds }: LoopOptions = options,
): Promise<Figures> {
  await once(concurrency, warmUpSeconds, call);
  const rates: number[] = [];
  const p50: number[] = [];
  const p99: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { latencies, seconds } = await once(concurrency, runSeconds, call);
    latencies.sort((a, b) => a - b);
    rates.push(latencies.length / seconds);
    p50.push(percentile(latencies, 0.5));
    p99.push(percentile(latencies, 0.99));
  }
  const round = (value: number) => Math.round(value * 1_000) / 1_000;
  return {
    ops_per_s: Math.round(median(rates)),
    min: Math.round(Math.min(...rates)),
    max: Math.round(Math.max(...rates)),
    p50_ms: round(median(p50)),
    p99_ms: round(median(p99)),
    runs,
  };
}

async function once(
  concurrency: number,
  seconds: number,
  call: (caller: number) => Promise<void>,
): Promise<{ latencies: number[]; seconds: number }> {
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1_000;
  const callers = Array.from({ length: concurrency }, async (_, caller) => {
    while (performance.now() < end) {
      const begin = performance.now();
      await call(caller);
      latencies.push(performance.now() - begin);
    }
  });
  await Promise.all(callers);
  return { latencies, seconds: (performance.now() - start) / 1_000 };
}

/** All lines that were printed so far. */
export const printed: object[] = [];

/** One figure as a JSON line. */
export function print(workload: string, concurrency: number, figures: object): void {
  const line = { peer: 'countersign', workload, concurrency, ...figures };
  printed.push(line);
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
