import { describe, expect, test } from 'vitest';
import { createQueue, createTurn, type Job, type MetEdit, type RunningJob } from '../../src/reload/queue.js';

const job = (...modules: string[]): Job => ({
  modules: new Set(modules),
  savedAt: 0,
  force: false,
  acceptUnsafe: false,
  rebuild: false,
  together: false,
  edit: false,
  since: 0,
  conflicts: [],
});

/** A run that waits for its release, so that a test decides what overlaps with what. */
function controlled(meet: (edit: Job, underWay: Job) => MetEdit = () => ({ finishFirst: false, conflicts: [] })) {
  const runs: { job: RunningJob; release: () => void }[] = [];
  let idles = 0;
  const queue = createQueue(
    (running) => new Promise((resolve) => runs.push({ job: running, release: resolve })),
    () => {
      idles += 1;
    },
    createTurn(),
    meet,
  );
  return { runs, queue, idles: () => idles };
}

const names = (run: { job: RunningJob } | undefined) => [...(run?.job.modules ?? [])].sort();

describe('the job queue', () => {
  test('starts a request at once', () => {
    const { runs, queue } = controlled();
    queue.request(job('a'));
    expect(names(runs[0])).toEqual(['a']);
  });

  test('runs requests of different modules beside each other', () => {
    const { runs, queue } = controlled();
    queue.request(job('a'));
    queue.request(job('b'));
    expect(runs.map(names)).toEqual([['a'], ['b']]);
  });

  test('a newer request aborts the running one and takes its modules over', async () => {
    const { runs, queue } = controlled();
    queue.request(job('a', 'b'));
    queue.request(job('b', 'c'));
    expect(runs[0]?.job.signal.aborted).toBe(true);
    expect(runs).toHaveLength(1);
    expect(await runs[0]?.job.commit()).toBe(false);
    runs[0]?.release();
    await Promise.resolve();
    await Promise.resolve();
    expect(names(runs[1])).toEqual(['a', 'b', 'c']);
  });

  test('files that are saved in a row are one job, whichever modules they belong to', async () => {
    const { runs, queue } = controlled();
    queue.request({ ...job('a'), savedAt: 1000 });
    queue.request({ ...job('b'), savedAt: 1003 });
    queue.request({ ...job('c'), savedAt: 1005 });
    expect(runs.map(names)).toEqual([['a']]);
    expect(await runs[0]?.job.commit()).toBe(false);
    runs[0]?.release();
    await Promise.resolve();
    await Promise.resolve();
    expect(names(runs[1])).toEqual(['a', 'b', 'c']);
    queue.request({ ...job('d'), savedAt: 9000 });
    expect(runs.slice(2).map(names)).toEqual([['d']]);
  });

  test('a build that is ready at once leaves the other files of the same save the time to arrive', async () => {
    const { runs, queue } = controlled();
    queue.request({ ...job('a'), savedAt: 1000 });
    const committed = runs[0]?.job.commit();
    await Promise.resolve();
    queue.request({ ...job('b'), savedAt: 1003 });
    expect(await committed).toBe(false);
  });

  test('a save beside one that is already changing the program is a job of its own', async () => {
    const { runs, queue } = controlled();
    queue.request({ ...job('a'), savedAt: 1000 });
    expect(await runs[0]?.job.commit()).toBe(true);
    queue.request({ ...job('b'), savedAt: 1003 });
    expect(runs.map(names)).toEqual([['a'], ['b']]);
  });

  test('many requests during one run leave exactly one run waiting', async () => {
    const { runs, queue } = controlled();
    for (let n = 0; n < 50; n++) queue.request(job('a'));
    expect(runs).toHaveLength(1);
    runs[0]?.release();
    await Promise.resolve();
    await Promise.resolve();
    expect(runs).toHaveLength(2);
    expect(runs[1]?.job.signal.aborted).toBe(false);
  });

  test('a job that commits is not aborted; the newer one follows it', async () => {
    const { runs, queue } = controlled();
    queue.request(job('a'));
    expect(await runs[0]?.job.commit()).toBe(true);
    queue.request(job('a'));
    expect(runs[0]?.job.signal.aborted).toBe(false);
    expect(runs).toHaveLength(1);
    runs[0]?.release();
    await Promise.resolve();
    await Promise.resolve();
    expect(names(runs[1])).toEqual(['a']);
  });

  test('commits happen one at a time, and one that waits for its turn can still be superseded', async () => {
    const { runs, queue } = controlled();
    queue.request(job('a'));
    queue.request(job('b'));
    expect(await runs[0]?.job.commit()).toBe(true);
    const second = runs[1]?.job.commit();
    queue.request(job('b'));
    runs[0]?.release();
    expect(await second).toBe(false);
  });

  test('a request that bridges two running jobs takes both over', async () => {
    const { runs, queue } = controlled();
    queue.request(job('a', 'x'));
    queue.request(job('b', 'y'));
    queue.request(job('a', 'b'));
    runs[0]?.release();
    runs[1]?.release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toHaveLength(3);
    expect(names(runs[2])).toEqual(['a', 'b', 'x', 'y']);
  });

  test('is idle only when nothing runs and nothing waits', async () => {
    const { runs, queue, idles } = controlled();
    queue.request(job('a'));
    queue.request(job('a'));
    const idle = queue.idle();
    runs[0]?.release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(idles()).toBe(0);
    runs[1]?.release();
    await idle;
    expect(idles()).toBe(1);
  });

  test('close aborts what runs, drops what waits and takes nothing more', async () => {
    const { runs, queue } = controlled();
    queue.request(job('a'));
    queue.request(job('a'));
    const closed = queue.close();
    expect(runs[0]?.job.signal.aborted).toBe(true);
    runs[0]?.release();
    await closed;
    queue.request(job('a'));
    expect(runs).toHaveLength(1);
  });
});

