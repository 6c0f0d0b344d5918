import { validRange } from 'semver';
import { z } from 'zod';

const flagList = z.array(z.string());
const symbolNames = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

/** How a module is built. Used for all modules (`build` of the config) and for one (`build` of a module.json). */
export const buildFlagsShape = {
  flags: flagList.optional().describe('Compiler flags for every language.'),
  cflags: flagList.optional().describe('Compiler flags for C and Objective-C.'),
  cxxflags: flagList.optional().describe('Compiler flags for C++.'),
  asmflags: flagList.optional().describe('Compiler flags for assembly.'),
  ldflags: flagList.optional().describe('Flags for the link, given to the compiler: "-lm", "-L...", "-Wl,...".'),
  defines: flagList.optional().describe('Preprocessor definitions: "NAME" or "NAME=value".'),
  includes: z
    .array(z.string().min(1))
    .optional()
    .describe('Header folders, relative to the file that names them: the project in the config, else the module.'),
};

const moduleBuildSchema = z
  .strictObject({
    ...buildFlagsShape,
    sources: z
      .array(z.string().min(1))
      .optional()
      .describe('Source files relative to the module, in place of all that are found in it.'),
    command: z.string().min(1).optional().describe('Build command run in the module, in place of our own build.'),
    output: z
      .string()
      .min(1)
      .optional()
      .describe('The shared library that the command leaves, relative to the module.'),
  })
  .refine((build) => (build.command === undefined) === (build.output === undefined), {
    path: ['output'],
    error: '"command" and "output" belong together: the command, and the shared library it leaves.',
  });

const entrySchema = z.strictObject({
  getInterface: symbolNames.optional().describe('Returns a module_interface_t. Default: get_module_interface.'),
  init: symbolNames.optional().describe('Default: <name>_init, then module_init.'),
  update: symbolNames.optional().describe('Default: <name>_update, then module_update.'),
  shutdown: symbolNames.optional().describe('Default: <name>_shutdown, then module_shutdown, then module_cleanup.'),
  saveState: symbolNames.optional().describe('Default: <name>_save_state, then module_save_state.'),
  loadState: symbolNames.optional().describe('Default: <name>_load_state, then module_load_state.'),
  view: symbolNames.optional().describe('Returns text to show. Default: module_view, then <name>_view.'),
});

const versionRange = z
  .string()
  .min(1)
  .refine((range) => validRange(range) !== null, 'expected a version range as npm writes them, for example "^1.2.0"');

const dependencySchema = z.strictObject({
  name: z.string().min(1).describe('The module it needs.'),
  version: versionRange.optional().describe('Version range, for example "^1.2.0". Default: any.'),
  optional: z.boolean().optional().describe('Works without it. Default: false.'),
});

const moduleShape = {
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/, 'expected MAJOR.MINOR.PATCH, for example "1.0.0"')
    .optional()
    .describe('MAJOR.MINOR.PATCH of the module. Default: 0.0.0.'),
  dependencies: z
    .union([z.array(dependencySchema), z.record(z.string(), versionRange)])
    .optional()
    .describe('Modules it calls: a list of {name, version, optional}, or {"name": "version range"}.'),
  entry: entrySchema
    .optional()
    .describe('Names of the functions that hotmod calls; one name, or a list by preference.'),
  build: moduleBuildSchema.optional().describe('How this module is built, added to the build settings of the project.'),
};

/** What a module says about itself, in its `module.json` or under `modules.overrides.<name>` of the config. */
export const moduleOverrideSchema = z.strictObject(moduleShape);

export const moduleFileSchema = z.strictObject({
  $schema: z.string().optional().describe('Path of this schema, for editors.'),
  ...moduleShape,
});

export type ModuleFile = z.infer<typeof moduleOverrideSchema>;
