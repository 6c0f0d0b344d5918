import type { CodeText } from './types.js';

export const toolchainCodes: readonly CodeText[] = [
  {
    code: 'HM204',
    title: 'no compiler was found',
    meaning: 'There is no clang on PATH, or the compiler that the config names does not exist or does not run.',
    remedy:
      'Run `hotmod doctor --fix`: it shows the command that installs clang and runs it. Where clang lies elsewhere, name it under `build.compiler` or in HOTMOD_COMPILER.',
  },
  {
    code: 'HM205',
    title: 'the compiler is too old',
    meaning: 'The compiler that was found is older than clang 14 (or gcc 10, where the config asks for gcc).',
    remedy: 'Install a newer one, or name one under `build.compiler`. `hotmod doctor` shows what was found.',
  },
  {
    code: 'HM206',
    title: 'no linker was found',
    meaning: 'The compiler finds none of the linkers that can link for this target.',
    remedy: 'Run `hotmod doctor --fix`: it installs one. Where it lies elsewhere, name it under `build.linker`.',
  },
];
