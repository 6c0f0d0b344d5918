import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { tempProject } from '../helpers/temp-project.js';
import { thrown } from '../helpers/thrown.js';

function project(dependencies: Readonly<Record<string, readonly string[]>>): Promise<string> {
  const files = Object.entries(dependencies).flatMap(([name, needs]) => [
    [`modules/${name}/${name}.c`, 'int x;'],
    [`modules/${name}/module.json`, JSON.stringify({ dependencies: needs.map((one) => ({ name: one })) })],
  ]);
  return tempProject(Object.fromEntries(files));
}

test('modules that depend on each other in a ring are refused, and the ring is printed', async () => {
  const root = await project({ app: ['mixer'], mixer: ['output'], output: ['clock', 'mixer'], clock: [] });
  const error = await thrown(loadConfig({ cwd: root, env: {} }));
  expect(error).toMatchObject({ code: 'HM120', exitCode: 2 });
  expect(error.message).toBe('Modules depend on each other in a ring: mixer -> output -> mixer.');
});

test('a module that depends on itself is the smallest ring', async () => {
  const error = await thrown(loadConfig({ cwd: await project({ echo: ['echo'] }), env: {} }));
  expect(error.message).toContain('echo -> echo.');
});

test('many ways to one provider are no ring', async () => {
  const root = await project({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] });
  expect((await loadConfig({ cwd: root, env: {} })).modules).toHaveLength(4);
});

test('a range that is none is refused with an example', async () => {
  const root = await tempProject({
    'modules/a/a.c': 'int x;',
    'modules/a/module.json': '{"dependencies": {"b": "newest"}}',
  });
  const error = await thrown(loadConfig({ cwd: root, env: {} }));
  expect(error.code).toBe('HM104');
  expect(error.message).toContain('"^1.2.0"');
});
