import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTestSession, type TestSession } from '../../helpers/session.js';
import { tempDir, writeFiles } from '../../helpers/temp-dir.js';

/** Counts frames, and ends its process from a thread of its own when told to. */
const doomed = `#include <pthread.h>
#include <stdlib.h>
int frames;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *fall(void *unused) { (void)unused; *(volatile int *)8 = 1; return NULL; }
void doomed_update(double dt) { (void)dt; pthread_mutex_lock(&lock); frames++; pthread_mutex_unlock(&lock); }
int doomed_frames(void) { return frames; }
int doomed_hold(void) { return pthread_mutex_lock(&lock); }
int doomed_fall(void) { pthread_t thread; return pthread_create(&thread, NULL, fall, NULL); }
`;

async function callOf({ session }: TestSession, module: string, name: string): Promise<unknown> {
  return (await session.call({ module, function: name, args: { text: [] } })).value;
}

/** Ends the host and waits for the next one. */
async function killHost({ session, bus }: TestSession): Promise<void> {
  const up = bus.next('host:up');
  process.kill(session.context.host.pid, 'SIGKILL');
  await up;
  await session.idle();
}

function restarts({ events }: TestSession): readonly string[] {
  return events.flatMap((event) => (event.type === 'module:restarted' ? [`${event.module}: ${event.message}`] : []));
}

function copiesLeft(): readonly string[] {
  return readdirSync('/dev/shm').filter((name) => name.startsWith(`hotmod-${process.pid}-`));
}

