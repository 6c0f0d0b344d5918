import type { CodeText } from './types.js';

export const targetCodes: readonly CodeText[] = [
  {
    code: 'HM125',
    title: 'no such processor',
    meaning:
      'The processor named with --cpu, HOTMOD_CPU or `cpu` in the config is none that the target can have, or one of the features behind it is not spelt like one.',
    remedy: 'Take one that the message lists. Features follow with a plus sign: "neoverse-n1+sve", "generic+lse".',
  },
  {
    code: 'HM126',
    title: 'the own processor, for another machine',
    meaning:
      'The processor "native" is that of the machine hotmod runs on. Modules of this target run on another machine, or under an emulator.',
    remedy: 'Name a processor of the target, or leave --cpu away: "generic" runs on all of them.',
  },
  {
    code: 'HM127',
    title: 'the target of a running session was changed',
    meaning:
      'The config names another target than the one the session was started with. Running modules cannot move to another machine, so the session keeps the settings that it has.',
    remedy: 'End the session and start it again.',
  },
  {
    code: 'HM215',
    title: 'the compiler builds for this machine only',
    meaning: 'A gcc is made for one machine, and the target is another one. Every clang can build for all targets.',
    remedy: 'Remove `build.compiler` (and HOTMOD_COMPILER) from the settings, or name a clang there.',
  },
  {
    code: 'HM216',
    title: 'the compiler does not know the processor or the target',
    meaning:
      'The processor or one of its features is right for the target, but the compiler that was found has not heard of it, or it was built without support for the target. The message has its own words.',
    remedy: 'Take an older processor of the same family, or a newer clang. "hotmod doctor" shows which one is used.',
  },
  {
    code: 'HM580',
    title: 'the emulator is missing',
    meaning:
      'Modules of this target are built for another processor. To run them here the user-mode emulator that the message names must be on PATH.',
    remedy: 'Run `hotmod doctor --fix --target <name>`: it shows what is missing and installs it.',
  },
  {
    code: 'HM581',
    title: 'the emulated program has no C library',
    meaning:
      'An emulated program needs the C library of its own processor. It is looked for where the cross packages of Debian put it; the message names the place.',
    remedy: 'Run `hotmod doctor --fix --target <name>`: it shows what is missing and installs it.',
  },
  {
    code: 'HM582',
    title: "the emulated host's Node or ffi-rs is missing",
    meaning:
      'The host of an emulated target is a Node for that processor with its own build of ffi-rs. They are brought once into the cache folder of the user; nothing downloads them unasked.',
    remedy: 'Run `hotmod doctor --fix --target <name>`: it brings them from the npm registry and checks them.',
  },
  {
    code: 'HM583',
    title: 'modules of this target do not run here',
    meaning:
      'The target is a machine that this one can build for and cannot run or emulate. The message says what would be needed.',
    remedy:
      'Use `hotmod test --target <name>` and `hotmod reload --dry-run` here: they build, check and judge. Run the modules on such a machine.',
  },
  {
    code: 'HM584',
    title: 'fault of the emulator',
    meaning:
      'The emulated host ended, or a call crashed, in a way that did not repeat itself when it was tried once more from the same state. A fault of a module repeats, so this one is counted as the emulator’s and no module is blamed or taken back.',
    remedy:
      'Nothing needs to be done about a single one. Where they are frequent, a newer emulator helps; the same modules can be run on an ARM64 machine.',
  },
  {
    code: 'HM585',
    title: 'a package from the registry is not the one that was expected',
    meaning:
      'The checksum of the archive that npm brought is not the one hotmod was published with. It was thrown away; nothing of it was unpacked.',
    remedy:
      'Try again: the transfer may have been damaged. Where it stays like that, the registry that npm is set up with has another package under this name; `npm config get registry` names it.',
  },
  {
    code: 'HM586',
    title: 'a package could not be brought',
    meaning:
      'npm is not on PATH, did not reach the registry, or the archive could not be unpacked into the cache folder.',
    remedy: 'Look at what npm said above the message. Registry and proxy are those of your npm settings.',
  },
  {
    code: 'HM587',
    title: 'the SDK that is named is not there',
    meaning:
      'The environment names a folder as the SDK of the target’s system (SDKROOT for macOS), and there is no such folder. A compiler would silently take the headers of this machine in its place.',
    remedy: 'Correct the variable, or remove it: sources that include nothing of the system build without an SDK.',
  },
  {
    code: 'HM588',
    title: 'a part of the target’s system is not installed',
    meaning:
      'A header or library of the system was not found for a target that is not this machine. Each target has its own: what is installed for this machine cannot be used in its place.',
    remedy:
      'Run `hotmod doctor --fix --target <name>`: it installs the C and C++ library for the target. Other libraries come with packages of their own, on Debian those of the foreign architecture.',
  },
];
