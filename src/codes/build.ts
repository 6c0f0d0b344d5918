import type { CodeText } from './types.js';

/** What goes wrong between sources and library. */
export const buildCodes: readonly CodeText[] = [
  {
    code: 'HM201',
    title: 'compile error',
    meaning: 'The compiler or assembler rejected a source file. The version that runs is not touched.',
    remedy: 'Correct the place that file, line and column name; the next save builds again.',
  },
  {
    code: 'HM202',
    title: 'link error',
    meaning:
      'All sources compiled, but the linker could not make a library of them, for example because two files define the same function or a library is not found.',
    remedy: 'Read the linker message below the code. Check build.ldflags in module.json for libraries and folders.',
  },
  {
    code: 'HM203',
    title: 'undefined symbol',
    meaning:
      'A function or variable is used that no source of the module defines and no linked library provides. Loading such a library would fail or crash, so it is refused at link time.',
    remedy:
      'Define it, correct its spelling, or add the library that has it to build.ldflags (`-lm` for mathematics). Functions of other modules are reached with module_get_symbol().',
  },
  {
    code: 'HM207',
    title: 'build command failed',
    meaning: "The module's own build.command ended with an error, so its output is not looked at.",
    remedy: "Run the command by hand in the module's folder; its last lines are shown with the message.",
  },
  {
    code: 'HM208',
    title: 'build command left no library',
    meaning:
      'The build.command ended well, but build.output does not exist, is empty, or was still being written after the command had ended.',
    remedy:
      'Check that build.output names the file the command writes, relative to the module folder, and that the command does not go on in the background. HOTMOD_OUTPUT holds the expected path.',
  },
  {
    code: 'HM209',
    title: 'no sources',
    meaning:
      'The module has no source file to build, or build.sources names files that do not exist. Folders that start with a dot, node_modules and CMake build folders are not searched.',
    remedy: 'Add a .c, .cc, .cpp, .cxx, .m, .s or .S file, or correct build.sources, or give a build.command.',
  },
  {
    code: 'HM210',
    title: 'output folder not writable or disk full',
    meaning: 'Objects and libraries could not be written. The version that runs is not touched.',
    remedy:
      'Free space, or make the .hotmod folder writable for you, and reload (r in the UI, or `hotmod reload`): saving the same text is no change. The folder may be removed at any time.',
  },
  {
    code: 'HM211',
    title: 'source disappeared during the build',
    meaning: 'A source file was there when the build was planned and gone when the compiler wanted it.',
    remedy:
      'If it was removed on purpose, nothing is to be done: the next build goes without it. Otherwise save it again.',
  },
  {
    code: 'HM212',
    title: 'compiler or linker crashed',
    meaning:
      'The compiler or linker itself ended by a signal or reported an internal error. Out of memory looks the same.',
    remedy:
      'Reload (r in the UI, or `hotmod reload`); if it stays, undo the last change or try another compiler with build.compiler. With several big files lower build.jobs.',
  },
  {
    code: 'HM213',
    title: 'compiler warning',
    meaning: 'The compiler warns of something that is probably not meant. The module is built and loaded all the same.',
    remedy: 'Correct the place named, or silence the warning with the flag in its brackets in build.flags.',
  },
  {
    code: 'HM227',
    title: 'damaged entry in the shared cache',
    meaning:
      'A file of the cache that all your projects share is not what was written: it was cut short or changed by hand, by another program or by the disk. It was found by its hash, taken out, and what it held is compiled anew; no build has used it.',
    remedy:
      'Nothing has to be done. If it happens again, look at the disk; `hotmod cache clear` empties the cache. It is said once in a session.',
  },
  {
    code: 'HM228',
    title: 'shared cache cannot be written',
    meaning:
      'Objects for your other projects could not be stored: the disk is full, or the folder may not be written. What lies there is used all the same; builds are not touched by it. It is said once in a session, which then stops trying.',
    remedy:
      'Make room (`hotmod cache clear`, or a smaller `build.cacheLimit`), or make the folder writable; HOTMOD_CACHE names another one. `build.cacheLimit: 0` turns the shared cache off.',
  },
  {
    code: 'HM229',
    title: 'launcher not found',
    meaning: 'The program that `build.launcher` names (ccache, sccache, distcc, icecc) is not on PATH.',
    remedy:
      'Install it, name it by its absolute path, or remove `build.launcher` (and HOTMOD_LAUNCHER). `hotmod doctor` has a line about it.',
  },
  {
    code: 'HM534',
    title: 'build took too long',
    meaning:
      'A compiler, the linker or a build command ran longer than timeouts.build and was ended, with all processes that it had started. The version that ran before runs on.',
    remedy:
      'Find out what it waits for: run it by hand. Raise timeouts.build where it really takes long; 0 sets no limit.',
  },
  {
    code: 'HM214',
    title: 'compiler could not be started',
    meaning: 'The compiler or linker that was found earlier is gone or cannot be run.',
    remedy: 'Run `hotmod doctor --fix`, or name another one with build.compiler.',
  },
  {
    code: 'HM220',
    title: 'tool cannot be kept loaded',
    meaning:
      'Compiler and linker are kept loaded between builds by a small library that the loader puts into them. This system refuses that, for example for a statically linked program. Builds are as right as ever and take somewhat longer.',
    remedy: 'Nothing has to be done. `build.warm: false` in the config stops the attempt; `hotmod doctor` tells more.',
  },
  {
    code: 'HM221',
    title: 'loaded tools were given up',
    meaning:
      'A compiler or linker that was kept loaded crashed, hung or gave no usable answer several times within a minute. Each time the plain command did the work in its place, and it does all of it until the session ends.',
    remedy:
      'Nothing is lost. If it happens in every session, set `build.warm: false`; the log has the reason of each time (`fallbacks` of build:done).',
  },
  {
    code: 'HM222',
    title: 'precompiled header failed',
    meaning:
      'A file was compiled with a precompiled header that hotmod had made of the includes it begins with. That failed, and without it the same file compiled. What runs is what came of the second compile; this precompiled header is not used again in the session.',
    remedy:
      'Nothing has to be done. If it happens again and again, set `build.pch: "off"` in the config, and report what the compiler said.',
  },
  {
    code: 'HM223',
    title: 'precompiled headers were given up',
    meaning:
      'Precompiled headers failed several times (HM222). All files are compiled without them until the session ends.',
    remedy: 'Nothing is lost but some time for each build. `build.pch: "off"` in the config stops the attempt.',
  },
  {
    code: 'HM224',
    title: 'file comes out different with precompiled headers',
    meaning:
      'Before a precompiled header is used for a file, the file is compiled with it and without it, and both objects (without debug information) and messages are compared. Here they differed, so the file is compiled as if there were none. It is asked again when one of its headers changes.',
    remedy: 'Nothing has to be done. A report with the includes of the file would be welcome.',
  },
];
