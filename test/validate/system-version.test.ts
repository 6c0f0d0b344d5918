import { expect, test } from 'vitest';
import { nativeTarget, targets } from '../../src/target/targets.js';
import { isNewer, systemVersionOf } from '../../src/validate/system-version.js';

test('a target of another machine has the version of its triple, this machine that of its kernel', () => {
  const cross = targets({ platform: 'linux', arch: 'x64' }).get('macos-arm64') ?? nativeTarget();
  const mac = nativeTarget({ platform: 'darwin', arch: 'arm64' });

  expect(systemVersionOf(cross)).toEqual({ version: '11', what: 'the target macos-arm64' });
  expect(systemVersionOf(mac, '20.6.0')?.version).toMatch(/^11\./);
  expect(systemVersionOf(mac, '24.1.0')?.version).toMatch(/^15\./);
  expect(systemVersionOf(mac, '25.0.0')?.version).toMatch(/^26\./);
  expect(systemVersionOf(mac, 'unknown')).toBeNull();
});

test('versions are compared number by number', () => {
  expect(isNewer('11.0', '11')).toBe(false);
  expect(isNewer('11.0.1', '11')).toBe(true);
  expect(isNewer('10.15', '11')).toBe(false);
  expect(isNewer('13.2', '13.10')).toBe(false);
  expect(isNewer('26.0', '15.999')).toBe(true);
});
