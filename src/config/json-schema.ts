import { z } from 'zod';

/** The form of a file for editors and for our own messages. A function has none: only a config in TypeScript can hold one. */
export function jsonSchemaOf(schema: z.ZodType) {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'custom') Object.assign(jsonSchema, { not: {} });
    },
  });
}
