import { describe, expect, test } from 'vitest';
import type { ModuleFault } from '../../src/host/host.js';
import { counterSource, entryOf, type HostBench, openBench, viewOf } from '../helpers/host-modules.js';

const recovery = { probationFrames: 0, restart: { max: 3, withinMs: 60_000 }, frameCopies: true, frameCopyLimit: 8 };

const crash = '*(volatile int *)8 = 1;';

/** A list in memory from module_alloc, and how many nodes it has and what they add up to in the view. */
const list = (body: string, extra = ''): string => `
#include "module_interface.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef struct node { struct node *next; long value; } node_t;
static node_t *first;
static long frame;
static void push(long value) { node_t *node = module_alloc(sizeof *node); node->value = value; node->next = first; first = node; }
static void drop(void) { node_t *node = first; first = node->next; module_free(node); }
MODULE_EXPORT const char *module_view(void) {
  static char text[64];
  long count = 0, sum = 0;
  for (node_t *node = first; node; node = node->next) { count++; sum += node->value; }
  snprintf(text, sizeof text, "%ld nodes, %ld, frame %ld", count, sum, frame);
  return text;
}
${extra}
MODULE_EXPORT void module_update(double dt) { (void)dt; frame++; (void)push; (void)drop; ${body} }
`;

const steps = async (bench: HostBench, frames: number): Promise<void> => bench.host.step(frames, 1 / 60);
const last = (bench: HostBench): ModuleFault | undefined => bench.faults.at(-1);

async function loadList(bench: HostBench, body: string, extra = ''): Promise<void> {
  const library = await bench.compile('list', list(body, extra));
  const entry = {
    getInterface: [],
    init: [],
    update: ['module_update'],
    shutdown: [],
    saveState: [],
    loadState: [],
    view: ['module_view'],
  };
  const staged = await bench.host.stage({ module: 'list', generation: 1, library, entry });
  if (!staged.ok) throw new Error(staged.message);
  const committed = await bench.host.commit({ modules: ['list'] });
  if (!committed.ok) throw new Error(committed.message);
}

