import type { CodeText } from './types.js';

/** What can be wrong with a command line, beside the configuration. */
export const usageCodes: readonly CodeText[] = [
  {
    code: 'HM109',
    title: 'no such code',
    meaning: '"hotmod explain" was asked for a code that hotmod never emits.',
    remedy: 'Run "hotmod explain" without a code for the list of all.',
  },
  {
    code: 'HM110',
    title: 'the terminal UI needs a terminal',
    meaning:
      '--ui ink was asked for, but stdin or stdout is not a terminal, or this is a build server. The screen could not be drawn or keys could not be read.',
    remedy: 'Leave --ui out, which chooses plain text in such a place, or use --ui plain or --json.',
  },
  {
    code: 'HM111',
    title: 'no such path of reload cases',
    meaning: 'A path given to "hotmod test" does not exist.',
    remedy: 'Give the folder of a case, a folder that holds cases, or a case.json.',
  },
  {
    code: 'HM112',
    title: 'no reload case found',
    meaning:
      '"hotmod test" looked for case.json files and found none, or the filter left none. That counts as a failure, so that a wrong path in CI does not look like success.',
    remedy: 'Check the path or the filter. Without a path, fixtures/ is looked at.',
  },
  {
    code: 'HM113',
    title: 'not a reload case',
    meaning:
      'A case.json could not be read: it is not JSON, has an unknown key, or a value of the wrong form. The message names the place.',
    remedy: 'Mend the place named. README, "Reload cases", shows the form.',
  },
  {
    code: 'HM114',
    title: 'no such reporter',
    meaning: '--reporter was given a name that is not one of spec, json, junit and github.',
    remedy: 'Use one of those names; several are possible, each with its own --reporter.',
  },
  {
    code: 'HM115',
    title: 'more output files than reporters',
    meaning: 'There are more --output-file than --reporter, so it is unclear what belongs into which.',
    remedy:
      'Give a --reporter for each --output-file. Files go to the last reporters; the first speaks on stdout unless each has a file.',
  },
  {
    code: 'HM116',
    title: 'the demo could not start',
    meaning: 'The sample modules did not build or load in the temporary copy the demo works on.',
    remedy:
      'Run "hotmod doctor" to check the toolchain. If it is content, "hotmod dev" on the samples shows what is wrong.',
  },
  {
    code: 'HM117',
    title: 'nothing to inspect was named',
    meaning: '"hotmod inspect" was called without a module or file, or --diff without exactly two files.',
    remedy:
      'Name a module ("hotmod inspect simulation"), a file ("hotmod inspect lib.so --layout"), or two files after --diff.',
  },
  {
    code: 'HM118',
    title: 'module was not built yet',
    meaning:
      'The types of a module are read from the library that runs or ran last, and no session of this project has loaded one.',
    remedy: 'Start "hotmod dev" once, or name a library or object file in place of the module.',
  },
  {
    code: 'HM119',
    title: 'no such type',
    meaning: 'The debug information of the library or file describes no struct, class or union of this name.',
    remedy: 'Leave the name out for the list of all. A type that nothing in the source uses is not described.',
  },
];
