import { expect, test } from 'vitest';
import { counterSource, openBench, viewOf } from '../helpers/host-modules.js';

test('a module is loaded, ticks, and keeps its state across a reload', async () => {
  await using bench = await openBench();
  const { host } = bench;
  const staged = await bench.stage('counter', counterSource());
  expect(staged).toMatchObject({
    ok: true,
    facts: { style: 'interface', name: 'counter', version: '1.0.0', apiVersion: 1, hasView: true },
  });
  const first = await host.commit({ modules: ['counter'] });
  expect(first).toMatchObject({ ok: true });
  await host.step(10, 1 / 60);
  expect(await viewOf(host, 'counter')).toBe('10');

  const second = await bench.load('counter', counterSource({ by: 100 }), 2);
  expect(second).toMatchObject({
    ok: true,
    frame: 10,
    modules: [{ module: 'counter', state: { bytes: 8, kept: 1, dropped: 0 }, oldImageKept: false }],
  });
  await host.step(1, 1 / 60);
  expect(await viewOf(host, 'counter')).toBe('110');
  expect(await host.stats()).toMatchObject({
    frame: 11,
    modules: [{ module: 'counter', generation: 2, frames: 1, running: true }],
  });
});
