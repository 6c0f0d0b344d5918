import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { counting, type GoingBack, goingBack } from '../helpers/going-back.js';

const manifest = (version: string): string => JSON.stringify({ version });

/** A session on version 2.0.0 of the module, with this setting. */
function running(config: Readonly<Record<string, string>>): Promise<GoingBack> {
  return goingBack(counting(1), { 'modules/m/module.json': manifest('2.0.0'), ...config });
}

async function saveAs(served: GoingBack, version: string, step: number) {
  await writeFile(join(served.path, 'modules/m/module.json'), manifest(version));
  await writeFile(join(served.path, 'modules/m/m.c'), counting(step));
  const before = served.running.outcomes('m').length;
  await served.running.session.refresh();
  await served.running.session.idle();
  return served.running.outcomes('m')[before] ?? null;
}

const strategy = (onConflict: string) => ({ 'hotmod.config.json': JSON.stringify({ reload: { onConflict } }) });

test('"latest" is the default: a lower version is taken, and the outcome says what decided', async () => {
  await using served = await running({});
  const outcome = await saveAs(served, '1.9.0', 10);
  expect(outcome).toMatchObject({ outcome: 'reloaded', level: 'WARNING', reasons: [{ code: 'HM480' }] });
  expect(outcome?.reasons[0]?.message).toBe(
    'the version went down from 2.0.0 to 1.9.0; the strategy "latest" of reload.onConflict decides: the new version is taken all the same',
  );
  expect(await saveAs(served, '1.9.1', 20)).toMatchObject({ outcome: 'reloaded', level: 'SAFE' });
});

test('"ask" stays with what runs until the reload is forced', async () => {
  await using served = await running(strategy('ask'));
  expect(await saveAs(served, '1.9.0', 10)).toMatchObject({ outcome: 'refused', reasons: [{ code: 'HM480' }] });
  expect(await served.count()).toBe(1);
  expect((await served.hotmod('reload', 'm')).code).toBe(4);
  const { code, out } = await served.hotmod('reload', 'm', '--force');
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('the strategy "ask"') });
  expect(await served.count()).toBe(11);
});

test('"keep" stays with what runs, by force too; a version that is not lower goes on', async () => {
  await using served = await running(strategy('keep'));
  expect(await saveAs(served, '1.9.0', 10)).toMatchObject({ outcome: 'refused', level: 'BLOCKED' });
  expect((await served.hotmod('reload', 'm', '--force')).code).toBe(4);
  expect(await saveAs(served, '2.0.1', 100)).toMatchObject({ outcome: 'reloaded', level: 'SAFE' });
});

test('a function of the config decides from case to case, and is taken over when it changes', async () => {
  const file = 'hotmod.config.ts';
  const config = (body: string): string =>
    `export default { reload: { onConflict: (conflict: { kind: string; module: string; to: string }) => { ${body} } } };\n`;
  await using served = await running({
    [file]: config(`return conflict.kind === 'versionDown' && conflict.to.startsWith('1.') ? 'keep' : 'latest';`),
  });
  const kept = await saveAs(served, '1.9.0', 10);
  expect(kept).toMatchObject({ outcome: 'refused', level: 'BLOCKED' });
  expect(kept?.reasons[0]?.message).toContain('the strategy "keep" of the function reload.onConflict decides');
  await writeFile(join(served.path, file), config(`throw new Error('no idea about ' + conflict.module);`));
  const asked = await saveAs(served, '1.9.0', 20);
  expect(asked?.reasons[0]?.message).toContain(
    'the strategy "ask" of the function reload.onConflict, which failed: no idea about m decides',
  );
  await writeFile(join(served.path, file), config(`return 'perhaps';`));
  const odd = await saveAs(served, '1.9.0', 30);
  expect(odd?.reasons[0]?.message).toContain('which gave perhaps in place of a strategy');
});

test('going back on purpose is no conflict', async () => {
  await using served = await goingBack(counting(1), {
    'modules/m/module.json': manifest('1.0.0'),
    ...strategy('keep'),
  });
  await saveAs(served, '2.0.0', 10);
  expect(await served.hotmod('rollback', 'm', '--to', '1')).toMatchObject({ code: 0 });
  expect(await saveAs(served, '2.0.0', 100)).toMatchObject({ outcome: 'reloaded', level: 'SAFE' });
});
