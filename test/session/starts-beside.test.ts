import { expect, test } from 'vitest';
import { openJournalReader } from '../../src/journal/open-reader.js';
import { journalFile } from '../../src/session/generations/history.js';
import { manyModules } from '../helpers/many-modules.js';
import { openTestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';

test('what is told of modules that start beside each other is in the journal by then', async () => {
  const { names, files } = manyModules(40);
  await using dir = await tempDir(files);
  await using running = await openTestSession(dir.path, { watch: false, stepped: true, start: false });
  const { session, bus } = running;
  const written: unknown[] = [];
  bus.on((event) => {
    if (event.type !== 'reload:done') return;
    using reader = openJournalReader(journalFile(session.context.config.outDir), 5);
    const [newest] = reader?.entries({ module: event.module, limit: 1 }) ?? [];
    written.push({ module: event.module, phase: newest?.phase, outcome: newest?.outcome });
  });

  session.request(names);
  await session.idle();

  const wanted = names.map((module) => ({ module, phase: 'outcome', outcome: 'loaded' }));
  expect(written).toHaveLength(names.length);
  expect(written).toEqual(expect.arrayContaining(wanted));
});
