import type { CodeText } from './types.js';

export const configCodes: readonly CodeText[] = [
  {
    code: 'HM101',
    title: 'the config cannot be read',
    meaning:
      'The config file does not exist, is not text, is not valid TypeScript, JavaScript or JSON, throws while it is loaded, or there are two of them in one project.',
    remedy:
      'Mend the file at the line the message names. A running session keeps the settings it has until the file can be read again. Without any config file the defaults apply.',
  },
  {
    code: 'HM102',
    title: 'unknown key in the config',
    meaning: 'The config has a key that hotmod does not know. Unknown keys are refused because most of them are slips.',
    remedy:
      'Take the key that the message suggests, or one of those it lists. The JSON schema of the config lists all.',
  },
  {
    code: 'HM103',
    title: 'wrong value in the config',
    meaning: 'A key of the config, or a HOTMOD_* environment variable, has a value of another form than it must have.',
    remedy: 'Write the value in the form that the message names.',
  },
  {
    code: 'HM104',
    title: 'module.json is not valid',
    meaning: 'The module.json of a module cannot be read, has an unknown key, or has a value of a wrong form.',
    remedy: 'Mend the key that the message names, or remove the file: a module needs none.',
  },
  {
    code: 'HM105',
    title: 'no module was found',
    meaning:
      'None of the folders that were looked at is a module. A module is a folder with a C, C++ or assembly source in it, or with a module.json that names a build command.',
    remedy: 'Run `hotmod init` for a first module, or name your folders under `modules.patterns` in the config.',
  },
  {
    code: 'HM106',
    title: 'unknown module',
    meaning: 'A module was named that the project does not have.',
    remedy: 'Check the spelling against the list in the message. The name of a module is the name of its folder.',
  },
  {
    code: 'HM107',
    title: 'two modules of one name',
    meaning: 'Two folders that are modules have the same name, so that the name says nothing.',
    remedy: 'Rename one of the folders, or narrow `modules.patterns` so that only one of them matches.',
  },
  {
    code: 'HM108',
    title: 'unknown target',
    meaning: 'A target was named, by --target, HOTMOD_TARGET or `target` in the config, that hotmod cannot build for.',
    remedy: 'Take one of the targets that the message lists. `native` is the machine hotmod runs on.',
  },
  {
    code: 'HM120',
    title: 'modules depend on each other in a ring',
    meaning:
      'The "dependencies" of module.json files lead from a module back to itself. Providers start before those who need them, so nothing could start first.',
    remedy:
      'Take one step of the ring out: move what both sides need into a module of its own, or hand one side a function pointer.',
  },
];