describe('a host that takes over', () => {
  test('goes on with the variables of the last frame boundary, whatever ended the one before it', async () => {
    await using dir = await tempDir({ 'modules/doomed/doomed.c': doomed });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    await running.session.step(10);
    await killHost(running);
    expect(restarts(running)).toEqual([expect.stringContaining('with its variables as they were before frame 10')]);
    await running.session.step(1);
    // The tenth frame was over, but nobody had copied what it wrote.
    expect(await callOf(running, 'doomed', 'doomed_frames')).toBe(10);
    // So soon after the first time its state would be taken for the reason.
    await running.session.step(120);
    const up = running.bus.next('host:up');
    // Its answer and the end of its process are a race.
    await callOf(running, 'doomed', 'doomed_fall').catch(() => undefined);
    await up;
    await running.session.idle();
    await running.session.step(1);
    expect(await callOf(running, 'doomed', 'doomed_frames')).toBe(131);
  });

  test('keeps what was left to it for the one after it, where it ends before it has taken over', async () => {
    await using dir = await tempDir({ 'modules/doomed/doomed.c': doomed });
    const once = join(dir.path, 'once');
    await writeFiles(dir.path, {
      'modules/once/once.c': `#include <signal.h>
#include <stdio.h>
int frames;
int once_init(void) { return remove("${once}") == 0 ? raise(SIGKILL) : 0; }
void once_update(double dt) { (void)dt; frames++; }
`,
    });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    await running.session.step(10);
    await writeFile(once, '');
    await killHost(running);
    expect(running.events.filter((event) => event.type === 'host:up')).toHaveLength(3);
    await running.session.step(1);
    expect(await callOf(running, 'doomed', 'doomed_frames')).toBe(10);
    expect(copiesLeft().length).toBeLessThanOrEqual(2);
  });

  test('leaves locks, threads and their like as the new process made them', async () => {
    await using dir = await tempDir({ 'modules/doomed/doomed.c': doomed });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    await running.session.step(3);
    await callOf(running, 'doomed', 'doomed_hold');
    // With the lock copied as it was, no frame would ever end.
    await killHost(running);
    await running.session.step(3);
    expect(await callOf(running, 'doomed', 'doomed_frames')).toBe(6);
  });

  test('leads pointers to variables, functions, literals and other modules to where these are now', async () => {
    await using dir = await tempDir({
      'modules/list/list.c': `struct node { int value; struct node *next; };
static struct node pool[4];
static struct node *head;
static const char *name = "before";
static int (*sum)(void);
void list_update(double dt) { (void)dt; }
int list_sum(void) { int all = 0; for (struct node *n = head; n; n = n->next) all += n->value; return all; }
void list_build(void) { for (int n = 0; n < 4; n++) { pool[n].value = n + 1; pool[n].next = head; head = &pool[n]; } name = "after"; sum = list_sum; }
int list_read(void) { return sum() * 100 + (name[0] == 'a'); }
struct node *list_head(void) { return head; }
`,
      'modules/user/user.c': `struct node { int value; struct node *next; };
struct node *list_head(void);
int list_sum(void);
static struct node *kept;
void user_update(double dt) { (void)dt; }
static int (*call)(void);
void user_keep(void) { kept = list_head(); call = list_sum; }
int user_read(void) { return kept->value * 1000 + call(); }
`,
      'modules/user/module.json': '{"dependencies":[{"name":"list","version":"*"}]}',
    });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    await callOf(running, 'list', 'list_build');
    await callOf(running, 'user', 'user_keep');
    await running.session.step(2);
    await killHost(running);
    expect(restarts(running).filter((text) => text.includes('with its variables'))).toHaveLength(2);
    expect(await callOf(running, 'list', 'list_read')).toBe(1001);
    expect(await callOf(running, 'user', 'user_read')).toBe(4010);
  });

  test('begins a module anew that points to memory which is gone, says to which, and the others go on', async () => {
    await using dir = await tempDir({
      'modules/doomed/doomed.c': doomed,
      'modules/heap/heap.c': `#include <stdlib.h>
static struct { int count; int *numbers; } g_list;
int heap_init(void) { g_list.numbers = malloc(64); g_list.count = 1; return 0; }
void heap_update(double dt) { (void)dt; g_list.numbers[0] = ++g_list.count; }
int heap_count(void) { return g_list.count; }
`,
    });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    await running.session.step(5);
    await killHost(running);
    expect(restarts(running)).toContainEqual(
      expect.stringMatching(/^heap: .*from its start: g_list\.numbers \(int \*\) led to memory that was lost/),
    );
    const lost = running.events.filter((event) => event.type === 'module:restarted' && event.code === 'HM591');
    expect(lost).toHaveLength(1);
    await running.session.step(1);
    expect(await callOf(running, 'heap', 'heap_count')).toBe(2);
    expect(await callOf(running, 'doomed', 'doomed_frames')).toBe(5);
  });

  test('has memory from module_alloc at the addresses it had', async () => {
    await using dir = await tempDir({
      'modules/tree/tree.c': `#include "module_interface.h"
typedef struct node { int value; struct node *next; } node_t;
static node_t *first;
static int (*sum)(void);
int tree_sum(void) { int all = 0; for (node_t *n = first; n; n = n->next) all += n->value; return all; }
int tree_init(void) { module_alloc(100); return 0; }
void tree_update(double dt) { (void)dt; node_t *node = module_alloc(sizeof *node); node->value = 1; node->next = first; first = node; sum = tree_sum; }
int tree_read(void) { return sum(); }
`,
    });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    await running.session.step(1000);
    await killHost(running);
    expect(restarts(running)).toEqual([expect.stringContaining('with its variables')]);
    expect(await callOf(running, 'tree', 'tree_read')).toBe(999);
    await running.session.step(1);
    expect(await callOf(running, 'tree', 'tree_read')).toBe(1000);
  });

  test('does not take memory from module_alloc over that holds an address of the process that ended', async () => {
    await using dir = await tempDir({
      'modules/tree/tree.c': `#include <stdlib.h>
#include "module_interface.h"
static struct { char *text; } *first;
int tree_init(void) { first = module_alloc(sizeof *first); first->text = malloc(100); first->text[0] = 7; return 0; }
void tree_update(double dt) { (void)dt; first->text[0]++; }
int tree_read(void) { return first->text[0]; }
`,
    });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    await running.session.step(10);
    await killHost(running);
    expect(restarts(running)).toEqual([expect.stringMatching(/from its start: its memory from module_alloc holds 0x/)]);
    await running.session.step(1);
    expect(await callOf(running, 'tree', 'tree_read')).toBe(8);
  });

  test('goes back to the version before with the state that a new one had on probation', async () => {
    await using dir = await tempDir({ 'modules/doomed/doomed.c': doomed });
    await using running = await openTestSession(dir.path, { watch: true, stepped: true });
    const { session, bus } = running;
    await session.step(4);
    const done = bus.next('reload:done');
    const worse = doomed.replace(
      'frames++;',
      'frames += 10; if (frames > 30) { pthread_t t; pthread_create(&t, NULL, fall, NULL); pthread_join(t, NULL); }',
    );
    await writeFiles(dir.path, { 'modules/doomed/doomed.c': worse });
    expect(await done).toMatchObject({ outcome: 'reloaded' });
    const up = bus.next('host:up');
    await session.step(4);
    await up;
    await session.idle();
    expect(running.outcomes('doomed').at(-1)).toMatchObject({ outcome: 'rolledBack' });
    expect(await callOf(running, 'doomed', 'doomed_frames')).toBe(24);
  });

  test('does not take a crash that was contained for a reason to doubt the state', async () => {
    await using dir = await tempDir({
      'modules/bomb/bomb.c': `#include <stdlib.h>
static int frames;
void bomb_update(double dt) { (void)dt; frames++; }
void bomb_crash(void) { *(volatile int *)8 = 1; }
void bomb_exit(void) { _Exit(3); }
int bomb_frames(void) { return frames; }
`,
    });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    await running.session.step(130);
    await callOf(running, 'bomb', 'bomb_crash').catch(() => undefined);
    await running.session.step(1);
    const up = running.bus.next('host:up');
    await callOf(running, 'bomb', 'bomb_exit').catch(() => undefined);
    await up;
    await running.session.idle();
    expect(await callOf(running, 'bomb', 'bomb_frames')).toBe(131);
  });

  test('begins a module anew whose state ends its process again and again', async () => {
    await using dir = await tempDir({
      'modules/bomb/bomb.c': `#include <stdlib.h>
static int frames, armed;
void bomb_update(double dt) { (void)dt; frames++; if (armed) _Exit(3); }
void bomb_arm(void) { armed = 1; }
int bomb_frames(void) { return frames; }
`,
      'hotmod.config.json': '{"host":{"probationFrames":4}}',
    });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    await running.session.step(10);
    await callOf(running, 'bomb', 'bomb_arm');
    await running.session.step(1);
    await running.session.step(1);
    await running.session.step(3);
    expect(restarts(running)).toEqual([
      expect.stringContaining('with its variables'),
      expect.stringContaining('from its start: its state may be why'),
    ]);
    expect(await callOf(running, 'bomb', 'bomb_frames')).toBe(3);
  });

  test('leaves no copies behind', async () => {
    const before = copiesLeft();
    await using dir = await tempDir({ 'modules/doomed/doomed.c': doomed });
    {
      await using running = await openTestSession(dir.path, { watch: false, stepped: true });
      await running.session.step(1);
      expect(copiesLeft()).toHaveLength(before.length + 1);
      await killHost(running);
      expect(copiesLeft()).toHaveLength(before.length + 1);
    }
    expect(copiesLeft()).toEqual(before);
  });
});
