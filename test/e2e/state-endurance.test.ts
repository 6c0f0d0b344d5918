import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { layLibrary } from '../helpers/laid-library.js';

/** A module whose list on the heap holds code addresses: each version stays until a search of all memory allows its end. */
const listed = (step: number): string => `
#include <stdlib.h>
#include <sys/mman.h>
struct item { int (*fn)(int); struct item *next; };
static struct item *list;
static long count;
static char *room;
static int add(int x) { return x + ${step}; }
int m_init(void) {
  list = calloc(1, sizeof *list);
  list->fn = add;
  room = mmap(0, 1ul << 33, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return 0;
}
void m_update(double dt) { (void)dt; count += list->fn(0); }
`;

test('a search for addresses of old versions leaves memory alone that nobody used', async () => {
  const { running, edit } = await layLibrary(listed(0));
  for (let step = 1; step <= 8; step++) expect(await edit(listed(step))).toMatchObject({ outcome: 'reloaded' });
  const { pid } = running.session.context.host;
  // Looking at the 8 GB that the module reserved would make page tables of 16 MB for it.
  const tables = Number(/^VmPTE:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
  expect(tables).toBeGreaterThan(0);
  expect(tables).toBeLessThan(8 * 1024);
});

test('types of versions that nobody goes back to are forgotten', async () => {
  const { running, edit } = await layLibrary('static int n; void m_update(double dt) { n += (int)dt; }');
  const { models, records } = running.session.context;
  const library = records.get('m')?.running?.library ?? '';
  const first = models.read(library);
  await edit('static int n; void m_update(double dt) { n += 1 + (int)dt; }');
  expect(models.read(library)).toBe(first);
  await edit('static int n; void m_update(double dt) { n += 2 + (int)dt; }');
  expect(models.read(library)).not.toBe(first);
});