describe('memory from module_alloc', () => {
  test('goes back with the variables when a call crashes, what it took and what it gave back', async () => {
    await using bench = await openBench({ recovery });
    await loadList(
      bench,
      `if (frame <= 5) push(frame);
       else { drop(); drop(); for (int n = 0; n < 1000; n++) push(1000); first->next->value = 7; if (frame == 6) ${crash} }`,
    );
    await steps(bench, 5);
    expect(await viewOf(bench.host, 'list')).toBe('5 nodes, 15, frame 5');
    await steps(bench, 1);
    expect(last(bench)).toMatchObject({ signal: 'SIGSEGV', goesOn: true, restored: { why: 'none' } });
    expect(await viewOf(bench.host, 'list')).toBe('5 nodes, 15, frame 5');
    await steps(bench, 1);
    expect(await viewOf(bench.host, 'list')).toBe('5 nodes, 15, frame 5');
  });

  test('that was first taken in the call that crashed is forgotten', async () => {
    await using bench = await openBench({ recovery });
    await loadList(bench, `push(1); if (frame == 1) ${crash}`);
    await steps(bench, 1);
    expect(await viewOf(bench.host, 'list')).toBe('0 nodes, 0, frame 0');
  });

  test('is as it was at the reload where a new version goes back to the state of that', async () => {
    await using bench = await openBench({ recovery: { ...recovery, probationFrames: 5 } });
    const saving = `
typedef struct node { struct node *next; long value; } node_t;
static node_t *first;
static int keep(void **data, size_t *size) { *data = malloc(sizeof first); *size = sizeof first; memcpy(*data, &first, sizeof first); return 0; }
static int take(const void *data, size_t size) { memcpy(&first, data, size); return 0; }
static long sum(void) { long all = 0; for (node_t *node = first; node; node = node->next) all += node->value; return all; }
MODULE_EXPORT const char *sum_view(void) { static char text[64]; snprintf(text, sizeof text, "%ld", sum()); return text; }
static void step(void);
static void update_all(double dt) { (void)dt; (void)update; (void)save_state; (void)load_state; step(); }
static void push(long value) { node_t *node = module_alloc(sizeof *node); node->value = value; node->next = first; first = node; }
`;
    const version = async (generation: number, body: string): Promise<void> => {
      const hooks = { update: 'update_all', save_state: 'keep', load_state: 'take' };
      const source = counterSource({ hooks, extra: `${saving}\nstatic void step(void) { (void)push; ${body} }` });
      const library = await bench.compile('list', source);
      const entry = { ...entryOf('list'), view: ['sum_view'] };
      await bench.host.stage({ module: 'list', generation, library, entry });
      expect(await bench.host.commit({ modules: ['list'] })).toMatchObject({ ok: true });
    };
    await version(1, 'push(5);');
    await steps(bench, 4);
    const spoil =
      'for (node_t *node = first; node;) { node_t *next = node->next; module_free(node); node = next; } first = 0; push(1000);';
    await version(2, `static int frames; if (++frames == 2) { ${spoil} } if (frames == 3) { ${crash} }`);
    await steps(bench, 3);
    expect(last(bench)).toMatchObject({ wentBack: [{ generation: 1, state: 'reload' }] });
    expect(await viewOf(bench.host, 'list')).toBe('20');
  });

  test('larger than the limit for copies is said not to have been put back', async () => {
    await using bench = await openBench({ recovery: { ...recovery, frameCopyLimit: 1 } });
    await loadList(bench, `memset(module_alloc(3 << 20), 1, 3 << 20); if (frame == 3) ${crash}`);
    await steps(bench, 3);
    expect(last(bench)).toMatchObject({ goesOn: false, restored: { why: 'tooLarge' } });
  });

  test.each([
    ['freed twice', 'void *one = module_alloc(40); module_free(one); module_free(one);', 'was freed already'],
    [
      'that is none',
      'char *one = module_alloc(40); memset(one, 0, 40); module_free(one + 16);',
      'is no block of module_alloc',
    ],
  ])('ends the call for a block %s, and the allocator works on', async (_, body, said) => {
    await using bench = await openBench({ recovery });
    await loadList(bench, `if (frame == 2) { ${body} } push(frame);`);
    await steps(bench, 2);
    expect(last(bench)).toMatchObject({ signal: 'SIGABRT', goesOn: true });
    expect(bench.lines.map(({ text }) => text).join('\n')).toContain(said);
  });

  test('grows, shrinks, and is aligned whatever its size', async () => {
    await using bench = await openBench({ recovery });
    await loadList(
      bench,
      `static unsigned char *blocks[400];
       for (int n = 0; n < 400; n++) {
         size_t size = (size_t)n * n;
         blocks[n] = module_realloc(blocks[n], size);
         if ((unsigned long)blocks[n] % 16 != 0) abort();
         memset(blocks[n], n, size);
       }
       for (int n = 0; n < 400; n++) {
         unsigned char *grown = module_realloc(blocks[n], (size_t)n * n * 3 + frame);
         for (int i = 0; i < n * n; i++) if (grown[i] != (unsigned char)n) abort();
         blocks[n] = grown;
         if (frame % 2) { module_free(grown); blocks[n] = 0; }
       }
       push(1);`,
    );
    await steps(bench, 6);
    expect(bench.faults).toEqual([]);
    expect(await viewOf(bench.host, 'list')).toBe('6 nodes, 6, frame 6');
  });

  test('may be taken and given back by many threads at once', async () => {
    await using bench = await openBench({ recovery });
    await loadList(
      bench,
      `pthread_t threads[4];
       for (long n = 0; n < 4; n++) pthread_create(&threads[n], 0, run, (void *)n);
       for (int n = 0; n < 4; n++) pthread_join(threads[n], 0);
       push(1);`,
      `#include <pthread.h>
       static void *run(void *number) {
         unsigned char *blocks[64] = {0};
         for (int n = 0; n < 20000; n++) {
           unsigned char **block = &blocks[n % 64];
           if (*block && **block != (unsigned char)(long)number) abort();
           module_free(*block);
           *block = module_alloc((size_t)(n * 7 % 900) + 1);
           **block = (unsigned char)(long)number;
         }
         for (int n = 0; n < 64; n++) module_free(blocks[n]);
         return 0;
       }`,
    );
    await steps(bench, 3);
    expect(bench.faults).toEqual([]);
    expect(await viewOf(bench.host, 'list')).toBe('3 nodes, 3, frame 3');
  });
});
