import { expect, test } from 'vitest';
import { compareVersionNumbers } from '../../src/config/version-order.js';

test('versions are in the order of Semantic Versioning', () => {
  // The example of section 11.4 of the specification, and numbers of more than one digit.
  const ordered = [
    '0.9.10',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.2.0',
    '1.10.0',
    '2.0.0',
  ];
  for (const [index, version] of ordered.entries()) {
    for (const [other, against] of ordered.entries()) {
      expect(Math.sign(compareVersionNumbers(version, against)), `${version} and ${against}`).toBe(
        Math.sign(index - other),
      );
    }
  }
  expect(compareVersionNumbers('1.0.0+20130313144700', '1.0.0+exp.sha.5114f85')).toBe(0);
});
