import type { CodeText } from './types.js';

/** What is wrong with a library as a file. Any of these keeps it from being loaded. */
export const validateCodes: readonly CodeText[] = [
  {
    code: 'HM301',
    title: 'not a library file',
    meaning:
      'The build left something that is no file of the format the target uses (ELF on Linux, Mach-O on macOS): a text, a ' +
      'script, a static library, or a library of another system. The message says what it is.',
    remedy:
      'Check that build.output names the shared library and not another product of the build, and that the build ' +
      'command compiles for this system.',
  },
  {
    code: 'HM302',
    title: 'library cut off or damaged',
    meaning:
      'The file begins like a library, but parts it points to are missing or make no sense. This is what a build ' +
      'that is still writing, a full disk, or a copy that was interrupted leaves behind.',
    remedy:
      'Build again. If it stays, look for two builds that write the same file, and for free space on the disk. The ' +
      'running version is untouched.',
  },
  {
    code: 'HM303',
    title: 'not a shared library',
    meaning:
      'The file is a sound ELF or Mach-O file of another kind: a program, an object file that was not linked, debug ' +
      'information, or a memory dump.',
    remedy: 'Link with -shared (macOS: -dynamiclib), and compile every source of the module with -fPIC.',
  },
  {
    code: 'HM304',
    title: 'library for another machine',
    meaning: 'The library was built for a processor other than the target. The message names both.',
    remedy:
      'Build for the target (its name stands in the configuration or after --target), or choose the target that ' +
      'fits the library. With a build command of your own, check which compiler it calls.',
  },
  {
    code: 'HM305',
    title: 'entry point missing',
    meaning:
      'A module must export a function to begin with: get_module_interface, or an update or init function under one ' +
      'of the names the message lists. The library exports none of them as a function.',
    remedy:
      'Export one of the names: write MODULE_EXPORT before it, declare it extern "C" in C++, and give it ' +
      '.globl and .type in assembly. Other names can be set under "entry" in module.json.',
  },
  {
    code: 'HM306',
    title: 'needed library not found',
    meaning:
      'The library, or one that it needs, asks for a further library that is in none of the folders where the ' +
      'loader will look. LD_LIBRARY_PATH is not among them, because modules run in an environment of their own.',
    remedy:
      'Install the library, or give the folder at link time with -Wl,-rpath,DIR under ldflags ($ORIGIN is the ' +
      'folder of the library itself).',
  },
  {
    code: 'HM307',
    title: 'undefined symbol',
    meaning:
      'The library uses a function or variable that nothing provides: not the libraries it needs, not the engine, ' +
      'not the modules it declares as dependencies. Loading it would fail.',
    remedy:
      'Check the spelling, add the source or the library (-l...) that defines it, or declare the module that ' +
      'exports it under "dependencies" in module.json.',
  },
  {
    code: 'HM308',
    title: 'library not readable',
    meaning: 'There is no such file, it is not a regular file, or its permissions do not allow reading it.',
    remedy:
      'Check that the build command leaves the file that build.output names, and that you may read it. The message ' +
      'holds the answer of the system.',
  },
  {
    code: 'HM310',
    title: 'symbol of two modules',
    meaning:
      'The library uses a function or variable that two of the modules it declares as dependencies export. Which of ' +
      'them is meant, nobody can know.',
    remedy:
      'Give one of the two another name, make it static or hidden in the module that does not mean to offer it, or ' +
      'take the module that is not meant out of "dependencies".',
  },
  {
    code: 'HM311',
    title: 'needed module is missing',
    meaning:
      'The module declares in module.json that it needs another one, which the project does not have, which was left ' +
      'out, or whose version is outside the range that is asked for.',
    remedy:
      'Add the module, take it back in, or change the range under "dependencies". What works without it is declared ' +
      'with "optional": true.',
  },
  {
    code: 'HM312',
    title: 'needed module does not run',
    meaning:
      'The module needs another one that does not run yet, because it could not be built, was refused, or failed to ' +
      'start. It waits: as soon as the other one starts, it is brought up with it.',
    remedy: 'Mend the module that the message names.',
  },
  {
    code: 'HM313',
    title: 'library not signed',
    meaning:
      'The library has no code signature. On ARM64 macOS ends a process that runs a page without one, so that it cannot ' +
      'be loaded.',
    remedy:
      "Linkers sign by themselves (Apple's ld, and lld for arm64); look for a step after the link that takes the " +
      'signature away, such as strip. "codesign --sign - FILE" signs it again.',
  },
  {
    code: 'HM314',
    title: 'code signature does not fit',
    meaning:
      'The library was changed after it was signed, or its signature is damaged: a page of it, or a part of the ' +
      'signature, does not have the hash that the signature lists. macOS ends a process that touches such a page.',
    remedy:
      'Build again. Where a tool changes the library after the link (install_name_tool, strip), sign it afterwards: ' +
      '"codesign --force --sign - FILE".',
  },
  {
    code: 'HM315',
    title: 'library for another system',
    meaning:
      "The library was built for another of Apple's systems: iOS, a simulator, Mac Catalyst. They share the format and " +
      'the processor, and the loader refuses one in a process of another.',
    remedy: 'Build with -target arm64-apple-macos11 (or x86_64-apple-macos11), or with the SDK of macOS.',
  },
  {
    code: 'HM316',
    title: 'newer system needed',
    meaning:
      'The library says that it needs a later macOS than the one it would run on: this machine, or the oldest that the ' +
      'target stands for.',
    remedy: "Build with a lower -mmacosx-version-min, or with the target's own flags, which set it.",
  },
  {
    code: 'HM317',
    title: 'arm64e library',
    meaning:
      "The library is for arm64e, whose pointers are signed. Only Apple's own processes are of this kind; those of " +
      'anybody else are arm64 and load no arm64e libraries.',
    remedy: 'Build for arm64 (-arch arm64), or as a universal file that has both.',
  },
  {
    code: 'HM318',
    title: 'no fixups for the loader',
    meaning:
      'The library does not say which of its words hold addresses (by chained fixups or LC_DYLD_INFO), or says it in ' +
      'two ways. The loader could not put it at a place in memory.',
    remedy: 'Link it again with a linker of the last ten years; a tool may have taken the information out.',
  },
  {
    code: 'HM320',
    title: 'SDK of the target missing',
    meaning:
      'A source includes a header of macOS, or the module links a library of it, and this machine is no Mac. Apple gives ' +
      'headers and libraries away with its SDK alone; without it only sources that need nothing of the system are built.',
    remedy:
      'Build on macOS, where the SDK comes with Xcode or its command line tools. A copy of it on this machine is used ' +
      'where the variable SDKROOT names its folder. Sources that declare themselves what they call build without one.',
  },
];
