import { expect, test } from 'vitest';
import { cpuTarget } from '../../src/target/cpu.js';
import { isEmulated, type Target, targets } from '../../src/target/targets.js';

const linux = targets({ platform: 'linux', arch: 'x64' });
const mac = targets({ platform: 'darwin', arch: 'arm64' });

function named(name: string, known = linux): Target {
  const target = known.get(name);
  if (target === undefined) throw new Error(`no target ${name}`);
  return target;
}

test('each target says which program runs its modules here', () => {
  const how = (known: ReadonlyMap<string, Target>) =>
    Object.fromEntries([...known.values()].map(({ name, runs }) => [name, runs.how]));
  expect(how(linux)).toEqual({
    native: 'native',
    'linux-x64': 'native',
    'linux-arm64': 'emulated',
    'macos-arm64': 'not',
    'macos-x64': 'not',
  });
  expect(how(targets({ platform: 'linux', arch: 'arm64' }))).toMatchObject({
    'linux-x64': 'not',
    'linux-arm64': 'native',
  });
  expect(how(mac)).toMatchObject({ native: 'native', 'linux-arm64': 'not', 'macos-arm64': 'native' });
  expect([...linux.values()].filter(isEmulated).map(({ name }) => name)).toEqual(['linux-arm64']);
});

test('what is run here is built for the compiler’s own default, everything else for a triple', () => {
  expect(named('linux-x64').triple).toBe('');
  expect(named('linux-arm64').triple).toBe('aarch64-linux-gnu');
  expect(named('linux-arm64', targets({ platform: 'linux', arch: 'arm64' })).triple).toBe('');
  expect(named('macos-arm64', mac).triple).toBe('');
});

test('a processor and its features are told to the compiler in the words of the architecture', () => {
  const added = (name: string, cpu: string, ...features: string[]) =>
    cpuTarget(named(name), { name: cpu, features }).compileArgs.slice(named(name).compileArgs.length);
  expect(added('linux-arm64', 'neoverse-n1', 'sve')).toEqual(['-mcpu=neoverse-n1+sve']);
  expect(added('linux-arm64', 'generic', 'lse')).toEqual(['-mcpu=generic+lse']);
  expect(added('linux-x64', 'x86-64-v3')).toEqual(['-march=x86-64-v3']);
  expect(added('native', 'generic', 'avx2')).toEqual(['-mavx2']);
  expect(added('linux-arm64', 'generic')).toEqual([]);
});

test('what C can see of a machine stands in its entry', () => {
  expect(named('linux-x64').properties.charIsSigned).toBe(true);
  expect(named('linux-arm64').properties.charIsSigned).toBe(false);
  expect(named('macos-arm64').properties).toEqual({
    charIsSigned: true,
    longDouble: 'double',
    pageSize: 16_384,
    cacheLineSize: 128,
  });
});
