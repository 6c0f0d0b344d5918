// Writes dist/config.schema.json and dist/module.schema.json from the compiled zod schemas; part of the build.
import { writeSchemas } from '../dist/config/write-schema.js';

await writeSchemas(new URL('../dist', import.meta.url).pathname);
