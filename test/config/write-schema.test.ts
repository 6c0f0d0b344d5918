import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isRecord } from '../../src/config/form.js';
import { writeSchemas } from '../../src/config/write-schema.js';
import { tempProject } from '../helpers/temp-project.js';

test('the JSON schemas describe every key, so that editors can show what it does', async () => {
  const folder = path.join(await tempProject(), 'dist');
  await writeSchemas(folder);
  for (const name of ['config.schema.json', 'module.schema.json']) {
    const schema: unknown = JSON.parse(await readFile(path.join(folder, name), 'utf8'));
    const bare = undescribed(schema, '');
    expect(bare).toEqual([]);
    expect(isRecord(schema) && schema.additionalProperties).toBe(false);
  }
});

function undescribed(node: unknown, place: string): readonly string[] {
  if (!isRecord(node)) return [];
  const properties = isRecord(node.properties) ? Object.entries(node.properties) : [];
  const missing = properties.filter(([, value]) => isRecord(value) && typeof value.description !== 'string');
  return [
    ...missing.map(([key]) => `${place}.${key}`),
    ...properties.flatMap(([key, value]) => undescribed(value, `${place}.${key}`)),
  ];
}