describe('an edit of modules that a job is bringing up', () => {
  const edit = (savedAt: number, ...modules: string[]): Job => ({ ...job(...modules), savedAt, edit: true });
  const settled = async (): Promise<void> => {
    for (let n = 0; n < 4; n++) await Promise.resolve();
  };

  test('is asked about, and follows where the job is to finish first', async () => {
    const asked: string[][] = [];
    const { runs, queue } = controlled((one, underWay) => {
      asked.push([...one.modules, ...underWay.modules]);
      return { finishFirst: true, conflicts: [] };
    });
    queue.request(edit(1000, 'a', 'b'));
    queue.request(edit(2000, 'b'));
    queue.request(edit(3000, 'b', 'c'));
    expect(asked).toEqual([
      ['b', 'a', 'b'],
      ['b', 'c', 'a', 'b'],
    ]);
    expect(runs.map(names)).toEqual([['a', 'b']]);
    expect(runs[0]?.job.signal.aborted).toBe(false);
    expect(await runs[0]?.job.commit()).toBe(true);
    runs[0]?.release();
    await settled();
    expect(runs.map(names)).toEqual([
      ['a', 'b'],
      ['b', 'c'],
    ]);
    expect(asked).toHaveLength(2);
  });

  test('is not asked about where it shares no module, is of the same save, or is no edit', () => {
    const { runs, queue } = controlled(() => {
      throw new Error('asked');
    });
    queue.request(edit(1000, 'a'));
    queue.request(edit(9000, 'b'));
    queue.request(edit(1050, 'a'));
    queue.request(job('b'));
    expect(runs.map((run) => run.job.signal.aborted)).toEqual([true, true]);
  });

  test('another request of modules that are to finish first waits as well', async () => {
    const { runs, queue } = controlled(() => ({ finishFirst: true, conflicts: [] }));
    queue.request(edit(1000, 'a'));
    queue.request(edit(2000, 'a'));
    queue.request(job('a'));
    expect(runs[0]?.job.signal.aborted).toBe(false);
    runs[0]?.release();
    await settled();
    expect(runs.map(names)).toEqual([['a'], ['a']]);
  });

  test('brings what was decided to its own job, also where that takes the place of another', async () => {
    const question = { kind: 'editDuringTransaction', module: 'a', running: ['a'] } as const;
    const decided = { kind: question.kind, strategy: 'latest', decidedBy: 'default', code: 'HM481', text: '' } as const;
    const { runs, queue } = controlled(() => ({ finishFirst: false, conflicts: [{ question, decided }] }));
    queue.request(edit(1000, 'a'));
    queue.request(edit(2000, 'a'));
    expect(runs[0]?.job.signal.aborted).toBe(true);
    runs[0]?.release();
    await settled();
    expect(runs[1]?.job.conflicts).toEqual([{ question, decided }]);
  });

  test('begins anew, and a second request of the same text goes on since the first', async () => {
    const { runs, queue } = controlled();
    queue.request(job('a'));
    queue.request(job('a'));
    runs[0]?.release();
    await settled();
    expect(runs[1]?.job.since).toBe(runs[0]?.job.since);
    queue.request(edit(5000, 'a'));
    runs[1]?.release();
    await settled();
    expect(runs[2]?.job.since).toBeGreaterThan(runs[0]?.job.since ?? Number.POSITIVE_INFINITY);
  });
});
