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

const roomy = (step: number): string => `
static char room[1 << 27];
static long count;
void m_update(double dt) { (void)dt; count += ${step}; room[count * 4096] = 1; }
`;

test('large arrays that are hardly used take hardly any memory after a reload', async () => {
  const { running, edit, value } = await layLibrary(roomy(1));
  await running.session.step(10);
  for (let step = 2; step <= 4; step++) expect(await edit(roomy(step))).toMatchObject({ level: 'SAFE' });
  await running.session.step(1);
  expect(await value('count')).toBe(14);
  expect([await value('room[4096]'), await value('room[57344]'), await value('room[4097]')]).toEqual([1, 1, 0]);
  const status = await readFile(`/proc/${running.session.context.host.pid}/status`, 'utf8');
  expect(Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1])).toBeLessThan(100 * 1024);
});

const repeated = (step: number): string => `
#include <stdlib.h>
struct pair { long a; ${step % 2 === 0 ? 'char between;' : ''} long b; };
static struct pair both, *heap;
int m_init(void) { heap = calloc(1, sizeof *heap); return 0; }
void m_update(double dt) { (void)dt; both.a++; both.b++; heap->a++; heap->b++; }
`;

test('values of one reading are of one frame, also while frames run and versions change', async () => {
  const { running, edit } = await layLibrary(repeated(1).replace('*heap', 'unused, *heap'));
  const { session } = running;
  let ended = false;
  const frames = (async () => {
    while (!ended) await session.step(3);
  })();
  let looks = 0;
  const reading = (async () => {
    while (!ended) {
      const { values } = await session.inspect({ module: 'm', path: 'both', elements: 8, follow: 0 });
      const value = values[0]?.value;
      if (typeof value !== 'object' || value === null || !('a' in value)) throw new Error('no struct');
      expect(value).toMatchObject({ b: value.a });
      looks++;
    }
  })();
  for (let step = 2; step <= 6; step++) await edit(repeated(step), { force: true });
  ended = true;
  await Promise.all([frames, reading]);
  expect(looks).toBeGreaterThan(5);
});
