import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../helpers/cli.js';
import { counterSource } from '../helpers/host-modules.js';
import { openTestSession, type TestSession } from '../helpers/session.js';
import { coverReadOnly, fill, smallDisk } from '../helpers/small-disk.js';
import { tempDir, writeFiles } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const source = 'modules/counter/counter.c';

const count = async (running: TestSession): Promise<number> => Number(await running.view('counter'));

async function outcomeOf(running: TestSession, edit: () => Promise<void>) {
  const before = running.outcomes('counter').length;
  await edit();
  const event = await waitFor(() => running.outcomes('counter')[before], 'an outcome');
  await running.session.idle();
  return event;
}

const noMount = 'only root may mount the small disk that this test fills';

test('a full disk fails the build with HM210, costs the running version nothing, and heals when there is room', async ({
  skip,
}) => {
  await using dir = await tempDir({ [source]: counterSource() });
  const out = join(dir.path, '.hotmod');
  await using disk = await smallDisk(out, 'size=3m');
  if (disk === null) skip(noMount);
  await using running = await openTestSession(dir.path, { stepped: true });
  await running.session.step(5);
  await fill(join(out, 'everything'));
  const failed = await outcomeOf(running, () => writeFile(join(dir.path, source), counterSource({ by: 2 })));
  expect(failed).toMatchObject({ outcome: 'buildFailed', from: 1, reasons: [{ code: 'HM210' }] });
  expect(failed.reasons[0]?.message).toMatch(/space/);
  await running.session.step(1);
  expect(await count(running)).toBe(6);
  await rm(join(out, 'everything'));
  const healed = await outcomeOf(running, () => writeFile(join(dir.path, source), counterSource({ by: 3 })));
  expect(healed).toMatchObject({ outcome: 'reloaded' });
  await running.session.step(1);
  expect(await count(running)).toBe(9);
});

test('an output folder that becomes read-only does the same', async ({ skip }) => {
  await using dir = await tempDir({ [source]: counterSource() });
  const out = join(dir.path, '.hotmod');
  await using running = await openTestSession(dir.path, { stepped: true });
  await running.session.step(5);
  {
    await using readOnly = await coverReadOnly(out);
    if (readOnly === null) skip(noMount);
    const failed = await outcomeOf(running, () => writeFile(join(dir.path, source), counterSource({ by: 2 })));
    expect(failed).toMatchObject({ outcome: 'buildFailed', from: 1, reasons: [{ code: 'HM210' }] });
    await running.session.step(1);
    expect(await count(running)).toBe(6);
  }
  const healed = await outcomeOf(running, () => writeFile(join(dir.path, source), counterSource({ by: 3 })));
  expect(healed).toMatchObject({ outcome: 'reloaded' });
});

test('a project that cannot be written to is refused with code 3 and the folder', async ({ skip }) => {
  await using dir = await tempDir({ [source]: counterSource() });
  await using disk = await smallDisk(join(dir.path, '.hotmod'), 'size=1m,ro');
  if (disk === null) skip(noMount);
  const refused = await runCli(dir.path, ['dev', '--ui', 'plain']);
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('HM210') });
  expect(refused.stderr).toContain('.hotmod');
});

for (const blocked of ['.hotmod', '.hotmod/run']) {
  test(`a file in the place of ${blocked} is refused with code 3 and its name`, async () => {
    await using dir = await tempDir({ [source]: counterSource() });
    await writeFiles(dir.path, { [blocked]: '' });
    const refused = await runCli(dir.path, ['dev', '--ui', 'plain']);
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('HM210') });
    expect(refused.stderr).toContain('.hotmod');
  });
}
