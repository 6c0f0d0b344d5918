import { join } from 'node:path';
import { packageRoot } from '../paths.js';

export const engineSourceDir = join(packageRoot, 'src/host/engine');
/** The compiled child; sources run from TypeScript (tests) start it too. */
export const hostMain = join(packageRoot, 'dist/host/main.js');
