import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readStateModel } from '../../src/state/model.js';
import { pathAt } from '../../src/values/path-at.js';
import { resolvePath } from '../../src/values/resolve.js';
import { elfWorkspace } from '../helpers/elf-workspace.js';

const source = `
struct entry { int id; void (*run)(void); struct { short low; void *data[2]; }; union { long number; char letters[8]; } as; };
struct { long count; struct entry items[5]; int grid[2][3]; } table;
void *plain;
struct tail { int n; void *rest[]; } tail = { 2, { &plain, &table } };
void *tick(void) { static void *last[2]; last[1] = &plain; return last[0]; }
`;

test('the value at an address has the path that leads there', async () => {
  await using workspace = await elfWorkspace();
  const file = await workspace.build('paths.so', source);
  const model = readStateModel(await readFile(file), { sourceLine: () => null });
  const paths = ['table.items[3].run', 'table.items[4].data[1]', 'table.items[0].as.number', 'table.grid[1][2]'];
  for (const path of [...paths, 'plain', 'tail.rest[1]', 'tick::last[1]']) {
    expect(pathAt(model, resolvePath(model, path).address), path).toEqual({ path, offset: 0 });
  }
  const { address } = resolvePath(model, 'table.items[2].run');
  expect(pathAt(model, address + 3)).toEqual({ path: 'table.items[2].run', offset: 3 });
  // Between two fields, and outside of everything.
  expect(pathAt(model, address - 2)).toEqual({ path: 'table.items[2]', offset: 6 });
  expect(pathAt(model, 1)).toBeNull();
});
