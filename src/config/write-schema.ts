import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';
import { jsonSchemaOf } from './json-schema.js';
import { moduleFileSchema } from './module-schema.js';
import { userConfigSchema } from './schema.js';

/** Writes the JSON schemas that editors check hotmod.config.json and module.json with. Run by `npm run build`. */
export async function writeSchemas(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeSchema(path.join(folder, 'config.schema.json'), 'hotmod.config.json', userConfigSchema);
  await writeSchema(path.join(folder, 'module.schema.json'), 'module.json', moduleFileSchema);
}

async function writeSchema(file: string, title: string, schema: z.ZodType): Promise<void> {
  const json = { ...jsonSchemaOf(schema), title };
  await writeFile(file, `${JSON.stringify(json, null, 2)}\n`);
}
