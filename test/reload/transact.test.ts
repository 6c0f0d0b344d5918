import { expect, test } from 'vitest';
import type { Assessment } from '../../src/assess/types.js';
import type { Host } from '../../src/host/host.js';
import { type Candidate, type TransactionRequest, transact } from '../../src/reload/transact.js';
import { counterSource, entryOf, type HostBench, openBench } from '../helpers/host-modules.js';

const safe: Assessment = { level: 'SAFE', reasons: [], affected: [] };

/** Candidates of the same source, and what is asked of whom in which order. */
async function following(bench: HostBench, names: readonly string[]) {
  const log: string[] = [];
  const note =
    <T>(what: string, answer: T) =>
    ({ module }: { readonly module: string }): T => {
      log.push(`${what} ${module}`);
      return answer;
    };
  const host: Host = {
    ...bench.host,
    async stage(request) {
      log.push(`stage ${request.module}`);
      const result = await bench.host.stage(request);
      log.push(`staged ${request.module}`);
      return result;
    },
    async commit(request) {
      log.push('commit');
      return bench.host.commit(request);
    },
  };
  const candidates = await Promise.all(
    names.map(async (module): Promise<Candidate> => {
      const library = await bench.compile(module, counterSource());
      const entry = entryOf('m');
      return { module, generation: 1, library, entry, imports: [], patches: [], assessment: safe, replaces: null };
    }),
  );
  const request: TransactionRequest = {
    host,
    candidates,
    meanwhile: note('meanwhile', undefined),
    transferOf: note('transfer', null),
    returnOf: note('return', null),
    confirm: note('confirm', safe),
    overrule: false,
    accepts: () => true,
    decided: async () => void log.push('decided'),
  };
  return { request, log };
}

test('what the files alone say is worked out while the host loads, and all else in the order of the protocol', async () => {
  await using bench = await openBench();
  const { request, log } = await following(bench, ['one', 'two']);
  expect(await transact(request)).toMatchObject({ outcome: 'switched' });
  const loaded = (module: string): readonly string[] =>
    ['stage', 'meanwhile', 'staged', 'transfer', 'confirm'].map((step) => `${step} ${module}`);
  expect(log).toEqual([...loaded('one'), ...loaded('two'), 'decided', 'return one', 'return two', 'commit']);
});

test('a version that cannot be loaded is decided on as before, whatever was worked out meanwhile', async () => {
  await using bench = await openBench();
  const { request, log } = await following(bench, ['one']);
  const [candidate] = request.candidates;
  if (candidate === undefined) throw new Error('no candidate');
  const missing = { ...request, candidates: [{ ...candidate, library: '/nowhere/one.so' }] };
  expect(await transact(missing)).toMatchObject({ outcome: 'failed', module: 'one', reasons: [{ code: 'HM501' }] });
  expect(log).toEqual(['stage one', 'meanwhile one', 'staged one']);
});
