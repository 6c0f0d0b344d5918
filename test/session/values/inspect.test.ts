import { describe, expect, test } from 'vitest';
import { openTestSession } from '../../helpers/session.js';
import { tempDir, writeFiles } from '../../helpers/temp-dir.js';

const source = 'modules/mover/mover.c';

/** The one variable that is looked at lies somewhere else in every version. */
const version = (n: number): string => `
static long before[${n % 2 === 0 ? 1 : 300}] = {1};
static long magic = 4711;
int mover_init(void) { return 0; }
void mover_update(double dt) { (void)dt; before[0] = magic == 0 ? 1 : -${n}; }
long look(void) { return magic + before[0]; }
`;

describe('inspecting while modules are reloaded', () => {
  test('never reads the bytes of one version with the types of another', async () => {
    await using dir = await tempDir({ [source]: version(0) });
    await using running = await openTestSession(dir.path, { watch: false });
    const { session } = running;
    const wanted = { module: 'mover', path: 'magic', elements: 8, follow: 0 };
    const seen = new Set<unknown>();
    let reloading = true;
    const looking = (async () => {
      while (reloading) for (const { value } of (await session.inspect(wanted)).values) seen.add(value);
    })();
    for (let n = 1; n <= 12; n++) {
      await writeFiles(dir.path, { [source]: version(n) });
      session.request(['mover'], { acceptUnsafe: true });
      await session.idle();
    }
    reloading = false;
    await looking;
    expect(running.outcomes('mover').map((one) => one.outcome)).toEqual(['loaded', ...Array(12).fill('reloaded')]);
    expect([...seen]).toEqual([4711]);
  });
});
