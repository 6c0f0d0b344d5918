import { expect, test } from 'vitest';
import { counterSource } from '../helpers/host-modules.js';
import { jsonLines, runIn, serveSession } from '../helpers/served-session.js';
import { tempDir } from '../helpers/temp-dir.js';

const good = { 'modules/good/good.c': counterSource() };
const bad = { 'modules/bad/bad.c': counterSource({ body: 'if (count == 3) abort();' }) };

test('history --recoveries tells what became of the crashes of the running session, by module and in all', async () => {
  await using served = await serveSession({ ...good, ...bad });
  expect(await served.hotmod('history', '--recoveries')).toMatchObject({
    code: 0,
    out: '',
    err: 'Nothing crashed since the session began.\n',
  });
  await served.running.session.step(5);
  const { code, out } = await served.hotmod('history', '--recoveries');
  const counts = String.raw`3 \(3 abort\), 3 of 3 recovered \(100 %\) in [\d.]+ ms on average, p99 [\d.]+ ms`;
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`^bad: ${counts}\nin all: ${counts}\n$`));
  await served.running.session.step(1);
  expect((await served.hotmod('history', 'bad', '--recoveries')).out).toContain(
    'bad: 4 (4 abort), 3 of 4 recovered (75 %)',
  );
  expect((await served.hotmod('history', 'good', '--recoveries')).err).toBe(
    'Nothing crashed in good since the session began.\n',
  );
});

test('history --recoveries --json is one object, of a module its part alone', async () => {
  await using served = await serveSession({ ...good, ...bad });
  await served.running.session.step(5);
  const own = { crashes: 3, byClass: { abort: 3 }, tried: 3, recovered: 3, rate: 1 };
  const all = jsonLines((await served.hotmod('history', '--recoveries', '--json')).out);
  expect(all).toMatchObject([{ ...own, modules: { bad: own } }]);
  expect(jsonLines((await served.hotmod('history', 'bad', '--recoveries', '--json')).out)).toMatchObject([own]);
});

test('history --recoveries needs a session, and a module that there is', async () => {
  await using dir = await tempDir(good);
  expect(await runIn(dir.path, ['history', '--recoveries'])).toMatchObject({
    code: 3,
    err: expect.stringContaining('HM521'),
  });
  await using served = await serveSession(good);
  expect(await served.hotmod('history', 'god', '--recoveries')).toMatchObject({
    code: 2,
    err: expect.stringContaining('HM106'),
  });
});
