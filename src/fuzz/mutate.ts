import { Worker } from 'node:worker_threads';
import type { FuzzInput } from './check-damaged.js';
import { makeInputs } from './damage-inputs.js';
import type { Slowest, WorkerNews, WorkerOrders } from './mutate-messages.js';

/** Longer than this for one file is a defect: whoever asks is waiting for a verdict. */
const slow = 1000;
/** After this long without an end the worker is stopped; the rest of its files go to another one. */
const hung = 10_000;
const lookEvery = 200;
const workers = 3;
/** So that a file that makes the reader hold on to everything is found before the machine is out of memory. */
const memory = { maxOldGenerationSizeMb: 512 };

interface Findings {
  readonly counts: Map<string, number>;
  readonly defects: string[];
  slowest: Slowest;
}

/**
 * Damages files with debug information in `count` ways and reads all there is in each, in worker threads under a
 * watchdog. Each has to end within a second, with an answer or a typed refusal. Prints what became of them, and each
 * defect with the number that makes the same file again.
 *
 * @returns whether there were defects
 */
export async function runMutations(
  count: number,
  seed: number,
  print: (text: string) => void = write,
): Promise<boolean> {
  const inputs = await makeInputs();
  const findings: Findings = { counts: new Map(), defects: [], slowest: { number: 0, milliseconds: 0 } };
  const started = performance.now();
  await Promise.all(
    Array.from({ length: workers }, (_, first) =>
      runShare(inputs, { seed, first, step: workers, end: count }, findings),
    ),
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  if (findings.slowest.milliseconds > slow) findings.defects.push(slowText(findings.slowest));
  for (const defect of findings.defects) print(defect);
  print(`${inputs.length} files, damaged in ${count} ways from seed ${seed}, in ${seconds} s`);
  for (const [kind, times] of [...findings.counts].sort((a, b) => b[1] - a[1])) print(`  ${kind.padEnd(20)} ${times}`);
  print(`  the slowest took ${findings.slowest.milliseconds.toFixed(0)} ms (number ${findings.slowest.number})`);
  print(`${findings.defects.length} defects`);
  return findings.defects.length > 0;
}

type Share = Omit<WorkerOrders, 'inputs' | 'progress'>;

/** One worker after another, each from behind the file that ended the one before it. */
async function runShare(inputs: readonly FuzzInput[], share: Share, findings: Findings): Promise<void> {
  for (let first: number | null = share.first; first !== null && first < share.end; ) {
    first = await runWorker({ ...share, inputs, first, progress: new SharedArrayBuffer(8) }, findings);
  }
}

/** Resolves to the number to go on with where the worker did not come to its end. */
async function runWorker(orders: WorkerOrders, findings: Findings): Promise<number | null> {
  const worker = new Worker(new URL('./mutate-worker.js', import.meta.url), {
    workerData: orders,
    resourceLimits: memory,
  });
  const progress = new Int32Array(orders.progress);
  let seen = { done: 0, since: performance.now() };
  let reason: string | null = null;
  const watchdog = setInterval(() => {
    const done = Atomics.load(progress, 1);
    const now = performance.now();
    if (done !== seen.done) seen = { done, since: now };
    else if (done > 0 && now - seen.since > hung) {
      reason ??= `did not end within ${hung / 1000} s`;
      void worker.terminate();
    }
  }, lookEvery);
  worker.on('message', (news: WorkerNews) => note(news, findings));
  worker.on('error', (error) => {
    reason ??= error instanceof Error ? error.message : String(error);
  });
  await new Promise((resolve) => worker.once('exit', resolve));
  clearInterval(watchdog);
  if (reason === null) return null;
  const number = Atomics.load(progress, 0);
  findings.defects.push(`number ${number}: ${reason}`);
  return number + orders.step;
}

function note(news: WorkerNews, findings: Findings): void {
  if (news.kind === 'defect') {
    const { input, what, stack } = news.outcome;
    findings.defects.push(`number ${news.number}: ${input}, ${what}\n${stack}`);
    return;
  }
  for (const [kind, times] of Object.entries(news.counts)) {
    findings.counts.set(kind, (findings.counts.get(kind) ?? 0) + times);
  }
  if (news.slowest.milliseconds > findings.slowest.milliseconds) findings.slowest = news.slowest;
}

function slowText({ number, milliseconds }: Slowest): string {
  return `number ${number}: took ${milliseconds.toFixed(0)} ms`;
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}
