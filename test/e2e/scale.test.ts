import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  few,
  headerOfAll,
  headerOfFew,
  headers,
  moduleNames,
  moduleSource,
  sourceOf,
  writeManyModules,
} from '../../src/bench/scale/project.js';
import { openTestSession, type TestSession } from '../helpers/session.js';
import { waitFor } from '../helpers/wait-for.js';

const names = moduleNames(120);
const broken = names[60] ?? '';

describe('a project of many modules', () => {
  let root: string;
  let opened: TestSession;

  beforeAll(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-test-')));
    await writeManyModules(root, names.length);
    await writeFile(join(root, sourceOf(broken)), 'this is no C\n');
    opened = await openTestSession(root);
  }, 120_000);

  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  const lastOutcomes = () => names.map((name) => opened.outcomes(name).at(-1));
  const save = async (file: string, text: string, modules: readonly string[]): Promise<void> => {
    const before = new Map(modules.map((name) => [name, opened.outcomes(name).length]));
    await writeFile(join(root, file), text);
    const told = (): boolean => modules.every((name) => opened.outcomes(name).length > (before.get(name) ?? 0));
    await waitFor(told, `outcomes of ${modules.length} modules`, 60_000);
    await opened.session.idle();
  };

  test('starts all of them but the broken one, each by a transaction of its own', () => {
    const outcomes = lastOutcomes();
    const good = outcomes.filter((one) => one?.outcome === 'loaded');
    expect(good).toHaveLength(names.length - 1);
    expect(new Set(good.map((one) => one?.transaction)).size).toBe(names.length - 1);
    expect(outcomes[names.indexOf(broken)]).toMatchObject({ module: broken, outcome: 'buildFailed' });
  });

  test('has every start in the journal', () => {
    const { journal } = opened.session.context.history;
    const entries = journal.entries({ module: null, limit: 1000 });
    expect(entries.filter((one) => one.outcome === 'loaded' && one.phase === 'outcome')).toHaveLength(names.length - 1);
  });

  test('lists every source in compile_commands.json', async () => {
    const listed: unknown = JSON.parse(await readFile(join(root, 'compile_commands.json'), 'utf8'));
    expect(listed).toHaveLength(names.length);
  });

  test('starts the one that was mended', async () => {
    await save(sourceOf(broken), moduleSource(broken, 60, 0), [broken]);
    expect(opened.outcomes(broken).at(-1)).toMatchObject({ outcome: 'loaded' });
  });

  test('switches all of them in one transaction where a header changed that all include', async () => {
    await save(headers.all, headerOfAll(7), names);
    const outcomes = lastOutcomes();
    expect(new Set(outcomes.map((one) => one?.outcome))).toEqual(new Set(['reloaded']));
    expect(new Set(outcomes.map((one) => one?.transaction)).size).toBe(1);
    expect(outcomes.every((one) => one?.state.kept === 1)).toBe(true);
  });

  test('switches none of them where one does not build', async () => {
    const guard = `#ifdef ${broken}\n#error not here\n#endif\n`;
    await save(sourceOf(broken), `#define ${broken}\n${moduleSource(broken, 60, 0)}`, [broken]);
    await save(headers.all, `${headerOfAll(8)}${guard}`, names);
    const outcomes = lastOutcomes();
    expect(outcomes.filter((one) => one?.outcome === 'buildFailed').map((one) => one?.module)).toEqual([broken]);
    expect(outcomes.filter((one) => one?.outcome === 'refused')).toHaveLength(names.length - 1);
    await save(headers.all, headerOfAll(9), names);
    expect(lastOutcomes().every((one) => one?.outcome === 'reloaded')).toBe(true);
  });

  test('switches only those that include a header', async () => {
    const before = opened.events.length;
    await save(headers.few, headerOfFew(5), names.slice(0, few));
    const reloaded = opened.events.slice(before).filter((event) => event.type === 'reload:done');
    expect(reloaded.map((event) => event.module).toSorted()).toEqual(names.slice(0, few));
  });

  test('has all of them go on with their state in another host', async () => {
    const framesOf = async (module: string): Promise<number> => {
      const { values } = await opened.session.inspect({ module, path: 'state.common.frames', elements: 1, follow: 0 });
      return Number(values[0]?.value);
    };
    const before = await Promise.all(names.map(framesOf));
    const up = opened.bus.next('host:up');
    process.kill(opened.session.context.host.pid, 'SIGKILL');
    await up;
    await waitFor(
      () => names.every((name) => opened.session.context.records.get(name)?.running !== null),
      'all modules to run again',
    );
    await opened.session.idle();
    const after = await Promise.all(names.map(framesOf));
    expect(before.every((count) => count > 0)).toBe(true);
    expect(names.filter((_, index) => !((after[index] ?? 0) >= (before[index] ?? 0)))).toEqual([]);
  });
});
