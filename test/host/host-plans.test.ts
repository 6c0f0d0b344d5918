import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Host, TransferRequest } from '../../src/host/host.js';
import { encodePlan } from '../../src/state/plan/encode.js';
import { code, type Operation } from '../../src/state/plan/operations.js';
import { entryOf, type HostBench, openBench } from '../helpers/host-modules.js';

const run = promisify(execFile);

const first = 'long count, other; void module_update(double dt) { (void)dt; count++; other = -1; }';
const second = 'char fill[64]; long total; void module_update(double dt) { (void)dt; total += 100; fill[0] = 1; }';

async function symbols(library: string): Promise<ReadonlyMap<string, number>> {
  const { stdout } = await run('nm', [library]);
  const lines = stdout.split('\n').map((line) => line.split(' '));
  return new Map(lines.map(([address = '', , name = '']) => [name, Number.parseInt(address, 16)]));
}

/** The first version after five frames, the second one staged, and a plan that carries count over to total. */
async function openTransfer(bench: HostBench): Promise<{ transfer: TransferRequest; total: number }> {
  const [before, after] = [await bench.compile('m', first), await bench.compile('m', second)];
  const entry = entryOf('m');
  await bench.host.stage({ module: 'm', generation: 1, library: before, entry });
  await bench.host.commit({ modules: ['m'] });
  await bench.host.step(5, 1 / 60);
  const [from, to] = [await symbols(before), await symbols(after)];
  const [count = 0, other = 0, total = 0] = [from.get('count'), from.get('other'), to.get('total')];
  const operations: readonly Operation[] = [
    { code: code.mustBeZero, check: 0, from: other, to: total, count: 8 },
    { code: code.copy, from: count, to: total, count: 8 },
  ];
  const nothing = { pieces: [], starts: [], functions: [], constants: [], values: [] };
  const plan = encodePlan({ ...nothing, operations, checks: 1, oldSize: from.get('_end') ?? 1 << 16 });
  expect(await bench.host.stage({ module: 'm', generation: 2, library: after, entry })).toMatchObject({ ok: true });
  return { transfer: { plan, what: 'variables', size: 0, mustHold: [], oldImage: 'close' }, total };
}

async function valueAt(host: Host, address: number): Promise<bigint> {
  const ranges = [{ from: 'image' as const, address: BigInt(address), size: 8 }];
  const { bytes } = await host.read({ module: 'm', ranges });
  return Buffer.from(bytes[0] ?? Buffer.alloc(8)).readBigInt64LE();
}

test('a probe tells what the live values say and changes nothing; the commit carries them over', async () => {
  await using bench = await openBench();
  const { transfer, total } = await openTransfer(bench);
  const probed = await bench.host.probe({ module: 'm', transfer });
  expect(probed).toMatchObject({ ok: true, findings: [{ check: 0, count: 1, round: 0 }] });
  expect((await bench.host.stats()).modules).toMatchObject([{ generation: 1, frames: 5 }]);
  const committed = await bench.host.commit({ modules: ['m'], plans: { m: transfer } });
  expect(committed).toMatchObject({ ok: true, modules: [{ module: 'm', findings: [{ check: 0, count: 1 }] }] });
  expect(committed.ok && committed.modules[0]?.steps.transfer).toBeGreaterThan(0);
  expect(await valueAt(bench.host, total)).toBe(5n);
  await bench.host.step(1, 1 / 60);
  expect(await valueAt(bench.host, total)).toBe(105n);
});

test('where a check that must hold finds something, the commit is refused and the old version runs on', async () => {
  await using bench = await openBench();
  const { transfer } = await openTransfer(bench);
  const plans = { m: { ...transfer, mustHold: [0] } };
  const committed = await bench.host.commit({ modules: ['m'], plans });
  expect(committed).toMatchObject({ ok: false, code: 'HM518', module: 'm', step: 'transfer' });
  await bench.host.step(1, 1 / 60);
  expect((await bench.host.stats()).modules).toMatchObject([{ generation: 1, frames: 6, running: true }]);
});

test('a damaged plan is refused before anything happens, and nothing stays staged', async () => {
  await using bench = await openBench();
  const { transfer } = await openTransfer(bench);
  const damaged = { ...transfer, plan: transfer.plan.slice(0, -8) };
  expect(await bench.host.probe({ module: 'm', transfer: damaged })).toMatchObject({ ok: false, code: 'HM519' });
  expect(await bench.host.commit({ modules: ['m'], plans: { m: damaged } })).toMatchObject({
    ok: false,
    code: 'HM519',
    module: 'm',
    step: 'transfer',
  });
  expect(await bench.host.commit({ modules: ['m'] })).toMatchObject({ ok: false });
  expect((await bench.host.stats()).modules).toMatchObject([{ generation: 1, running: true }]);
});

test('a probe of a module that has nothing staged says so', async () => {
  await using bench = await openBench();
  const { transfer } = await openTransfer(bench);
  await bench.host.discard(['m']);
  const probed = await bench.host.probe({ module: 'm', transfer });
  expect(probed).toMatchObject({ ok: false, findings: [] });
  expect(probed.message).toContain('no new version waiting');
});
